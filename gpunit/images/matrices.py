"""A matrix of numbers from 0 to 1 as a picture: named rows and columns, a scale, and where each cell lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from PIL import Image, ImageDraw

from gpunit.images.sheets import CLEAR, GREY_INK
from gpunit.images.writing import text_width, write

_LINE = (255, 255, 255)
_SIDE = 600  # of the matrix alone, about
_LARGEST_CELL, _NAMED_CELL, _WRITTEN_CELL = 72, 11, 34
# So many rows have room for a name each.
MOST_NAMED = _SIDE // _NAMED_CELL
_MARGIN, _TITLE, _SCALE, _FONT_SIZE = 12, 26, 34, 12


@dataclass(frozen=True)
class MatrixPicture:
    """A drawn matrix.

    Attributes:
        picture: what is shown.
        left, top: where the first cell begins, in pixels.
        cell: side of a cell in pixels.
        count: rows, and columns.
    """

    picture: Image.Image
    left: int
    top: int
    cell: int
    count: int

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column, as they are drawn, of a pixel; None beside the matrix."""
        column, row = int((x - self.left) // self.cell), int((y - self.top) // self.cell)
        return (row, column) if 0 <= row < self.count and 0 <= column < self.count else None


def draw_matrix(
    values: np.ndarray,
    names: Sequence[str],
    title: str,
    groups: Sequence[int] = (),
    marked: tuple[int, int] | None = None,
) -> MatrixPicture:
    """Draw a square matrix: 0 is yellow, 1 and more dark; few cells have their number in them, and many no names.

    It has no ground of its own.

    Args:
        values: (N, N), in the order in which they are drawn.
        names: of rows and columns; of the groups, one each, where there are more rows than `MOST_NAMED`.
        title: stands above it.
        groups: how many rows belong to each group, in their order; lines part them.
        marked: row and column of a cell with a frame.
    """
    count = len(values)
    cell = max(1, min(_LARGEST_CELL, _SIDE // count))
    named = cell >= _NAMED_CELL
    labels = _labels(names, cell, groups if not named else ())
    room = _MARGIN + int(max([text_width(label, _FONT_SIZE) for label, _ in labels] or [0])) + 8
    side = cell * count
    left, top = room, _TITLE + _MARGIN
    below = room if named else _MARGIN
    picture = Image.new("RGBA", (left + side + _MARGIN, top + side + below + _SCALE), CLEAR)
    drawing = ImageDraw.Draw(picture)
    write(drawing, (left, _MARGIN), title, GREY_INK, _FONT_SIZE + 2)
    cells = Image.fromarray(_colours(values)).resize((side, side), Image.Resampling.NEAREST)
    picture.paste(cells, (left, top))
    _write_labels(picture, labels, (left, top, side), under=named)
    if cell >= _WRITTEN_CELL:
        for (row, column), value in np.ndenumerate(values):
            place = (left + (column + 0.5) * cell, top + (row + 0.5) * cell)
            write(drawing, place, f"{value:.2f}", (255, 255, 255) if value > 0.5 else (0, 0, 0), _FONT_SIZE, "mm")
    for edge in list(accumulate(groups))[:-1]:
        drawing.line((left + edge * cell, top, left + edge * cell, top + side - 1), _LINE, 1)
        drawing.line((left, top + edge * cell, left + side - 1, top + edge * cell), _LINE, 1)
    if marked is not None:
        row, column = marked
        box = (left + column * cell, top + row * cell, left + (column + 1) * cell, top + (row + 1) * cell)
        drawing.rectangle((box[0] - 2, box[1] - 2, box[2] + 1, box[3] + 1), outline=(255, 255, 255))
        drawing.rectangle((box[0] - 1, box[1] - 1, box[2], box[3]), outline=(220, 0, 0), width=2)
    _draw_scale(picture, left, top + side + below, min(side, 220))
    return MatrixPicture(picture, left, top, cell, count)


def _labels(names: Sequence[str], cell: int, groups: Sequence[int]) -> list[tuple[str, float]]:
    """Every name with the middle of its rows, in pixels from the first; names of narrow groups are left out."""
    if not groups:
        return [(name[:22], (index + 0.5) * cell) for index, name in enumerate(names)] if cell >= _NAMED_CELL else []
    starts = [0, *accumulate(groups)]
    middles = [(start + size / 2) * cell for start, size in zip(starts, groups, strict=False)]
    shown: list[tuple[str, float]] = []
    for name, middle in zip(names, middles, strict=False):
        if not shown or middle - shown[-1][1] >= _FONT_SIZE:
            shown.append((name[:22], middle))
    return shown


def _write_labels(
    picture: Image.Image,
    labels: Sequence[tuple[str, float]],
    box: tuple[int, int, int],
    under: bool,
) -> None:
    """Names beside the rows, and turned under the columns."""
    drawing, (left, top, side) = ImageDraw.Draw(picture), box
    for label, middle in labels:
        write(drawing, (left - 8, top + middle), label, GREY_INK, _FONT_SIZE, "rm")
        if under:
            turned = Image.new("RGBA", (int(text_width(label, _FONT_SIZE)) + 2, _FONT_SIZE + 5), CLEAR)
            write(ImageDraw.Draw(turned), (1, 0), label, GREY_INK, _FONT_SIZE)
            turned = turned.rotate(90, expand=True)
            picture.paste(turned, (int(left + middle - turned.width / 2), top + side + 6))


def _draw_scale(picture: Image.Image, left: int, top: int, width: int) -> None:
    steps = np.linspace(0, 1, width)[None].repeat(8, 0)
    picture.paste(Image.fromarray(_colours(steps)), (left, top))
    drawing = ImageDraw.Draw(picture)
    for part, anchor in ((0.0, "la"), (0.5, "ma"), (1.0, "ra")):
        write(drawing, (left + part * width, top + 10), f"{part:g}", GREY_INK, _FONT_SIZE, anchor)


def _colours(values: np.ndarray) -> np.ndarray:
    import matplotlib  # slow to import, and only this needs it

    return (255 * matplotlib.colormaps["viridis_r"](np.clip(values, 0, 1))[..., :3]).astype(np.uint8)
