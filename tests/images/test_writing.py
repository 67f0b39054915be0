from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gpunit.images.writing import text_width, unwritable, write


def written(words: str, anchor: str = "la", place: tuple[float, float] = (100, 30)) -> np.ndarray:
    picture = Image.new("L", (200, 60))
    write(ImageDraw.Draw(picture), place, words, (255,), 12, anchor)
    return np.asarray(picture, dtype=int)


def test_latin_words_are_as_pillow_writes_them() -> None:
    picture = Image.new("L", (200, 60))
    ImageDraw.Draw(picture).text((100, 30), "a dog", 255, font=ImageFont.load_default(12), anchor="mm")
    assert np.array_equal(written("a dog", "mm"), np.asarray(picture))
    assert text_width("a dog", 12) == ImageFont.load_default(12).getlength("a dog")


@pytest.mark.parametrize("words", ["猫", "猫:0.7+狗:0.3", "cat"])
def test_a_line_is_as_wide_as_is_said_and_lies_at_its_place(words: str) -> None:
    for anchor, left, top in (("la", 0.0, 0.0), ("mm", 0.5, 0.5), ("rm", 1.0, 0.5)):
        rows, columns = (written(words, anchor) > 60).nonzero()
        width = text_width(words, 12)
        assert columns.min() == pytest.approx(100 - left * width, abs=3)
        assert columns.max() == pytest.approx(100 + (1 - left) * width, abs=3)
        assert (rows.min() + rows.max()) / 2 == pytest.approx(30 + (0.5 - top) * 16, abs=4)


def test_chinese_characters_differ_and_those_that_no_font_has_are_told() -> None:
    assert not np.array_equal(written("猫"), written("狗"))
    assert unwritable("猫:0.7 + cat") == ""
    assert unwritable("cat 龘 狗 龙") == "龘龙"
