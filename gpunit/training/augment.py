"""Augmentations made of differentiable tensor operations, with a random change of its own for every picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.training.shares import ALONE, Shares

_GREY = (0.299, 0.587, 0.114)


def recolour(picture: Tensor, shares: Shares = ALONE) -> Tensor:
    """Change everything about a picture but its layout: hue, saturation, tone, blur, noise; half become negatives.

    Pictures rendered from one latent code share light and dark as well as shape.  Without negatives, the content map
    could encode the former alone.

    Args:
        picture: (B, 3, H, W) in [-1, 1].
        shares: which rows of a batch these are.

    Returns:
        The same shape and range; stage I asks that the content map stays the same.
    """
    count = shares.whole(len(picture))

    def uniform(low: float, high: float) -> Tensor:
        return shares.share(torch.empty(count, 1, 1, 1, device=picture.device).uniform_(low, high))

    grey = (picture * picture.new_tensor(_GREY)[:, None, None]).sum(1, keepdim=True)
    chroma = picture - grey
    angle = uniform(-math.pi, math.pi)
    # A turn of the chroma plane about the grey axis (Rodrigues): hue shift without leaving the plane.
    turned = chroma * angle.cos() + (chroma.roll(1, 1) - chroma.roll(2, 1)) / math.sqrt(3) * angle.sin()
    x = (grey + turned * uniform(0, 1.6)) * uniform(-1, 1).sign()
    x = (x + 1).clamp(0, 2) / 2
    x = x.clamp_min(1e-4) ** torch.exp(uniform(-0.6, 0.6)) * 2 - 1
    x = x * torch.exp(uniform(-0.5, 0.3)) + uniform(-0.25, 0.25)
    blurred = F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 5, 1)
    x = torch.lerp(x, blurred, uniform(-0.6, 0.9))
    x = x + shares.noise_like(x) * uniform(0, 0.12)
    return x.clamp(-1, 1)


def _reflected(place: Tensor, length: int) -> Tensor:
    """Places beyond the border, mirrored at it: repeated border pixels would teach a generator streaks."""
    return (length - 1) - ((length - 1) - place.abs()).abs()


class ShiftAndTone:
    """Shifts pictures by up to `shift` pixels and changes their brightness and contrast, before a discriminator.

    After Zhao et al., "Differentiable Augmentation", NeurIPS 2020.  Each slot's change is chosen once: pictures that
    must stay comparable place by place use the same slot.

    Args:
        count: number of slots.
        shift: largest shift in pixels.
        device: of the pictures.
        brightness, contrast: largest changes.
    """

    def __init__(
        self, count: int, shift: int, device: torch.device, brightness: float = 0.2, contrast: float = 0.3
    ) -> None:
        self._rows = torch.randint(-shift, shift + 1, (count, 1), device=device)
        self._columns = torch.randint(-shift, shift + 1, (count, 1), device=device)
        self._light = torch.empty(count, 1, 1, 1, device=device).uniform_(-brightness, brightness)
        self._gain = torch.empty(count, 1, 1, 1, device=device).uniform_(1 - contrast, 1 + contrast)

    def shifts(self, slots: Tensor | slice = slice(None)) -> tuple[Tensor, Tensor]:
        """By how many pixels (B,) the pictures of these slots move to the right, and downwards."""
        return -self._columns[slots].flatten(), -self._rows[slots].flatten()

    def __call__(self, pictures: Tensor, slots: Tensor | slice = slice(None)) -> Tensor:
        """Augment pictures (B, 3, H, W), each by the change of its slot."""
        height, width = pictures.shape[-2:]
        device = pictures.device
        y = _reflected(torch.arange(height, device=device) + self._rows[slots], height)
        x = _reflected(torch.arange(width, device=device) + self._columns[slots], width)
        index = torch.arange(len(pictures), device=device)[:, None, None]
        moved = pictures.permute(0, 2, 3, 1)[index, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)
        mean = moved.mean(dim=(1, 2, 3), keepdim=True)
        return (moved - mean) * self._gain[slots] + mean + self._light[slots]


def random_strengths(count: int, sizes: Sequence[int], dropout: float, device: torch.device) -> list[Tensor]:
    """Strengths (count, 1, S, S) of the skips of every size S: 1, but for some pictures 0 everywhere or in a rectangle.

    D then also judges what G makes without the skips, so that switching them off gives good pictures too.

    Args:
        count: number of pictures.
        sizes: of the skips.
        dropout: share of the pictures that lose their skips; as many again lose them in a rectangle.
        device: of the strengths.
    """
    fate = torch.rand(count, device=device)
    start = torch.rand(2, count, 1, device=device) * 0.7
    extent = 0.3 + torch.rand(2, count, 1, device=device) * 0.5
    strengths = []
    for size in sizes:
        place = (torch.arange(size, device=device) + 0.5) / size
        rows, columns = (
            (place > begin) & (place < begin + length) for begin, length in zip(start, extent, strict=True)
        )
        off = rows[:, :, None] & columns[:, None, :] & (fate < 2 * dropout)[:, None, None]
        off |= (fate < dropout)[:, None, None]
        strengths.append((~off)[:, None].float())
    return strengths


def random_turns(count: int, generator: torch.Generator | None = None, degrees: float = 14.0) -> Tensor:
    """Affine maps (count, 2, 3): turns by up to ±`degrees`, each to a random square that shows no border.

    Aligned photographs (AFHQ's eyes are always at the same place) teach a generator a single pose; with turned ones, it
    learns that the content map decides.
    """
    angle, zoom, across, down = torch.rand(4, count, generator=generator)
    angle = (2 * angle - 1) * math.radians(degrees)
    reach = angle.cos() + angle.sin().abs()
    scale = (0.72 + 0.28 * zoom) / reach
    room = 1 - scale * reach
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = [torch.stack([cos, -sin, (2 * across - 1) * room], 1), torch.stack([sin, cos, (2 * down - 1) * room], 1)]
    return torch.stack(rows, 1)


def turn(batch: Tensor, turns: Tensor) -> Tensor:
    """Pictures (B, C, S, S) in [-1, 1], each transformed by its own affine map (B, 2, 3)."""
    if not len(batch):
        return batch
    grid = F.affine_grid(turns.to(batch), list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(-1, 1)
