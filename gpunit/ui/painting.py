"""Regions that are painted over a picture: dabs of a round brush, as the page keeps them."""

from __future__ import annotations

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_DABS = 200
NO_DABS = "Dabs are [across, down, radius] each, in parts of the picture's side; send them so, or use the page."
PAINT = (255, 45, 120)

# [across, down, radius] of every dab, in parts of the picture's side.
Dabs = list[list[float]]


def painted_region(dabs: Dabs | None, side: int) -> NDArray[np.bool_] | None:
    """Where something is painted, (side, side); None where nothing is.

    Raises:
        gr.Error: for dabs that are not three numbers each.
    """
    if not dabs:
        return None
    try:
        discs = np.array(dabs[:MOST_DABS], dtype=float)
    except (TypeError, ValueError, KeyError):
        discs = np.empty(0)
    if discs.ndim != 2 or discs.shape[1] != 3:
        raise gr.Error(NO_DABS, print_exception=False)
    middles = (np.arange(side) + 0.5) / side
    painted = np.zeros((side, side), dtype=bool)
    for x, y, radius in discs:
        painted |= (middles[None] - x) ** 2 + (middles[:, None] - y) ** 2 <= radius**2
    return painted


def with_paint(picture: Image.Image, dabs: Dabs | None) -> Image.Image:
    """A square picture with what is painted over it."""
    painted = painted_region(dabs, picture.width)
    if painted is None:
        return picture
    paint = Image.new("RGB", picture.size, PAINT)
    return Image.composite(Image.blend(picture, paint, 0.6), picture, Image.fromarray(painted))


def more_dabs(dabs: Dabs, brush: float, places: list[list[float]]) -> Dabs:
    """One more dab at every place that the brush went over; beyond 200, the oldest go.

    Args:
        dabs: those before.
        brush: radius of the new ones, in percent of the side.
        places: [across, down] of each, in parts of the side.

    Raises:
        gr.Error: for places that are none.
    """
    try:
        added = [[*place, brush / 100] for place in places[-MOST_DABS:]]
    except TypeError:
        raise gr.Error(NO_DABS, print_exception=False) from None
    return [*dabs, *added][-MOST_DABS:]
