"""What every method of segmentation finds: the shape map x_s that stage I learns from (section 3), and a box."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

Box = tuple[float, float, float, float]


class SegmentationError(ValueError):
    """Pictures that cannot be segmented as asked; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Shape:
    """The object of a picture.

    Attributes:
        map: (1, H, W) in [-1, 1], of the picture's size: 1 on the object, 0 on its border, -1 on the ground.
        box: left, top, right, bottom of the object in pixels, where the method gives a box.
    """

    map: Tensor
    box: Box | None = None


# Finds the object of a picture, given the group that its folder tells, such as "dog"; None where there is none.
Finder = Callable[[Image.Image, str], Shape | None]


def object_crop(box: Box, width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the paper's square around an object's box in a picture of this width and height.

    Its side is sqrt(4/3 · w · h), at least max(w, h), at most the picture's short side; it is centred on the
    box and moved to lie inside the picture.
    """
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    w, h = right - left, bottom - top
    side = min(max(math.ceil(math.sqrt(4 / 3 * w * h)), w, h), width, height)
    return _placed(left + right, side, width), _placed(top + bottom, side, height), side


def _placed(ends: int, side: int, length: int) -> int:
    """Where a side starts whose middle is half of `ends`, moved into 0..length."""
    return min(max((ends - side) // 2, 0), length - side)
