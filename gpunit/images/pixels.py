"""Pixels become tensors in [-1, 1] and the other way round; squares are cut out of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor


@dataclass(frozen=True)
class Crop:
    """A square cut out of a picture.

    Attributes:
        zoom: 1 takes the largest square that fits, 2 one of half that side.
        x, y: where the square sits between the left (top) and right (bottom) border, from 0 to 1.
    """

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels, for a picture of this width and height."""
        side = max(1, round(min(width, height) / max(1.0, self.zoom)))
        left = round((width - side) * min(max(self.x, 0.0), 1.0))
        top = round((height - side) * min(max(self.y, 0.0), 1.0))
        return left, top, left + side, top + side


CENTRE = Crop()


def cut(picture: Image.Image, size: int, crop: Crop = CENTRE) -> Image.Image:
    """The square that the network sees, size x size pixels; never squashed."""
    return picture.crop(crop.box(*picture.size)).resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)


def to_tensor(picture: Image.Image) -> Tensor:
    """A picture as a tensor (1, 3, H, W) float32 in [-1, 1].

    Examples:
        >>> to_tensor(Image.new("RGB", (2, 1), (0, 255, 0))).tolist()
        [[[[-1.0, -1.0]], [[1.0, 1.0]], [[-1.0, -1.0]]]]
    """
    return from_uint8(_pixels(picture.convert("RGB")))[None]


def to_pictures(batch: Tensor) -> list[Image.Image]:
    """8-bit RGB pictures of a batch (B, 3, H, W) of any float dtype in [-1, 1]; values outside are clipped."""
    return [Image.fromarray(pixels) for pixels in to_uint8(batch).permute(0, 2, 3, 1).cpu().numpy()]


def to_uint8(batch: Tensor) -> Tensor:
    """Values of any float dtype in [-1, 1] as uint8 from 0 to 255, rounded and clipped.

    Examples:
        >>> to_uint8(torch.tensor([-1.0, 0.0, 1.0, 1.5])).tolist()
        [0, 128, 255, 255]
    """
    return ((batch.detach().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def from_uint8(batch: Tensor) -> Tensor:
    """uint8 from 0 to 255 as float32 in [-1, 1]; `to_uint8` leads back.

    Examples:
        >>> from_uint8(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
        [-1.0, 1.0]
    """
    return batch.float() / 127.5 - 1


def to_square(picture: Image.Image, size: int) -> Tensor:
    """The centre square of a picture as a tensor (3, size, size) uint8."""
    return _pixels(cut(picture, size))


def _pixels(picture: Image.Image) -> Tensor:
    """An RGB picture as (3, H, W) uint8."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
