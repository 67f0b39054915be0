"""The sections below the Styles tab's picture, called with values."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit.engine.styles import Style
from gpunit.engine.translator import Translator
from gpunit.ui.content import Content
from gpunit.ui.examples import source_examples
from gpunit.ui.models import Models
from gpunit.ui.styles import actions, sheets
from gpunit.ui.styles.sheets import CELL, GAP, GIF, MP4
from tests.ui.conftest import click, same

NAME = "to-cat"


@pytest.fixture
def translator(models: Models) -> Translator:
    return models.get(NAME)


@pytest.fixture
def content(photo: str) -> Content:
    return Content(photo)


def cell(sheet: Image.Image, column: int, row: int = 0) -> Image.Image:
    left, top = GAP + column * (CELL + GAP), GAP + row * (CELL + GAP)
    return sheet.crop((left, top, left + CELL, top + CELL)).convert("RGB")


def rendered(translator: Translator, content: Content, style: Style) -> np.ndarray:
    plan = translator.plan(content.square(translator.resolution))
    (picture,) = translator.render(plan, style.code[None])
    return np.asarray(picture.resize((CELL, CELL), Image.Resampling.LANCZOS))


def styles_of(translator: Translator, count: int) -> list[Style]:
    return [Style.of(NAME, code) for code in translator.sample(count, 11)]


def test_the_row_shows_the_picture_first_and_each_picture_once(models: Models, content: Content) -> None:
    others = source_examples()[1::2]
    assert sheets.style_row(models, content, NAME, None).width == (CELL + GAP) * (1 + len(others)) + GAP
    for path in (None, others[0]):
        sheet = sheets.style_row(models, Content(path), NAME, None)
        assert sheet.width == (CELL + GAP) * len(others) + GAP


def test_the_grids_first_corner_is_the_current_style_and_a_click_takes_a_cell(
    models: Models, translator: Translator, content: Content
) -> None:
    (current,) = styles_of(translator, 1)
    sheet, corners, _ = sheets.style_grid(models, content, NAME, current, 4)
    assert corners[0] == current
    assert [corner.code.tolist() for corner in corners[1:]] == translator.sample(3, 4).tolist()
    np.testing.assert_array_equal(cell(sheet, 0), rendered(translator, content, current))
    place = [GAP + 5 * (CELL + GAP) + 9, GAP + 2 * (CELL + GAP) + 9]
    base, _, taken, picture, _, *sliders, beside = sheets.take_cell(models, content, NAME, corners, 6, click(place))
    assert base == taken
    assert beside is picture
    assert len(sliders) == actions.MAX_AXES
    difference = rendered(translator, content, taken).astype(int) - np.asarray(cell(sheet, 5, 2), dtype=int)
    assert abs(difference).max() <= 1
    last = [sheet.width - 1, sheet.height - 1]  # the last gap belongs to the last cell
    assert sheets.take_cell(models, content, NAME, corners, 6, click(last))[0] == corners[3]


def test_the_grid_is_there_again_until_the_model_changes(models: Models, content: Content) -> None:
    sheet, corners, _ = sheets.style_grid(models, content, NAME, None, 4)
    again, same, _ = sheets.show_grid(models, content, NAME, None, 99, corners)
    assert same == corners
    np.testing.assert_array_equal(again, sheet)
    assert sheets.show_grid(models, content, "to-dog", None, 4, corners)[1][0].model == "to-dog"
    with pytest.raises(gr.Error, match="another model"):
        sheets.take_cell(models, content, "to-dog", corners, 6, click([5, 5]))


@pytest.mark.parametrize(("asked", "shown"), [(5, 5), (0, 2), (99, 15)])
def test_the_strip_goes_from_a_to_b(
    models: Models, translator: Translator, content: Content, asked: float, shown: int
) -> None:
    one, other = styles_of(translator, 2)
    strip = sheets.style_strip(models, content, NAME, one, other, asked)
    assert strip.width == (CELL + GAP) * shown + GAP
    np.testing.assert_array_equal(cell(strip, 0), rendered(translator, content, one))
    np.testing.assert_array_equal(cell(strip, shown - 1), rendered(translator, content, other))


def test_all_levels_from_a_are_a_and_all_from_b_are_b(models: Models, translator: Translator, content: Content) -> None:
    one, other = styles_of(translator, 2)
    for choice, style in (("A", one), ("B", other)):
        sheet, line = sheets.mix_styles(models, content, NAME, one, other, choice, choice, choice)
        np.testing.assert_array_equal(cell(sheet, 1), rendered(translator, content, style))
        assert line.count(f"from {choice}") == 3
    mixed, _ = sheets.mix_styles(models, content, NAME, one, other, "A", "A", "B")
    assert not any(same(cell(mixed, 1), cell(mixed, side)) for side in (0, 2))


def test_ends_that_are_not_chosen_are_sampled(models: Models, translator: Translator, content: Content) -> None:
    first, second = (Style.of(NAME, code) for code in translator.sample(2, sheets.ENDS_SEED))
    strip = sheets.style_strip(models, content, NAME, None, Style.of("to-dog", translator.sample(1, 9)), 2)
    np.testing.assert_array_equal(cell(strip, 0), rendered(translator, content, first))
    np.testing.assert_array_equal(cell(strip, 1), rendered(translator, content, second))


@pytest.mark.parametrize(("kind", "suffix"), [(GIF, ".gif"), (MP4, ".mp4")])
def test_the_animation_goes_there_and_back(models: Models, content: Content, kind: str, suffix: str) -> None:
    gif, video, file = sheets.animate_styles(models, content, NAME, None, None, kind, 4)
    path = Path(file["value"])
    assert path.name == f"styles-{NAME}{suffix}"
    assert [update["visible"] for update in (gif, video)] == [kind == GIF, kind == MP4]
    assert (gif if kind == GIF else video)["value"] == str(path)
    if kind == GIF:
        with Image.open(path) as animation:
            assert getattr(animation, "n_frames", 1) == 6
