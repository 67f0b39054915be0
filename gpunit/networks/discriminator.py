"""Discriminator D of stage II, and f_D, the channel means of one of its middle layers (section 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import leaky_relu


@dataclass(frozen=True)
class DiscriminatorParams:
    """Shape of a discriminator.

    Attributes:
        widths: channels of the first convolution and of every residual block; each block halves the size,
            and the picture must be 4x4 after the last.
        style_layer: number of the module whose output f_D averages; the first convolution is 1.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512)
    style_layer: int = 5


class DownBlock(nn.Module):
    """Residual block that halves the size; its sum is divided by √2 to keep the variance."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.conv_out = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv_shortcut = (
            nn.Conv2d(in_channels, out_channels, 1, bias=False) if in_channels != out_channels else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.avg_pool2d(self.conv_in(leaky_relu(x)), 2)
        hidden = self.conv_out(leaky_relu(hidden))
        return (hidden + F.avg_pool2d(self.conv_shortcut(x), 2)) / math.sqrt(2)


class Discriminator(nn.Module):
    """D: residual blocks down to 4x4 and one logit.  Training adds spectral norm (`add_spectral_norm`)."""

    def __init__(self, params: DiscriminatorParams) -> None:
        super().__init__()
        self.params = params
        widths = params.widths
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(DownBlock(a, b) for a, b in pairwise(widths))
        self.to_hidden = nn.Conv2d(widths[-1], widths[-1], 4)
        self.to_logit = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, picture: Tensor, style_layer: int | None = None) -> tuple[Tensor, Tensor]:
        """Judge pictures (B, 3, H, W) in [-1, 1].

        Returns:
            The logits (B,) and f_D (B, C), the spatial mean of the output of module `style_layer`.
        """
        style_layer = style_layer or self.params.style_layer
        x = self.stem(picture)
        outputs = [x]
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        hidden = leaky_relu(self.to_hidden(leaky_relu(x)))
        return self.to_logit(hidden).flatten(), outputs[style_layer - 1].mean(dim=(2, 3))
