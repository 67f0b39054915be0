"""The pictures of the BigGAN prior tab: sheets of a grid, heatmaps over pictures, maps."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from gpunit import images
from gpunit.ui.i18n import domain_name

CELL = 128
GAP = 4
HEADER = 22
RING_RADIUS = 7
_NAME = re.compile(r"(?<![^+])[^:@+]+")  # of a class, alone or as a part of a mixture
FILM_GROUND, FILM_INK = (30, 28, 31), (210, 206, 201)


def grid_sheet(lines: list[list[Image.Image]], headings: list[str]) -> Image.Image:
    """Lines of pictures under the columns' headings, on whatever ground the page has."""
    return images.sheet(lines, CELL, headings, GAP, images.CLEAR, images.GREY_INK)


def film_sheet(line: list[Image.Image], headings: list[str]) -> Image.Image:
    """A frame of a film: one line of pictures, dark around them as players are in both of the page's looks."""
    return images.sheet([line], CELL, headings, GAP, FILM_GROUND, FILM_INK)


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


def cell_box(column: int, line: int) -> tuple[int, int]:
    """The left upper pixel of a picture on a sheet."""
    return GAP + column * (CELL + GAP), HEADER + GAP + line * (CELL + GAP)


def headings(classes: list[str]) -> list[str]:
    """Short names of classes and mixtures, for headings, in the language that the visitor's browser asks for."""
    return [_NAME.sub(lambda found: domain_name(found[0]), name.split(",")[0])[:18] for name in classes]


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
    return heated_by(picture, (heat - low) / max(high - low, 1e-6))


def heated_by(picture: Image.Image, heat: np.ndarray) -> Image.Image:
    """A picture in grey with a heatmap (S, S) in [0, 1] over it."""
    return Image.blend(scaled(picture).convert("L").convert("RGB"), _inferno(heat), 0.6)


def lit(picture: Image.Image, heat: np.ndarray) -> Image.Image:
    """A picture that a heatmap (S, S) in [0, 1] lies over, the hotter the denser: what is cold is left in grey."""
    grey = Image.blend(scaled(picture), scaled(picture).convert("L").convert("RGB"), 0.7)
    density = Image.fromarray(_bytes(0.75 * np.clip(heat, 0, 1) ** 2)).resize((CELL, CELL), Image.Resampling.BICUBIC)
    return Image.composite(_inferno(heat), grey, density)


def _inferno(heat: np.ndarray) -> Image.Image:
    """A heatmap (S, S) in [0, 1] in colours, of a cell's size."""
    levels = Image.fromarray(_bytes(np.clip(heat, 0, 1))).resize((CELL, CELL), Image.Resampling.BICUBIC)
    return Image.fromarray(_bytes(matplotlib.colormaps["inferno"](np.asarray(levels))[..., :3]))


def ring(picture: Image.Image, x: float, y: float, colour: str) -> None:
    """Mark a pixel of a picture."""
    draw = ImageDraw.Draw(picture)
    for radius, width, ink in ((RING_RADIUS + 1, 4, "black"), (RING_RADIUS, 2, colour)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=ink, width=width)
    draw.point((x, y), fill=colour)


def boxed(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """A picture with a box of pixels (left, top, right, bottom) marked in red."""
    marked = picture.copy()
    draw = ImageDraw.Draw(marked)
    left, top, right, bottom = box
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline="black")
    draw.rectangle(box, outline="red", width=2)
    return marked


def enlarged(values: np.ndarray) -> np.ndarray:
    """A map (S, S) of numbers at a cell's size."""
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((CELL, CELL), Image.Resampling.BICUBIC))


def contoured(picture: Image.Image, inside: np.ndarray) -> Image.Image:
    """A picture, of a cell's size, in grey where `inside` is not above 0, with the border between the two drawn."""
    belongs = inside > 0
    padded = np.pad(belongs, 1, mode="edge")
    neighbours = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    grey = Image.blend(picture, picture.convert("L").convert("RGB"), 0.7)
    pixels = np.where(belongs[..., None], np.asarray(picture), np.asarray(grey))
    pixels[belongs & ~neighbours] = (255, 255, 255)
    return Image.fromarray(pixels)


def _bytes(values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] as uint8."""
    return (255 * values).astype(np.uint8)
