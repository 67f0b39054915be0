"""Several pictures in one file: sheets and animations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def sheet(
    rows: Sequence[Sequence[Image.Image]],
    cell: int,
    headings: Sequence[str] = (),
    gap: int = 4,
    ground: tuple[int, int, int] = (255, 255, 255),
) -> Image.Image:
    """Lay pictures out in rows on one sheet, each scaled to cell x cell, with optional column headings."""
    columns = max(len(row) for row in rows)
    header = 22 if headings else 0
    picture = Image.new("RGB", (columns * (cell + gap) + gap, len(rows) * (cell + gap) + gap + header), ground)
    draw = ImageDraw.Draw(picture)
    for column, heading in enumerate(headings):
        draw.text((gap + column * (cell + gap) + cell / 2, gap + header / 2 - 2), heading, (60, 60, 60), anchor="mm")
    for line, row in enumerate(rows):
        for column, item in enumerate(row):
            scaled = item if item.size == (cell, cell) else item.resize((cell, cell), Image.Resampling.LANCZOS)
            picture.paste(scaled, (gap + column * (cell + gap), header + gap + line * (cell + gap)))
    return picture


def save_animation(pictures: Sequence[Image.Image], path: str | os.PathLike[str], frames_per_second: float) -> None:
    """Write pictures of one size as an animation: an endless GIF, or an MP4 (H.264), by the path's suffix.

    Raises:
        ValueError: for another suffix.
    """
    import imageio.v3 as imageio  # only who exports an animation needs it

    frames = np.stack([np.asarray(picture) for picture in pictures])
    path = Path(path)
    suffix = path.suffix
    if suffix == ".gif":
        imageio.imwrite(path, frames, plugin="pillow", duration=1000 / frames_per_second, loop=0)
    elif suffix == ".mp4":
        imageio.imwrite(path, frames, plugin="FFMPEG", fps=frames_per_second, codec="libx264", macro_block_size=2)
    else:
        raise ValueError(f"an animation is a .gif or an .mp4, not a {suffix or 'file without suffix'}")
