"""The inversion encoder of the small prior: picture -> latent code of a BigGAN.

    q(z | x) = N(μ(x), σ(x)²),   G(z, l) ≈ x

It sees pixels and no label, so that a code means the same place, size, pose and light in every class.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import leaky_relu
from gpunit.networks.normalisation import as_laid_out


@dataclass(frozen=True)
class CodeEncoderParams:
    """Shape of the inversion encoder.

    Attributes:
        latent_dim: length of a code.
        resolution: side in pixels to which pictures of any size are scaled first.
        widths: channels after each halving, down to 4x4.
    """

    latent_dim: int = 64
    resolution: int = 64
    widths: tuple[int, ...] = (32, 64, 128, 192)


class CodeEncoder(nn.Module):
    """Stride-2 convolutions down to 4x4, then a linear layer to the mean and log-variance of the code."""

    def __init__(self, params: CodeEncoderParams) -> None:
        super().__init__()
        if params.resolution != 4 << len(params.widths):
            raise ValueError(
                f"{len(params.widths)} halvings of {params.resolution} do not end at 4: change widths or resolution."
            )
        self.params = params
        self.resolution = params.resolution
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise((3, *params.widths))
        )
        self.norms = nn.ModuleList(nn.GroupNorm(max(1, width // 16), width) for width in params.widths)
        self.to_code = nn.Linear(params.widths[-1] * 16, 2 * params.latent_dim)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (B, latent_dim) of the codes of pictures (B, 3, H, W) in [-1, 1]."""
        x = picture
        if x.shape[-1] != self.resolution:
            x = F.interpolate(x, (self.resolution,) * 2, mode="bilinear", antialias=True)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = convolution(x)
            x = leaky_relu(as_laid_out(norm(x), x))  # torch's kernel for GPUs leaves channels_last
        mean, log_variance = self.to_code(x.flatten(1)).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 4)


def sample_code(mean: Tensor, log_variance: Tensor, noise: Tensor | None = None) -> Tensor:
    """A sample of N(mean, exp(log_variance)), differentiable in both (reparametrisation), of their shape.

    Args:
        mean, log_variance: (B, D).
        noise: (B, D) from N(0, I); drawn here if omitted.
    """
    return mean + torch.exp(log_variance / 2) * (torch.randn_like(mean) if noise is None else noise)
