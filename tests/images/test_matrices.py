from __future__ import annotations

import numpy as np
import pytest

from gpunit.images import MOST_NAMED, draw_matrix


@pytest.mark.parametrize("count", [2, 12, MOST_NAMED, 300])
def test_a_cell_is_found_by_its_pixels_and_has_its_colour(count: int) -> None:
    values = np.zeros((count, count))
    values[1, 0] = 1.0
    drawn = draw_matrix(values, [f"class {number}" for number in range(count)], "title")
    x, y = drawn.left + 0.1 * drawn.cell, drawn.top + 1.1 * drawn.cell
    assert drawn.cell_at(x, y) == (1, 0)
    assert drawn.cell_at(drawn.left - 1, y) is None
    assert drawn.cell_at(drawn.left + count * drawn.cell, y) is None
    pixels = np.asarray(drawn.picture, dtype=int)
    dark, light = pixels[int(y), int(x)], pixels[int(drawn.top + 0.1 * drawn.cell), int(x)]
    assert dark.sum() < light.sum()
    assert (pixels[0, 0, 3], light[3]) == (0, 255), "no ground of its own"


def test_numbers_frames_and_groups_are_drawn() -> None:
    names = ["cat", "dog", "car"]
    plain = draw_matrix(np.full((3, 3), 0.2), names, "title")
    for other in (
        draw_matrix(np.full((3, 3), 0.2), names, "title", groups=[2, 1]),
        draw_matrix(np.full((3, 3), 0.2), names, "title", marked=(0, 2)),
        draw_matrix(np.full((3, 3), 0.2), ["cat", "dog", "bus"], "title"),
    ):
        assert other.cell_at(other.left, other.top) == plain.cell_at(plain.left, plain.top) == (0, 0)
        assert not np.array_equal(np.asarray(other.picture), np.asarray(plain.picture))
    values = np.full((3, 3), 0.2)
    values[2, 2] = 0.2001  # the same colour and the same digits
    assert np.array_equal(np.asarray(draw_matrix(values, names, "title").picture), np.asarray(plain.picture))
