"""Places and regions that are marked in the grid."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import actions, marking
from gpunit.ui.prior.maps import CONTENT, NOTHING
from gpunit.ui.prior.marking import Mark
from gpunit.ui.prior.pictures import CELL, cell_box
from gpunit.ui.prior.rows import Row
from tests.ui.conftest import same
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog", "bird"]
LAYER = 3


@pytest.fixture(scope="module")
def grid(models: Models) -> tuple[Image.Image, list[Row]]:
    sheet, _, names, *_ = actions.render_grid(models, NAME, CLASSES, 2, 0.7, 3, NOTHING, [], [])
    return sheet, names


def dragged(begin: tuple[int, int], end: tuple[int, int] | None = None) -> gr.SelectData:
    return gr.SelectData(None, {"index": list(begin), "value": list(end or begin)})


def inside(column: int, line: int, x: int, y: int) -> tuple[int, int]:
    left, top = cell_box(column, line)
    return left + x, top + y


def mark(models: Models, grid: tuple[Image.Image, list[Row]], event: gr.SelectData, **more: Any) -> Any:
    given = {"below": NOTHING, "layer": LAYER, **more}
    return marking.mark_clicked(models, NAME, CLASSES, 0.7, given["below"], grid[1], grid[0], given["layer"], event)


def test_a_click_is_ringed_to_the_pixel_and_lights_every_other_column(
    models: Models, grid: tuple[Image.Image, list[Row]]
) -> None:
    sheet, line, picture, marked = mark(models, grid, dragged(inside(1, 1, 37, 81)))
    assert marked == Mark(1, 1, 37, 81, 37, 81)
    own = cell(sheet, 1, 1)
    assert own[81, 37].tolist() == [255, 0, 0]
    red = np.argwhere((own == [255, 0, 0]).all(2))
    np.testing.assert_allclose(red.mean(0), [81, 37], atol=0.5)
    for column in range(3):
        np.testing.assert_array_equal(cell(sheet, column, 0), cell(grid[0], column, 0))
        changed = np.abs(cell(sheet, column, 1) - cell(grid[0], column, 1)).mean()
        assert changed > (8 if column != 1 else 0)
    np.testing.assert_array_equal(np.asarray(picture, dtype=int), cell(grid[0], 1, 1))
    assert line.count("|") > 12
    assert "How sure" in line


def test_a_dragged_box_is_found_as_a_region(models: Models, grid: tuple[Image.Image, list[Row]]) -> None:
    sheet, line, _, marked = mark(models, grid, dragged(inside(0, 0, 90, 100), inside(0, 0, 30, 20)))
    assert marked == Mark(0, 0, 30, 20, 90, 100)
    assert cell(sheet, 0, 0)[20, 60].tolist() == [255, 0, 0]
    for column in (1, 2):
        assert (cell(sheet, column, 0) == 255).all(2).sum() > 20, "a contour"
    assert "overlap" in line
    beyond = mark(models, grid, dragged(inside(0, 0, 90, 100), (5000, 5000)))[3]
    assert beyond == Mark(0, 0, 90, 100, CELL - 1, CELL - 1), "a box ends where its picture does"


def test_another_layer_draws_the_same_mark_anew(models: Models, grid: tuple[Image.Image, list[Row]]) -> None:
    event = dragged(inside(0, 0, 64, 64))
    sheet, _, _, marked = mark(models, grid, event)
    other = marking.mark_again(models, NAME, CLASSES, 0.7, NOTHING, grid[1], grid[0], 7, marked)
    assert not same(other[0], sheet)
    assert same(other[0], mark(models, grid, event, layer=7)[0])
    assert marking.mark_again(models, NAME, CLASSES, 0.7, NOTHING, grid[1], grid[0], 7, None)[0] == gr.skip()


def test_beside_the_pictures_a_click_clears_the_mark(models: Models, grid: tuple[Image.Image, list[Row]]) -> None:
    for place in ((0, 0), inside(3, 0, 5, 5), inside(0, 9, 5, 5)):
        sheet, _, _, marked = mark(models, grid, dragged(place))
        assert sheet is grid[0]
        assert marked is None


def test_under_a_map_a_click_is_in_the_same_row(models: Models) -> None:
    sheet, _, names, *_ = actions.render_grid(models, NAME, CLASSES, 2, 0.7, 3, CONTENT, [], [])
    marks = [mark(models, (sheet, names), dragged(inside(0, line, 9, 9)), below=CONTENT) for line in range(4)]
    assert [each[3].row for each in marks] == [0, 0, 1, 1]
    assert same(marks[2][0], marks[3][0])
    np.testing.assert_array_equal(cell(marks[0][0], 1, 1), cell(sheet, 1, 1))


def test_the_endpoint_answers_as_the_page_does(models: Models, grid: tuple[Image.Image, list[Row]]) -> None:
    sheet, *_ = mark(models, grid, dragged(inside(1, 1, 64, 64)))
    place = 64 / (CELL - 1)
    row, numbers = marking.find_matches(models, NAME, CLASSES, 0.7, 3, 2, 2, place, place, place, place, LAYER)
    for column in range(3):
        assert np.abs(cell(row, column, 0) - cell(sheet, column, 1)).max() <= 4
    assert numbers[1]["best"] == pytest.approx(1, abs=1e-3)
    assert all(each["best"] >= each["second"] and each["best"] >= each["same"] - 1e-3 for each in numbers)


def test_only_layers_that_memory_holds_are_offered() -> None:
    assert [number for _, number in marking.layer_choices(NAME)] == list(range(10))
    assert marking.first_layer(NAME) == 3
    assert marking.offer_layers("biggan-deep-512") == gr.skip()
