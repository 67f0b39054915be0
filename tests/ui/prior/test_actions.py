"""The BigGAN prior tab's actions, called with values, on the small prior that is bundled."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit.ui.models import PRIORS, Models, prior_choices
from gpunit.ui.prior import actions
from gpunit.ui.prior.maps import CONTENT, INSTANCE, NOTHING, SHAPE
from gpunit.ui.prior.pictures import CELL, GAP, HEADER
from gpunit.ui.prior.rows import Row
from gpunit.zoo.weights import ModelError
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]


def grid(models: Models, rows: float = 2, seed: float = 3, **more: Any) -> tuple[Image.Image, str, list[Row], Any]:
    given: dict[str, Any] = {"truncation": 0.7, "below": NOTHING, "kept": [], "shown": [], **more}
    sheet, line, names, keepable, plain = actions.render_grid(models, NAME, CLASSES, rows=rows, seed=seed, **given)
    assert plain is sheet
    return sheet, line, names, keepable


def line_of(sheet: Image.Image, line: int) -> np.ndarray:
    top = HEADER + GAP + line * (CELL + GAP)
    return np.asarray(sheet.crop((0, top, sheet.width, top + CELL)).convert("RGB"), dtype=int)


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


def test_the_first_picture_is_chosen_until_another_is(models: Models) -> None:
    sheet, _, names, _ = grid(models)
    first = actions.open_chosen(models, NAME, CLASSES, 0.7, names, None)
    shown = cell(sheet, 0)
    assert np.abs(np.asarray(first, dtype=int) - shown).max() <= 1
    assert actions.open_chosen(models, NAME, CLASSES, 0.7, names, first) == gr.skip()
    assert actions.open_chosen(models, NAME, CLASSES, 0.7, [], None) == gr.skip()


def test_a_mixture_is_a_column(models: Models) -> None:
    mixed, *_ = actions.render_grid(models, NAME, ["cat", "cat:1+dog:0", "cat@0-3+dog@4-9"], 2, 0.7, 3, NOTHING, [], [])
    first, second, third = (
        np.asarray(mixed.crop((GAP + i * (CELL + GAP), HEADER + GAP, GAP + i * (CELL + GAP) + CELL, 150)), dtype=int)
        for i in range(3)
    )
    assert np.abs(first - second).max() <= 1
    assert np.abs(first - third).mean() > 1
    with pytest.raises(ModelError, match="no class is left for layer 4"):
        actions.render_grid(models, NAME, ["cat@0-3"], 2, 0.7, 3, NOTHING, [], [])


def test_a_walk_begins_and_ends_at_its_rows(models: Models) -> None:
    sheet, _, names, _ = grid(models)
    for place, line in ((0, 0), (-3, 0), (1, 1), (7, 1)):
        walked = actions.walk_between(models, NAME, CLASSES, 0.7, 99, 1, 2, place, names)
        assert abs(line_of(walked, 0) - line_of(sheet, line)).max() <= 1
    halfway = actions.walk_between(models, NAME, CLASSES, 0.7, 3, 1, 2, 0.5, [])
    assert not any(np.array_equal(line_of(halfway, 0), line_of(sheet, line)) for line in range(2))


def test_another_priors_classes_are_offered() -> None:
    assert prior_choices()[0] == (NAME, NAME)
    assert [name for title, name in prior_choices() if "↓" in title] == list(PRIORS[1:])
    assert actions.offer_classes("biggan-deep-128") == (gr.skip(), gr.skip())
    classes, truncation = actions.offer_classes(NAME)
    assert (classes["value"], truncation) == (["cat", "dog", "bird", "car"], 0.7)
    assert len(actions.class_names("biggan-deep-128")) == 1000


def test_the_first_look_at_imagenets_classes_shows_a_cat_a_dog_a_bird_and_a_car() -> None:
    shown, truncation = actions.first_look(actions.class_names("biggan-deep-128"))
    assert shown == ["tabby", "golden retriever", "goldfinch", "sports car"]
    assert truncation < 0.7


def test_contents_have_one_scale_in_the_whole_grid(models: Models) -> None:
    sheet, *_ = grid(models, below=CONTENT)
    colours = [{tuple(pixel) for pixel in line_of(sheet, line)[::16, GAP + 8].tolist()} for line in (1, 3)]
    contents = models.shapes().contents(
        models.prior(NAME).grid(models.prior(NAME).latents(2, 3, 0.7), [0, 1]).flatten(0, 1)
    )
    hottest = int(contents.flatten(1).amax(1).argmax())
    assert hottest // 2 in (0, 1)
    yellow = (253, 231, 36)
    rows = [np.abs(line_of(sheet, line) - yellow).sum(2).min() for line in (1, 3)]
    assert rows[hottest // 2] <= 3
    assert colours[0] != colours[1]
