"""Style sampler T: Gaussian latents -> style codes, for styles without an exemplar (section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class StyleSamplerParams:
    """Widths of the latent, of the two hidden layers and of the style code."""

    latent_dim: int = 128
    hidden_dim: int = 128
    style_dim: int = 256


class StyleSampler(nn.Module):
    """T: two layers of linear, batch norm and ReLU, then a linear one; none has a bias.

    For sampling it must be in eval mode: with batch statistics, a sample would depend on the others of its batch.
    """

    def __init__(self, params: StyleSamplerParams) -> None:
        super().__init__()
        self.params = params
        self.linear_1 = nn.Linear(params.latent_dim, params.hidden_dim, bias=False)
        self.norm_1 = nn.BatchNorm1d(params.hidden_dim)
        self.linear_2 = nn.Linear(params.hidden_dim, params.hidden_dim, bias=False)
        self.norm_2 = nn.BatchNorm1d(params.hidden_dim)
        self.to_style = nn.Linear(params.hidden_dim, params.style_dim, bias=False)

    def forward(self, latent: Tensor) -> Tensor:
        """Style codes (B, style_dim) of latents (B, latent_dim) sampled from N(0, I)."""
        hidden = torch.relu(self.norm_1(self.linear_1(latent)))
        hidden = torch.relu(self.norm_2(self.linear_2(hidden)))
        return self.to_style(hidden)
