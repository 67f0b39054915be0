"""The Styles tab's actions on the current style, called with values."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch

from gpunit import images, zoo
from gpunit.engine.styles import Style, StyleError
from gpunit.engine.translator import Translator
from gpunit.ui.content import Content
from gpunit.ui.models import Models
from gpunit.ui.styles import actions
from gpunit.ui.styles.actions import BY_EXEMPLAR, BY_MEAN, BY_SAMPLE, MAX_AXES
from tests.ui.conftest import SAVED, same

NAME = "to-cat"


@pytest.fixture
def translator(models: Models) -> Translator:
    return models.get(NAME)


@pytest.fixture
def content(photo: str) -> Content:
    return Content(photo, 1.3)


def values_of(sliders: list[dict[str, float]]) -> list[float]:
    return [slider["value"] for slider in sliders if "value" in slider]


def test_a_style_moved_and_moved_back_is_itself(models: Models, content: Content) -> None:
    base, _, _, picture, _, *sliders = actions.start_style(models, content, NAME, 6, BY_SAMPLE, 3, 1, None)
    stood = values_of(sliders)
    moved, other, _ = actions.render_style(models, content, NAME, base, stood[0] + 2, *stood[1:])
    back, again, _ = actions.render_style(models, content, NAME, base, *stood)
    assert back == base
    assert moved != base
    np.testing.assert_array_equal(again, picture)
    assert not same(other, picture)


def test_a_coordinate_is_so_many_deviations_along_its_axis(
    models: Models, translator: Translator, content: Content
) -> None:
    space = translator.style_space
    moved, picture, _ = actions.render_style(models, content, NAME, None, 2.5, *[0.0] * 11)
    torch.testing.assert_close(moved.code, space.mean + 2.5 * space.deviations[0] * space.axes[0])
    plan = translator.plan(content.square(translator.resolution))
    np.testing.assert_array_equal(picture, translator.render(plan, moved.code[None])[0])
    with pytest.raises(gr.Error, match="Coordinates"):
        actions.render_style(models, content, NAME, None, float("nan"))


@pytest.mark.parametrize("origin", [BY_MEAN, BY_SAMPLE, BY_EXEMPLAR])
def test_every_origin_gives_its_style(
    models: Models, translator: Translator, content: Content, exemplar: str, origin: str
) -> None:
    base, source, current, _, _, *sliders = actions.start_style(models, content, NAME, 4, origin, 3, 0.7, exemplar)
    expected = {
        BY_MEAN: translator.mean_style(),
        BY_SAMPLE: translator.sample(1, 3, 0.7),
        BY_EXEMPLAR: translator.style_of(images.open_picture(exemplar)),
    }[origin]
    assert base == current == Style.of(NAME, expected)
    np.testing.assert_array_equal(source, content.square(translator.resolution))
    assert len(sliders) == MAX_AXES
    assert [slider["visible"] for slider in sliders].count(True) == 4
    for slider, place in zip(sliders, translator.style_space.coordinates(expected[0]), strict=False):
        assert slider["value"] == pytest.approx(float(place), abs=0.006)
        assert slider["minimum"] <= slider["value"] <= slider["maximum"]


def test_nothing_starts_anew_when_the_style_came_from_elsewhere(models: Models, content: Content) -> None:
    assert set(map(str, actions.start_style(models, content, NAME, 6, None, 3, 1, None))) == {str(gr.skip())}
    with pytest.raises(gr.Error, match="Give an exemplar first"):
        actions.start_style(models, content, NAME, 6, BY_EXEMPLAR, 3, 1, None)


def test_the_current_style_stays_and_another_models_makes_room(
    models: Models, translator: Translator, content: Content
) -> None:
    mine, others = Style.of(NAME, translator.sample(1, 5)), Style.of("to-dog", translator.sample(1, 5))
    base, _, current, picture, _, *sliders = actions.show(models, content, NAME, None, mine, 6)
    assert base == current == gr.skip()
    plan = translator.plan(content.square(translator.resolution))
    np.testing.assert_array_equal(picture, translator.render(plan, mine.code[None])[0])
    assert sliders == [gr.skip()] * MAX_AXES
    assert actions.show(models, content, NAME, None, others, 6)[0] == Style.of(NAME, translator.mean_style())
    assert actions.show(models, Content(None), NAME, None, mine, 6)[3] is None


def test_reset_goes_back_to_the_start(models: Models, content: Content, translator: Translator) -> None:
    base = Style.of(NAME, translator.sample(1, 5))
    started, _, current, *_ = actions.reset_style(models, content, NAME, base, 6)
    assert started == current == base


def test_as_many_axes_are_shown_as_asked_for_and_the_space_has(models: Models, translator: Translator) -> None:
    axes = len(translator.style_space.axes)
    for asked in (1, 5, 12):
        shown = [slider["visible"] for slider in actions.show_axes(models, NAME, asked)]
        assert shown == [number < min(asked, axes) for number in range(MAX_AXES)]


def test_a_saved_style_is_loaded_with_the_weights_it_belongs_to(
    models: Models, content: Content, translator: Translator, tmp_path: Path
) -> None:
    style = Style.of(NAME, translator.sample(1, 5))
    path = tmp_path / "style.json"
    path.write_text(json.dumps(actions.save_style(models, NAME, style)))
    assert actions.load_style(models, content, NAME, 6, str(path))[0] == style
    with pytest.raises(StyleError, match="belongs to the model"):
        actions.load_style(models, content, "to-dog", 6, str(path))
    path.write_text(" " * (actions.MAX_JSON_BYTES + 1))
    with pytest.raises(StyleError, match="not a saved style"):
        actions.load_style(models, content, NAME, 6, str(path))


def test_a_style_of_the_first_version_is_loaded(content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    written = json.loads((SAVED / "style.json").read_text())
    monkeypatch.setattr(zoo, "fingerprint", lambda name: written["sha256"])
    base, *_ = actions.load_style(Models("cpu", "fp32"), content, NAME, 6, str(SAVED / "style.json"))
    assert base.numbers == tuple(written["numbers"])
