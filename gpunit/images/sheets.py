"""Several pictures in one file: sheets and animations."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw

from gpunit.images.clips import ClipWriter
from gpunit.images.writing import write

# A ground that lets through what lies below, white to programs that know no transparency; and an ink to be read on
# white as on black.
CLEAR, GREY_INK = (255, 255, 255, 0), (122, 122, 122)
HEADING_SIZE = 10  # of the font, in pixels


def sheet(
    rows: Sequence[Sequence[Image.Image]],
    cell: int,
    headings: Sequence[str] = (),
    gap: int = 4,
    ground: tuple[int, ...] = (255, 255, 255),
    ink: tuple[int, int, int] = (60, 60, 60),
) -> Image.Image:
    """Lay pictures out in rows on one sheet, each scaled to cell x cell, with optional column headings.

    Args:
        rows: of pictures.
        cell: side of each on the sheet, in pixels.
        headings: of the columns, in letters of `writing`.
        gap: width of the lines between and around the pictures, in pixels.
        ground: red, green and blue, in [0, 255]; with an alpha as well, the sheet is RGBA.
        ink: of the headings.
    """
    columns = max(len(row) for row in rows)
    header = 22 if headings else 0
    picture = Image.new(
        "RGB" if len(ground) == 3 else "RGBA",
        (columns * (cell + gap) + gap, len(rows) * (cell + gap) + gap + header),
        ground,
    )
    draw = ImageDraw.Draw(picture)
    for column, heading in enumerate(headings):
        write(draw, (gap + column * (cell + gap) + cell / 2, gap + header / 2 - 2), heading, ink, HEADING_SIZE, "mm")
    for line, row in enumerate(rows):
        for column, item in enumerate(row):
            scaled = item if item.size == (cell, cell) else item.resize((cell, cell), Image.Resampling.LANCZOS)
            picture.paste(scaled, (gap + column * (cell + gap), header + gap + line * (cell + gap)))
    return picture


def side_by_side(pictures: Sequence[Image.Image], gap: int = 16) -> Image.Image:
    """Pictures of any sizes in a row, on no ground of their own, their upper edges level."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    joined = Image.new("RGBA", (width, max(picture.height for picture in pictures)), CLEAR)
    left = 0
    for picture in pictures:
        joined.paste(picture, (left, 0))
        left += picture.width + gap
    return joined


def save_animation(pictures: Iterable[Image.Image], path: str | os.PathLike[str], frames_per_second: float) -> None:
    """Write pictures of one size as an animation: an endless GIF, or an MP4 (H.264), by the path's suffix.

    Raises:
        ValueError: for another suffix.
    """
    with ClipWriter(path, frames_per_second) as writer:
        for picture in pictures:
            writer.add(picture)
