from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gpunit.segmentation.shapes import object_crop


@given(
    st.integers(8, 400),
    st.integers(8, 400),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_the_crop_is_a_square_inside_the_picture_around_the_box(width: int, height: int, ends: list[float]) -> None:
    left, right = sorted((ends[0] * width, ends[1] * width))
    top, bottom = sorted((ends[2] * height, ends[3] * height))
    x, y, side = object_crop((left, top, right, bottom), width, height)
    assert x >= 0
    assert y >= 0
    assert x + side <= width
    assert y + side <= height
    if right - left > 1 and bottom - top > 1:
        wanted = max((4 / 3 * (right - left) * (bottom - top)) ** 0.5, right - left, bottom - top)
        assert side >= min(wanted, width, height)
    if side < min(width, height):
        assert x <= left
        assert y <= top
        assert x + side >= right
        assert y + side >= bottom


def test_the_crop_follows_the_papers_formula() -> None:
    assert object_crop((100, 100, 148, 136), 400, 300) == (100, 94, 48)
    assert object_crop((100, 100, 140, 140), 400, 300) == (96, 96, 47)
    assert object_crop((0, 100, 40, 140), 400, 300) == (0, 96, 47)
    assert object_crop((10, 10, 390, 290), 400, 300) == (50, 0, 300)
