"""Style encoder E_s of stage II: a target picture -> its style code s (section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from gpunit.networks.blocks import spatial_mean

# Responses have a deviation of about 0.2 over varied pictures, and of less than this over copies of one.
_LEAST_DEVIATION = 1e-2


@dataclass(frozen=True)
class StyleEncoderParams:
    """Shape of a style encoder.

    Attributes:
        widths: channels at full size and after each of the stride-2 convolutions.
        bottleneck: width of the first hidden layer after pooling.
        style_dim: length of a style code.
    """

    widths: tuple[int, ...] = (64, 128, 256, 256, 256, 256)
    bottleneck: int = 64
    style_dim: int = 256


class StyleEncoder(nn.Module):
    """E_s: 7x7 convolution, stride-2 4x4 convolutions, global average pool, three linear layers, each with a ReLU.

    The last ReLU belongs to the published model: style codes are never negative.
    """

    def __init__(self, params: StyleEncoderParams) -> None:
        super().__init__()
        self.params = params
        widths = params.widths
        layers: list[nn.Module] = [
            nn.Conv2d(3, widths[0], 7, padding=3, padding_mode="reflect"),
            nn.ReLU(),
        ]
        for width, following in pairwise(widths):
            layers += [nn.Conv2d(width, following, 4, 2, padding=1, padding_mode="reflect"), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers)
        self.mlp = nn.Sequential(
            nn.Linear(widths[-1], params.bottleneck),
            nn.ReLU(),
            nn.Linear(params.bottleneck, params.style_dim),
            nn.ReLU(),
            nn.Linear(params.style_dim, params.style_dim),
            nn.ReLU(),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Style codes (B, D) >= 0 of pictures (B, 3, H, W) in [-1, 1]."""
        return self.mlp(spatial_mean(self.convolutions(picture)))

    @torch.no_grad()
    def standardise(self, pictures: Tensor) -> None:
        """Initialise on target pictures (B, 3, H, W), so that every entry of a code has mean 0 and standard deviation 1
        over them before its ReLU (after Mishkin and Matas, "All you need is a good init", ICLR 2016).

        With plain random weights, the average pool makes all codes nearly equal, and a generator that cannot tell
        styles apart learns to ignore them.  An entry that hardly varies, as where the pictures are all alike, keeps its
        scale: divided by next to nothing, it would make the code of any other picture enormous.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        hidden = self.convolutions(pictures).mean(dim=(2, 3))
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                response = layer(hidden)
                deviation = response.std(dim=0, correction=min(1, len(response) - 1))
                deviation = torch.where(deviation < _LEAST_DEVIATION, torch.ones_like(deviation), deviation)
                layer.weight /= deviation[:, None]
                layer.bias.copy_(-response.mean(dim=0) / deviation)
            hidden = layer(hidden)
