from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpunit.images.writing import unwritable
from gpunit.ui import i18n
from gpunit.ui.prior.pictures import CELL, GAP, HEADER, cell_at, coloured, grid_sheet, headings, heated, ring
from gpunit.ui.texts import DOMAINS
from tests.conftest import blobs


@given(st.integers(0, 11), st.integers(0, 7), st.floats(0, 0.99), st.floats(0, 0.99))
def test_a_place_in_a_cell_is_found_by_its_pixel(column: int, line: int, across: float, down: float) -> None:
    x = GAP + column * (CELL + GAP) + across * CELL
    y = HEADER + GAP + line * (CELL + GAP) + down * CELL
    found = cell_at(x, y)
    assert found is not None
    assert found[:2] == (column, line)
    np.testing.assert_allclose(found[2:], (across, down), atol=1e-6)


def test_gaps_and_headings_are_no_cell() -> None:
    sheet = grid_sheet([[blobs(column, CELL, CELL) for column in range(2)]], ["cat", "dog"])
    inside = [(x, y) for x in range(sheet.width) for y in range(0, sheet.height, 5) if cell_at(x, y) is not None]
    assert all(cell_at(x, y)[0] < 2 for x, y in inside)  # type: ignore[index]
    for x, y in ((0, 60), (CELL + GAP + 1, 60), (60, HEADER - 1), (60, HEADER + GAP + CELL)):
        assert cell_at(x, y) is None


def test_headings_are_in_the_visitors_language(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["cat", "Egyptian cat, tabby", "cat:0.7+dog:0.3", "cat@0-3+face@4-9", "281"]
    assert headings(names) == ["cat", "Egyptian cat", "cat:0.7+dog:0.3", "cat@0-3+face@4-9", "281"]
    monkeypatch.setattr(i18n, "reads_chinese", lambda: True)
    assert headings(names) == ["猫", "Egyptian cat", "猫:0.7+狗:0.3", "猫@0-3+人脸@4-9", "281"]


def test_fonts_have_every_character_that_is_written_into_pictures() -> None:
    words = [notice for key, (_, notice) in i18n.NOTICES.items() if key.startswith(("heading_", "matrix_"))]
    assert len(words) > 3
    assert unwritable("".join([*words, *DOMAINS.values()])) == ""


def test_nothing_of_a_sheet_is_white_where_the_page_is_dark() -> None:
    sheet = grid_sheet([[blobs(0, CELL, CELL)]], ["cat"])
    assert sheet.mode == "RGBA"
    assert sheet.getpixel((1, 1))[3] == 0  # type: ignore[index]
    assert np.asarray(sheet)[HEADER + GAP :, GAP:-GAP, 3][:CELL].min() == 255, "the pictures themselves are seen whole"


def test_contents_share_one_scale() -> None:
    contents = torch.zeros(2, 1, 4, 4)
    contents[0, 0, 0, 0], contents[1, 0, 0, 0] = 1.0, 0.5
    one, other = (np.asarray(picture) for picture in coloured(contents))
    np.testing.assert_array_equal(one[-1, -1], other[-1, -1])
    assert not np.array_equal(one[0, 0], other[0, 0])


def test_heat_and_ring_lie_where_they_should() -> None:
    heat = np.zeros((8, 8))
    heat[6, 1] = 1.0
    plain = np.asarray(heated(blobs(1), np.zeros((8, 8))), dtype=int)
    hot = heated(blobs(1), heat)
    row, column = np.unravel_index(np.abs(np.asarray(hot, dtype=int) - plain).sum(2).argmax(), (CELL, CELL))
    assert (row // 16, column // 16) == (6, 1)
    before = np.asarray(hot, dtype=int)
    ring(hot, 32, 96, "red")
    rows, columns = np.abs(np.asarray(hot, dtype=int) - before).max(2).nonzero()
    np.testing.assert_allclose((columns.mean(), rows.mean()), (32, 96), atol=1)
