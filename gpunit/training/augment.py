"""Augmentations made of differentiable tensor operations, one draw per picture."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)


def recolour(picture: Tensor) -> Tensor:
    """Change everything about a picture but its layout: hue, saturation, tone, blur, noise; half become negatives.

    Pictures drawn from one latent code share light and dark as well as shape.  Without negatives the content map
    is content with the former.

    Args:
        picture: (B, 3, H, W) in [-1, 1].

    Returns:
        The same shape and range; stage I asks that the content map stays the same.
    """
    count = picture.shape[0]

    def draw(low: float, high: float) -> Tensor:
        return torch.empty(count, 1, 1, 1, device=picture.device).uniform_(low, high)

    grey = (picture * picture.new_tensor(_GREY)[:, None, None]).sum(1, keepdim=True)
    chroma = picture - grey
    angle = draw(-math.pi, math.pi)
    # A turn of the chroma plane about the grey axis (Rodrigues): hue shift without leaving the plane.
    turned = chroma * angle.cos() + (chroma.roll(1, 1) - chroma.roll(2, 1)) / math.sqrt(3) * angle.sin()
    x = (grey + turned * draw(0, 1.6)) * draw(-1, 1).sign()
    x = (x + 1).clamp(0, 2) / 2
    x = x.clamp_min(1e-4) ** torch.exp(draw(-0.6, 0.6)) * 2 - 1
    x = x * torch.exp(draw(-0.5, 0.3)) + draw(-0.25, 0.25)
    blurred = F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 5, 1)
    x = torch.lerp(x, blurred, draw(-0.6, 0.9))
    x = x + torch.randn_like(x) * draw(0, 0.12)
    return x.clamp(-1, 1)


def _reflected(place: Tensor, length: int) -> Tensor:
    """Places beyond the border, mirrored at it: repeated border pixels would teach a generator to draw streaks."""
    return (length - 1) - ((length - 1) - place.abs()).abs()


class ShiftAndTone:
    """Shifts pictures by up to `shift` pixels and changes their brightness and contrast, for a discriminator's eyes.

    After Zhao et al., "Differentiable Augmentation", NeurIPS 2020.  One draw per slot, made once: batches
    that are to stay comparable place by place go through the same object.

    Args:
        count: number of slots.
        shift: largest shift in pixels.
        brightness, contrast: largest changes.
    """

    def __init__(
        self, count: int, shift: int, device: torch.device, brightness: float = 0.2, contrast: float = 0.3
    ) -> None:
        self._rows = torch.randint(-shift, shift + 1, (count, 1), device=device)
        self._columns = torch.randint(-shift, shift + 1, (count, 1), device=device)
        self._light = torch.empty(count, 1, 1, 1, device=device).uniform_(-brightness, brightness)
        self._gain = torch.empty(count, 1, 1, 1, device=device).uniform_(1 - contrast, 1 + contrast)

    def __call__(self, pictures: Tensor, slots: Tensor | slice = slice(None)) -> Tensor:
        """Augment pictures (B, 3, H, W) by the draws of `slots`, one each."""
        height, width = pictures.shape[-2:]
        device = pictures.device
        y = _reflected(torch.arange(height, device=device) + self._rows[slots], height)
        x = _reflected(torch.arange(width, device=device) + self._columns[slots], width)
        index = torch.arange(len(pictures), device=device)[:, None, None]
        moved = pictures.permute(0, 2, 3, 1)[index, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)
        mean = moved.mean(dim=(1, 2, 3), keepdim=True)
        return (moved - mean) * self._gain[slots] + mean + self._light[slots]
