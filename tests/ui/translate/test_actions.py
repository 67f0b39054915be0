"""The Translate tab's actions, called with values as its events call them."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images, zoo
from gpunit.images import PictureError
from gpunit.ui.content import Content
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate import actions
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, TranslationInputs
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.ui.conftest import SAVED, click, same, saved

LINK = (
    "model=to-cat&picture=dog-husky&exemplar=cat-chelsea&zoom=1.5&across=0.25&down=0.75&count=3&seed=5&temperature=0.5"
)


@pytest.fixture
def inputs(photo: str) -> TranslationInputs:
    return TranslationInputs(photo, "to-cat", 1.5, 0.2, 0.7, BY_SAMPLE, 3, 5, 0.5, None)


def test_a_picture_is_translated_in_the_styles_that_are_asked_for(models: Models, inputs: TranslationInputs) -> None:
    results, line, (seen, first), archive, rendered, chosen = actions.translate(models, inputs)
    translator = models.get("to-cat")
    plan = translator.plan(inputs.content.square(translator.resolution))
    expected = translator.render(plan, translator.sample(3, 5, 0.5))
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, wanted)
    np.testing.assert_array_equal(seen, inputs.content.square(translator.resolution))
    assert first is results[0]
    assert chosen == 0
    assert "3 ×" in line
    assert rendered.inputs == inputs
    assert rendered.styles.shape[0] == 3
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == ["source.png", "style-01.png", "style-02.png", "style-03.png"]
        np.testing.assert_array_equal(Image.open(file.open("style-03.png")), results[2])


def test_an_exemplars_style_is_taken(models: Models, inputs: TranslationInputs, exemplar: str) -> None:
    guided = dataclasses.replace(inputs, guidance=BY_EXEMPLAR, exemplar_path=exemplar)
    results, *_, rendered, _ = actions.translate(models, guided)
    assert len(results) == 1
    styles = models.get("to-cat").style_of(images.open_picture(exemplar))
    np.testing.assert_array_equal(rendered.styles, styles)
    with pytest.raises(gr.Error, match="Give an exemplar first"):
        actions.translate(models, dataclasses.replace(guided, exemplar_path=None))
    with pytest.raises(gr.Error, match="Give a picture first"):
        actions.translate(models, dataclasses.replace(inputs, path=None))


@pytest.mark.parametrize(("count", "temperature", "shown"), [(0, -1, 1), (99, 9, 12)])
def test_numbers_beyond_the_controls_are_brought_into_range(
    models: Models, inputs: TranslationInputs, count: float, temperature: float, shown: int
) -> None:
    results, *_ = actions.translate(models, dataclasses.replace(inputs, count=count, temperature=temperature))
    assert len(results) == shown


def test_the_clicked_picture_is_compared() -> None:
    results: list[tuple[Image.Image, str | None]] = [(blobs(number, 8, 8), None) for number in range(3)]
    sides = (blobs(9, 8, 8), results[0][0])
    assert actions.pick(results, sides, None, click(2)) == ((sides[0], results[2][0]), 2)


def test_the_pictures_follow_what_is_changed_and_nothing_else(models: Models, inputs: TranslationInputs) -> None:
    first = actions.redraw(models, None, inputs)
    made = first[4]
    assert made.inputs == inputs
    assert actions.redraw(models, made, inputs) == [gr.skip()] * 6
    other = actions.redraw(models, made, dataclasses.replace(inputs, seed=inputs.seed + 1))
    assert not same(other[0][0], first[0][0])


def test_what_cannot_be_drawn_leaves_what_is_shown(models: Models, inputs: TranslationInputs, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    absent = next(spec.name for spec in zoo.MODELS.values() if not spec.is_here)
    without = {"guidance": BY_EXEMPLAR, "exemplar_path": None}
    for change in ({"path": None}, {"path": str(broken)}, {"model_name": absent}, without):
        assert actions.redraw(models, None, dataclasses.replace(inputs, **change)) == [gr.skip()] * 6


def test_files_are_named_after_source_model_and_seed(models: Models, inputs: TranslationInputs) -> None:
    named = dataclasses.replace(inputs, seed=5)
    results, _, sides, archive, made, _ = actions.translate(models, named)
    assert Path(archive).name == "photo-to-cat-seed-5.zip"
    assert [scratch.kept_picture(result).name for result in results[:2]] == [
        f"photo-to-cat-seed-5-{number}.png" for number in (1, 2)
    ]
    shown: list[tuple[Image.Image, str | None]] = [(result, None) for result in results]
    (_, picked), _ = actions.pick(shown, sides, made, click(1))
    assert scratch.kept_picture(picked).name == "photo-to-cat-seed-5-2.png"


def test_every_small_translator_that_is_here_translates(models: Models, photo: str) -> None:
    shown = actions.translate_to_all(models, Content(photo), 7, 1)
    here = [spec for spec in zoo.all_models().values() if spec.family == "small" and spec.is_here]
    captions = [caption for _, caption in shown["value"]]
    assert captions == [
        f"{spec.target} · style {number + 1}" for spec in here for number in range(actions.STYLES_A_TARGET)
    ]


def test_a_hint_where_the_picture_is_like_no_source_and_none_where_it_cannot_be_read(
    models: Models, tmp_path: Path
) -> None:
    cat = next(str(path) for path in EXAMPLES if path.stem == "cat-chelsea")
    dog = next(str(path) for path in EXAMPLES if path.stem == "dog-husky")
    assert "looks like a cat" in actions.show_hint(models, Content(cat), "to-cat")["value"]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for path, name in ((dog, "to-cat"), (None, "to-cat"), (str(broken), "to-cat"), (cat, "to-moon")):
        assert actions.show_hint(models, Content(path), name) == gr.update(visible=False)
    assert actions.domain_likeness(models, Content(cat))["cat"] > 0.5


@pytest.mark.parametrize("guidance", [BY_SAMPLE, BY_EXEMPLAR])
def test_a_saved_file_gives_the_same_pictures(
    models: Models, inputs: TranslationInputs, exemplar: str, tmp_path: Path, guidance: str
) -> None:
    made = dataclasses.replace(inputs, guidance=guidance, exemplar_path=exemplar)
    *_, rendered, _ = actions.translate(models, made)
    # The file holds the square at the model's own size.
    side = zoo.find("to-cat").resolution
    path = tmp_path / "translation.json"
    path.write_text(json.dumps(actions.save_shown(rendered, dataclasses.replace(inputs, seed=99))))
    loaded = actions.load_settings(str(path))
    values: list[Any] = [None if value == gr.skip() else value for value in loaded]
    kept = TranslationInputs(*values)
    np.testing.assert_array_equal(kept.content.square(side), made.content.square(side))
    assert (kept.guidance, kept.count, kept.seed, kept.temperature) == (guidance, 3, 5, 0.5)
    assert (kept.exemplar_path is None) == (guidance == BY_SAMPLE)


def test_a_file_of_the_first_version_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    monkeypatch.setattr(zoo, "fingerprint", lambda name: "other weights")
    loaded = TranslationInputs(*actions.load_settings(str(SAVED / "translation.json")))
    assert loaded.values[1:9] == ("to-cat", 1, 0.5, 0.5, BY_EXEMPLAR, 3, 5, 0.5)
    expected = images.cut(blobs(1, 60, 40), 128, images.Crop(1.5, 0.25, 0.75))
    np.testing.assert_array_equal(images.open_picture(str(loaded.path)), expected)
    np.testing.assert_array_equal(images.open_picture(str(loaded.exemplar_path)), images.cut(blobs(2, 40, 60), 128))
    assert len(told) == 1
    assert "other weights of to-cat" in told[0]


def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cake.json").write_text('{"eggs": 3}')
    with pytest.raises(PictureError, match="holds no settings"):
        actions.load_settings(str(tmp_path / "cake.json"))


def test_a_link_of_the_first_version_opens_and_is_made_again(tmp_path: Path) -> None:
    opened = TranslationInputs(*actions.open_link(["to-cat"], LINK))
    assert Path(str(opened.path)).stem == "dog-husky"
    assert opened.values[1:9] == ("to-cat", 1.5, 0.25, 0.75, BY_EXEMPLAR, 3, 5, 0.5)
    assert actions.link_shown(None, opened)["value"] == LINK


def test_a_link_leaves_what_it_does_not_name_and_says_when_it_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    assert actions.open_link(["to-cat"], "seed=5") == tuple(5 if place == 7 else gr.skip() for place in range(10))
    assert told == []
    assert actions.open_link(["to-cat"], "seed=-5") == (gr.skip(),) * 10
    assert len(told) == 1


def test_a_picture_of_ones_own_is_no_part_of_a_link(
    inputs: TranslationInputs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Info", told.append)
    assert actions.link_shown(None, inputs)["value"] == "model=to-cat&count=3&seed=5&temperature=0.5"
    assert len(told) == 1
    lookalike = saved(blobs(3, 20, 20), tmp_path / "dog-husky.jpg")
    assert "picture" not in actions.link_shown(None, dataclasses.replace(inputs, path=lookalike))["value"]


def test_a_models_line_names_size_and_licence() -> None:
    assert "to-cat" in actions.facts("to-cat")
    assert zoo.find("to-cat").licence in actions.facts("to-cat")
    with pytest.raises(ModelError, match="no model"):
        actions.facts("to-moon")
