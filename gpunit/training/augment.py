"""Augmentations made of differentiable tensor operations, one draw per picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)


def recolour(picture: Tensor) -> Tensor:
    """Change everything about a picture but its layout: hue, saturation, tone, blur, noise.

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
    x = grey + turned * draw(0, 1.6)
    x = (x + 1).clamp(0, 2) / 2
    x = x.clamp_min(1e-4) ** torch.exp(draw(-0.6, 0.6)) * 2 - 1
    x = x * torch.exp(draw(-0.5, 0.3)) + draw(-0.25, 0.25)
    blurred = F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 5, 1)
    x = torch.lerp(x, blurred, draw(-0.6, 0.9))
    x = x + torch.randn_like(x) * draw(0, 0.12)
    return x.clamp(-1, 1)


def shift_and_tone(
    pictures: Sequence[Tensor], shift: int, brightness: float = 0.2, contrast: float = 0.3
) -> list[Tensor]:
    """Shift pictures by up to `shift` pixels and change their brightness and contrast, for a discriminator's eyes.

    After Zhao et al., "Differentiable Augmentation", NeurIPS 2020.  The batches (B, 3, H, W) share their
    draws, so that a picture and its counterpart at the same place stay comparable.
    """
    count, _, height, width = pictures[0].shape
    device = pictures[0].device
    rows = torch.randint(-shift, shift + 1, (count, 1), device=device)
    columns = torch.randint(-shift, shift + 1, (count, 1), device=device)
    y = (torch.arange(height, device=device) + rows).clamp(0, height - 1)
    x = (torch.arange(width, device=device) + columns).clamp(0, width - 1)
    picture_index = torch.arange(count, device=device)[:, None, None]
    light = torch.empty(count, 1, 1, 1, device=device).uniform_(-brightness, brightness)
    gain = torch.empty(count, 1, 1, 1, device=device).uniform_(1 - contrast, 1 + contrast)
    augmented = []
    for batch in pictures:
        moved = batch.permute(0, 2, 3, 1)[picture_index, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)
        mean = moved.mean(dim=(1, 2, 3), keepdim=True)
        augmented.append((moved - mean) * gain + mean + light)
    return augmented
