"""The Skip masks tab's actions, called with values."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from gpunit import zoo
from gpunit.engine import masks
from gpunit.engine.styles import Style
from gpunit.engine.translator import Plan, Translator
from gpunit.ui import painting
from gpunit.ui.content import PREVIEW_SIZE, Content
from gpunit.ui.examples import bundled_translators, domain_of, first_example
from gpunit.ui.masks import actions
from gpunit.ui.masks.actions import MEAN, ONE, STRONGEST
from gpunit.ui.masks.tab import FIRST_MODEL
from gpunit.ui.models import Models
from gpunit.ui.painting import Dabs
from tests.ui.conftest import click, same

NAME = "to-cat"
EVERYWHERE: Dabs = [[0.5, 0.5, 1.0]]


@pytest.fixture
def translator(models: Models) -> Translator:
    return models.get(NAME)


@pytest.fixture
def content(photo: str) -> Content:
    return Content(photo, 1.2, 0.4, 0.6)


@pytest.fixture
def plan(translator: Translator, content: Content) -> Plan:
    return translator.plan(content.square(translator.resolution))


def open_channels(name: str) -> list[int]:
    """How many channels a bundled translator opens for the page's first picture by more than a twentieth, by layer."""
    translator = zoo.load(name, "cpu", "fp32")
    plan = translator.plan(Content(first_example()).square(translator.resolution))
    return [int((masks.channel_means(mask) > 0.05).sum()) for mask in masks.masks_of(plan).values()]


def test_the_tab_opens_with_the_translator_to_another_domain_that_opens_most_channels() -> None:
    domain = domain_of(Path(first_example()))
    others = [spec.name for spec in bundled_translators() if spec.target != domain and domain in spec.sources]
    opened = {name: open_channels(name) for name in others}
    assert max(opened, key=lambda name: sum(opened[name])) == FIRST_MODEL
    assert min(opened[FIRST_MODEL]) > 0, "both skips are in use"


def test_a_view_of_one_channel_is_that_channel_and_the_last_where_there_are_not_so_many(
    models: Models, plan: Plan, content: Content
) -> None:
    heats = [
        actions.draw_heatmaps(models, NAME, content, ONE, 8, channel, channel, 1.0, "viridis")[0]
        for channel in (3, len(masks.masks_of(plan)[16]) - 1, 10_000)
    ]
    expected = masks.masks_of(plan)[16][3]
    drawn = masks.heatmap(expected, actions.HEATMAP_SIZE, "viridis", masks.top_of(expected))
    assert heats[0].size == drawn.size
    np.testing.assert_array_equal(heats[0], drawn)
    np.testing.assert_array_equal(heats[1], heats[2])


def test_the_strongest_of_all_channels_are_their_mean(models: Models, content: Content) -> None:
    strongest, _, described, _ = actions.draw_heatmaps(models, NAME, content, STRONGEST, 64, 0, 0, 1.0, "magma")
    mean, *_ = actions.draw_heatmaps(models, NAME, content, MEAN, 1, 0, 0, 1.0, "magma")
    np.testing.assert_array_equal(strongest, mean)
    assert "<svg" in described
    assert "exactly 0" in described


def test_skips_that_are_off_change_nothing_however_they_are_switched_off(models: Models, content: Content) -> None:
    (without, off), line, kept = actions.render(models, NAME, content, 0, 0, 0, [], None)
    np.testing.assert_array_equal(off, without)
    assert "by 0.0 of 255" in line
    (_, painted), line, _ = actions.render(models, NAME, content, 0, 1, 1, EVERYWHERE, kept)
    np.testing.assert_array_equal(painted, without)
    assert "100% of the picture painted off" in line
    (_, with_skips), *_ = actions.render(models, NAME, content, 0, 1, 1, [], kept)
    assert not same(with_skips, without)


def test_a_style_that_was_handed_over_is_rendered_in_place_of_the_seeds_and_only_by_its_own_model(
    models: Models, translator: Translator, plan: Plan, content: Content
) -> None:
    code = translator.sample(3, 5)[2]
    (_, picture), line, kept = actions.render(models, NAME, content, 0, 1, 1, [], None, Style.of(NAME, code))
    np.testing.assert_array_equal(picture, translator.render(plan, code[None])[0])
    assert "style of your translation" in line
    (without, picture), line, _ = actions.render(models, NAME, content, 0, 1, 1, [], kept, Style.of("to-dog", code))
    np.testing.assert_array_equal(picture, translator.render(plan, translator.mean_style())[0])
    np.testing.assert_array_equal(without, translator.render(plan, translator.mean_style(), use_skips=False)[0])
    assert "style of your translation" not in line


def test_the_picture_without_skips_is_rendered_once_for_one_picture_model_and_seed(
    models: Models, content: Content
) -> None:
    *_, kept = actions.render(models, NAME, content, 0, 1, 1, [], None)
    assert actions.render(models, NAME, content, 0, 0.5, 1, [], kept)[2] is kept
    for model, seed, place in (("to-dog", 0, content), (NAME, 5, content), (NAME, 0, Content(content.path, 2.0))):
        assert actions.render(models, model, place, seed, 1, 1, [], kept)[2] is not kept


@pytest.mark.parametrize("dabs", [[[0.1] * 3000], [[0.5, 0.5]], [[]], [0.5, 0.5, 0.1], [{"x": 1}], [[0.1, 0.1, "a"]]])
def test_dabs_that_are_not_three_numbers_are_refused(models: Models, content: Content, dabs: Dabs) -> None:
    with pytest.raises(gr.Error, match="radius"):
        actions.render(models, NAME, content, 0, 1, 1, dabs, None)


