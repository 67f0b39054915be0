"""The BigGAN prior tab's actions, called with values, on the small prior that is bundled."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import actions
from gpunit.ui.prior.actions import CONTENT, INSTANCE, NOTHING, SHAPE, Row
from gpunit.ui.prior.pictures import CELL, GAP, HEADER
from gpunit.zoo.weights import ModelError
from tests.ui.conftest import click, same

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu", "fp32")


def grid(models: Models, rows: float = 2, seed: float = 3, **more: Any) -> tuple[Image.Image, str, list[Row], Any]:
    given: dict[str, Any] = {"truncation": 0.7, "below": NOTHING, "kept": [], "shown": [], **more}
    return actions.render_grid(models, NAME, CLASSES, rows=rows, seed=seed, **given)


def line_of(sheet: Image.Image, line: int) -> np.ndarray:
    top = HEADER + GAP + line * (CELL + GAP)
    return np.asarray(sheet.crop((0, top, sheet.width, top + CELL)), dtype=int)


def test_a_row_is_named_by_its_code_and_can_be_kept(models: Models) -> None:
    sheet, line, names, keepable = grid(models)
    assert names == [[3, 0], [3, 1]]
    assert "4 ×" in line
    assert keepable["choices"] == ["1", "2"]
    other, _, kept, _ = grid(models, seed=4, kept=["2"], shown=names)
    assert kept == [[4, 0], [3, 1]]
    assert abs(line_of(other, 1) - line_of(sheet, 1)).max() <= 1
    assert not np.array_equal(line_of(other, 0), line_of(sheet, 0))


@pytest.mark.parametrize("below", [CONTENT, SHAPE, INSTANCE])
def test_a_map_stands_under_each_picture(models: Models, below: str) -> None:
    plain, *_ = grid(models)
    sheet, *_ = grid(models, below=below)
    for row in range(2):
        assert abs(line_of(sheet, 2 * row) - line_of(plain, row)).max() <= 1
    assert sheet.height == plain.height + 2 * (CELL + GAP)


def test_what_cannot_be_rendered_is_said(models: Models) -> None:
    with pytest.raises(gr.Error, match="There is no map"):
        grid(models, below="cake")
    with pytest.raises(gr.Error, match="Choose at least one class"):
        actions.render_grid(models, NAME, [], 2, 0.7, 3, NOTHING, [], [])
    with pytest.raises(gr.Error, match=r"\[seed, index\]"):
        grid(models, shown=[["a"]])
    with pytest.raises(ModelError, match="no prior"):
        actions.correspond(models, "../../etc", CLASSES)


def test_a_click_finds_its_place_again_and_one_beside_the_pictures_nothing(models: Models) -> None:
    _, _, names, _ = grid(models)
    middle = [GAP + CELL + GAP + CELL // 2, HEADER + GAP + CELL // 2]
    found = actions.find_clicked(models, NAME, CLASSES, 0.7, NOTHING, names, click(middle))
    asked = actions.correspond(models, NAME, CLASSES, 0.7, 3, 1, 2, 0.5, 0.5)
    for one, other in zip(found, asked, strict=True):
        np.testing.assert_array_equal(one, other)
    for place in ([0, 0], [middle[0], 5], [GAP + 2 * (CELL + GAP) + 5, middle[1]], [middle[0], HEADER + 9999]):
        nothing = actions.find_clicked(models, NAME, CLASSES, 0.7, NOTHING, names, click(place))
        assert nothing == (gr.skip(), gr.skip())
    assert actions.open_match(models, NAME, CLASSES, 0.7, []) == (gr.skip(), gr.skip())
    assert isinstance(actions.open_match(models, NAME, CLASSES, 0.7, names)[0], Image.Image)


def test_under_a_map_a_click_is_in_the_same_row(models: Models) -> None:
    _, _, names, _ = grid(models, below=CONTENT)
    x, y = GAP + 9, HEADER + GAP + 9
    lines = [[x, y + line * (CELL + GAP)] for line in range(4)]
    sheets = [actions.find_clicked(models, NAME, CLASSES, 0.7, CONTENT, names, click(place))[0] for place in lines]
    np.testing.assert_array_equal(sheets[0], sheets[1])
    np.testing.assert_array_equal(sheets[2], sheets[3])
    assert not same(sheets[1], sheets[2])


def test_a_walk_begins_and_ends_at_its_rows(models: Models) -> None:
    sheet, _, names, _ = grid(models)
    for place, line in ((0, 0), (-3, 0), (1, 1), (7, 1)):
        walked = actions.walk_between(models, NAME, CLASSES, 0.7, 99, 1, 2, place, names)
        assert abs(line_of(walked, 0) - line_of(sheet, line)).max() <= 1
    halfway = actions.walk_between(models, NAME, CLASSES, 0.7, 3, 1, 2, 0.5, [])
    assert not any(np.array_equal(line_of(halfway, 0), line_of(sheet, line)) for line in range(2))


def test_a_photo_stands_beside_its_code_in_every_class(models: Models, photo: str) -> None:
    picture, hint = actions.invert(models, NAME, CLASSES, photo)
    assert picture["visible"]
    assert hint["visible"] is False
    sheet = picture["value"]
    assert sheet.width == 3 * (CELL + GAP) + GAP
    shown = sheet.crop((GAP, HEADER + GAP, GAP + CELL, HEADER + GAP + CELL))
    np.testing.assert_array_equal(shown, images.cut(images.open_picture(photo), CELL))
    nothing, hint = actions.invert(models, NAME, CLASSES, None)
    assert (nothing["visible"], hint["visible"]) == (False, True)


def test_agreement_is_a_plot_for_the_chosen_classes(models: Models) -> None:
    two = actions.measure_agreement(models, NAME, CLASSES, 0.7, 1)
    three = actions.measure_agreement(models, NAME, [*CLASSES, "bird"], 0.7, 1)
    assert three.width > two.width


def test_another_priors_classes_are_offered() -> None:
    assert actions.priors_here() == [NAME]
    assert actions.offer_classes(NAME)["value"] == actions.class_names(NAME)[: actions.FIRST_CLASSES]
    assert len(actions.class_names("biggan-deep-128")) == 1000
