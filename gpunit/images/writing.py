"""Words in pictures: Latin ones in Pillow's own font, the few Chinese ones that the page puts there in `chinese.ttf`.

The latter is Droid Sans Fallback (Google, Apache License 2.0), cut down to the characters of those words.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from PIL import ImageDraw, ImageFont

_FILE = Path(__file__).parent / "chinese.ttf"
_FIRST = "\u2e80"  # from here on, characters are Chinese
_RUN = re.compile(rf"[{_FIRST}-\uffff]+|[^{_FIRST}-\uffff]+")
_LARGER = 1.2  # than Latin: their strokes are finer
_BASELINE = {"a": 0.95, "m": 0.36}  # below the top and the middle of a line, in sizes of the font

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def text_width(words: str, size: float) -> float:
    """How wide words are, in pixels.

    Args:
        words: in Latin letters, and in the characters of the file.
        size: of the font, in pixels.
    """
    return sum(font.getlength(run) for run, font in _runs(words, size))


def write(
    drawing: ImageDraw.ImageDraw,
    place: tuple[float, float],
    words: str,
    ink: tuple[int, ...],
    size: float,
    anchor: str = "la",
) -> None:
    """Write one line into a picture.

    Args:
        drawing: on the picture.
        place: x and y in pixels.
        words: see `text_width`.
        ink: red, green and blue, in [0, 255].
        size: of the font, in pixels.
        anchor: which point of the line lies at the place: l, m or r of its width, and a (top) or m of its height.
    """
    if all(each < _FIRST for each in words):
        drawing.text(place, words, ink, font=_latin(size), anchor=anchor)
        return
    # Two fonts stand on one baseline.
    across = place[0] - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * text_width(words, size)
    for run, font in _runs(words, size):
        drawing.text((across, place[1] + _BASELINE[anchor[1]] * size), run, ink, font=font, anchor="ls")
        across += font.getlength(run)


def unwritable(words: str) -> str:
    """Those characters of some words that neither font has."""
    return "".join(each for run, font in _runs(words, 16) for each in run if _is_missing(each, font))


def _is_missing(character: str, font: Font) -> bool:
    """Whether a font draws what it draws for any character that it lacks."""
    return not character.isspace() and bytes(font.getmask(character)) == bytes(font.getmask("\uffff"))


def _runs(words: str, size: float) -> list[tuple[str, Font]]:
    return [(run, _chinese(_LARGER * size) if run[0] >= _FIRST else _latin(size)) for run in _RUN.findall(words)]


@functools.lru_cache
def _latin(size: float) -> Font:
    return ImageFont.load_default(size)


@functools.lru_cache
def _chinese(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FILE, size)
