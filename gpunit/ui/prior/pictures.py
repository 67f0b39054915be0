"""The pictures of the BigGAN prior tab: sheets of a grid, heatmaps over pictures, maps, a matrix as a plot."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from gpunit import images

CELL = 128
GAP = 4
HEADER = 22
RING_RADIUS = 7


def grid_sheet(lines: list[list[Image.Image]], headings: list[str]) -> Image.Image:
    """Lines of pictures under the columns' headings."""
    return images.sheet(lines, CELL, headings, GAP)


def cell_at(x: float, y: float) -> tuple[int, int, float, float] | None:
    """The place of a sheet's pixel.

    Returns:
        Column and line, counted from 0, and the place in that picture, from left and top (0) to right and bottom (1);
        None in the gaps and headings.
    """
    column, across = divmod(x - GAP, CELL + GAP)
    line, down = divmod(y - GAP - HEADER, CELL + GAP)
    if column < 0 or line < 0 or across >= CELL or down >= CELL:
        return None
    return int(column), int(line), across / CELL, down / CELL


def coloured(contents: Tensor) -> list[Image.Image]:
    """Contents (N, 1, S, S) as pictures, from the lowest value of all to the highest."""
    low, high = contents.min(), contents.max()
    colours = matplotlib.colormaps["viridis"](((contents - low) / (high - low).clamp_min(1e-6)).numpy()[:, 0])
    return [Image.fromarray(_bytes(each[..., :3])).resize((CELL, CELL), Image.Resampling.NEAREST) for each in colours]


def scaled(picture: Image.Image) -> Image.Image:
    """A picture at a cell's size."""
    return picture.resize((CELL, CELL), Image.Resampling.LANCZOS)


def heated(picture: Image.Image, heat: np.ndarray) -> Image.Image:
    """A picture in grey with a heatmap (S, S) over it, from its lowest value to its highest."""
    low, high = float(heat.min()), float(heat.max())
    levels = Image.fromarray(_bytes((heat - low) / max(high - low, 1e-6)))
    colours = matplotlib.colormaps["inferno"](np.asarray(levels.resize((CELL, CELL), Image.Resampling.BICUBIC)))
    overlay = Image.fromarray(_bytes(colours[..., :3]))
    return Image.blend(scaled(picture).convert("L").convert("RGB"), overlay, 0.6)


def ring(picture: Image.Image, across: float, down: float, colour: str) -> None:
    """Mark a place, from left and top (0) to right and bottom (1), of a picture of a cell's size."""
    x, y, radius = across * CELL, down * CELL, RING_RADIUS
    draw = ImageDraw.Draw(picture)
    draw.ellipse((x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1), outline="black", width=4)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=2)


def matrix_plot(values: np.ndarray, names: list[str]) -> Image.Image:
    """A square matrix of numbers in [0, 1] as a plot with the numbers in it."""
    from matplotlib.figure import Figure  # slow to import, and only this needs it

    side = 1.6 + 0.62 * len(names)
    figure = Figure(figsize=(side + 0.8, side), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap="viridis_r", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "black")
    figure.colorbar(shown, ax=axes, shrink=0.8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")  # without a window or pyplot's global state
    return Image.open(buffer).convert("RGB")


def _bytes(values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] as uint8."""
    return (255 * values).astype(np.uint8)