def test_a_dab_lies_where_the_picture_was_clicked_and_undo_takes_it_back(content: Content) -> None:
    plain = np.asarray(content.square(PREVIEW_SIZE), dtype=int)
    dabs, picture, painted_on = actions.dab(content, [], 10, [[0.25, 0.75]])
    rows, columns = (np.abs(np.asarray(picture, dtype=int) - plain).max(2) > 2).nonzero()
    assert (columns.mean(), rows.mean()) == pytest.approx((64, 192), abs=2)
    assert np.ptp(rows) == pytest.approx(2 * 0.1 * PREVIEW_SIZE, abs=3)
    again, _, _ = actions.dab(content, dabs, 10, [[0.04, 0.04]])
    assert again[:1] == dabs
    assert actions.undo_dab(content, again)[0] == dabs
    emptied, cleared = actions.no_dabs(content)
    assert emptied == []
    np.testing.assert_array_equal(cleared, plain)
    assert painted_on == content


@pytest.mark.parametrize("places", [5, [5], [["a", "b"]], "nonsense", None, [[0.1]]])
def test_a_stroke_that_is_none_is_refused(content: Content, places: Any) -> None:
    with pytest.raises(gr.Error, match="radius"):
        actions.dab(content, [], 10, places)


def test_dabs_stay_with_what_they_were_painted_on(content: Content) -> None:
    dabs, _, painted_on = actions.dab(content, [], 10, [[0.25, 0.75]])
    assert actions.keep_dabs(content, dabs, painted_on)[0] == dabs
    assert actions.keep_dabs(Content(content.path, 3.0), dabs, painted_on)[0] == []
    assert actions.keep_dabs(Content(None), dabs, painted_on) == ([], None)


def test_beyond_the_most_dabs_the_oldest_goes(content: Content) -> None:
    many: Dabs = [[0.1, 0.1, 0.01]] * painting.MOST_DABS
    dabs, *_ = actions.dab(content, many, 10, [[0.5, 0.5]])
    assert len(dabs) == painting.MOST_DABS
    assert dabs[-1] == [0.5, 0.5, 0.1]


def test_seed_0_begins_with_the_mean_style(
    models: Models, translator: Translator, plan: Plan, content: Content
) -> None:
    with_mean = actions.render_styles(models, NAME, content, 0)
    assert [caption for _, caption in with_mean][:2] == ["mean style", "style 2"]
    np.testing.assert_array_equal(with_mean[0][0], translator.render(plan, translator.mean_style())[0])
    sampled = actions.render_styles(models, NAME, content, 4)
    assert sampled[0][1] == "seed 4, style 1"
    np.testing.assert_array_equal(sampled[0][0], translator.render(plan, translator.sample(1, 4))[0])


def test_channels_come_strongest_first_and_the_clicked_one_big(models: Models, plan: Plan, content: Content) -> None:
    shown, big = actions.draw_channels(models, NAME, content, 16, "viridis")
    mask = masks.masks_of(plan)[16]
    ranking = masks.ranking(mask)[: actions.SHOWN_CHANNELS]
    assert [caption.split()[1] for _, caption in shown] == [str(channel) for channel in ranking]
    assert big["label"] == shown[0][1]
    chosen, view, coarse, fine = actions.show_chosen(shown, 16, click(2))
    assert chosen["label"] == shown[2][1]
    assert chosen["value"].size == (actions.HEATMAP_SIZE,) * 2
    assert (view, coarse, fine) == (ONE, ranking[2], gr.skip())


def test_only_open_channels_are_shown_and_a_shut_layer_says_so(
    models: Models, plan: Plan, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = masks.masks_of(plan)
    closing[16] = torch.zeros_like(closing[16])
    closing[32] = torch.zeros_like(closing[32])
    closing[32][5, 0, 0] = 0.5
    monkeypatch.setattr(masks, "masks_of", lambda plan: closing)
    assert [caption for _, caption in actions.draw_channels(models, NAME, content, 32, "viridis")[0]] == [
        "ch 5 · < 0.01"
    ]
    assert actions.draw_channels(models, NAME, content, 16, "viridis") == ([], None)
    assert actions.tell_shut(models, NAME, content, 16)["visible"]
    assert not actions.tell_shut(models, NAME, content, 32)["visible"]
    heat, _, words, _ = actions.draw_heatmaps(models, NAME, content, STRONGEST, 8, 0, 0, 1.0, "viridis")
    assert "shut" in words
    assert "<svg" not in words
    seen = content.square(models.get(NAME).resolution)
    np.testing.assert_array_equal(heat, seen.resize(heat.size, Image.Resampling.LANCZOS))


def test_no_channel_beyond_the_last_can_be_chosen(models: Models, plan: Plan, content: Content) -> None:
    last = [len(mask) - 1 for mask in masks.masks_of(plan).values()]
    for update, most in zip(actions.limit_channels(models, NAME, content, 500, 0), last, strict=True):
        assert update["maximum"] == most
        assert update["value"] <= most


def test_the_exported_masks_are_the_plans(models: Models, plan: Plan, content: Content) -> None:
    arrays, pictures = actions.export(models, NAME, content, "viridis")
    with np.load(arrays["value"]) as file:
        for size, mask in masks.masks_of(plan).items():
            np.testing.assert_allclose(file[f"mask_{size}"], mask.numpy(), atol=1e-6)
    with zipfile.ZipFile(pictures["value"]) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) >= 2


def test_a_view_shows_its_own_controls() -> None:
    assert [update["visible"] for update in actions.show_view(STRONGEST)] == [True, False]
    assert [update["visible"] for update in actions.show_view(ONE)] == [False, True]
    assert [update["visible"] for update in actions.show_view(MEAN)] == [False, False]
