"""Results dropped on the page: everything is set as it was when they were made."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit.engine import provenance
from gpunit.engine.provenance import CodedStyle
from gpunit.images import PictureError
from gpunit.ui import signing
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate import actions, restoring
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, TranslationInputs
from gpunit.ui.translate.restoring import Dropped
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.ui.conftest import saved

OTHER = TranslationInputs("other.png", "to-dog", 1, 0.5, 0.5, BY_SAMPLE, 6, 99, 1, None)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


@pytest.fixture
def inputs(photo: str, exemplar: str) -> TranslationInputs:
    return TranslationInputs(photo, "to-cat", 1.5, 0.2, 0.7, BY_SAMPLE, 3, 5, 0.5, exemplar)


def rendered(models: Models, inputs: TranslationInputs, number: int = -1) -> tuple[Image.Image, str]:
    """A result, and the file that the page sends of it."""
    result = actions.translate(models, inputs)[0][number]
    return result, str(scratch.kept_picture(result))


def put(values: tuple[Any, ...]) -> tuple[TranslationInputs, Dropped]:
    """What the controls are after an event that sets them; before, they were `OTHER`."""
    kept = [old if new == gr.skip() else new for old, new in zip(OTHER.values, values, strict=False)]
    return TranslationInputs(*kept), values[-1]


@pytest.mark.parametrize("guidance", [BY_SAMPLE, BY_EXEMPLAR])
def test_a_dropped_result_is_made_again_bit_for_bit(models: Models, inputs: TranslationInputs, guidance: str) -> None:
    made = dataclasses.replace(inputs, guidance=guidance)
    result, file = rendered(models, made)
    _, dropped = put(restoring.take_upload(inputs.path, Dropped()))
    now, dropped = put(restoring.take_upload(file, dropped))
    assert now.values[:6] == made.values[:6]
    *_, (_, compared), _, again, chosen = restoring.translate_restored(models, dropped, now)
    np.testing.assert_array_equal(compared, result)
    assert chosen == (2 if guidance == BY_SAMPLE else 0)
    assert again.inputs == now


def test_the_photo_of_an_example_is_found(models: Models, told: list[str]) -> None:
    example = str(EXAMPLES[3])
    _, file = rendered(models, dataclasses.replace(OTHER, path=example))
    now, dropped = put(restoring.take_upload(file, Dropped()))
    assert now.path == example
    assert dropped.is_complete
    assert told == []


def test_a_missing_photo_is_asked_for_once_and_the_picture_is_made_when_it_comes(
    models: Models, inputs: TranslationInputs, told: list[str], tmp_path: Path
) -> None:
    result, file = rendered(models, inputs)
    values = restoring.take_upload(file, Dropped())
    now, dropped = put(values)
    assert now.path is None
    assert len(told) == 1
    assert "photo of 120 × 90 pixels" in told[0]
    assert restoring.translate_restored(models, dropped, now) == [gr.skip()] * 6
    values = restoring.take_upload(saved(Image.open(str(inputs.path)), tmp_path / "renamed.tiff"), dropped)
    dropped = values[-1]
    assert values[2:5] == (1.5, 0.2, 0.7)
    with_photo = dataclasses.replace(now, path=inputs.path)
    np.testing.assert_array_equal(restoring.translate_restored(models, dropped, with_photo)[2][1], result)


def test_another_photo_than_the_missing_one_keeps_the_controls(
    models: Models, inputs: TranslationInputs, exemplar: str, told: list[str]
) -> None:
    _, file = rendered(models, inputs)
    _, dropped = put(restoring.take_upload(file, Dropped()))
    values = restoring.take_upload(exemplar, dropped)
    assert values[:10] == (gr.skip(),) * 10
    assert values[10] == Dropped(exemplar)


def test_a_result_dropped_twice_is_a_photo(models: Models, inputs: TranslationInputs, told: list[str]) -> None:
    _, file = rendered(models, inputs)
    dropped = restoring.take_upload(file, Dropped())[-1]
    values = restoring.take_upload(file, dropped)
    assert values == (*[gr.skip()] * 10, Dropped(file))


def test_styles_beyond_the_controls_are_taken_from_the_result(models: Models, inputs: TranslationInputs) -> None:
    """The command line writes up to 64 styles, and temperatures up to 2."""
    translator = models.get("to-cat")
    plan = translator.plan(inputs.content.square(translator.resolution))
    results = translator.render(plan, translator.sample(20, 5, 1.8))
    photo = provenance.Photo.of(Image.open(str(inputs.path)))
    inputs.signature(translator).sign(results, provenance.sampled(20, 5, 1.8), photo, inputs.content.crop)
    now, dropped = put(restoring.take_upload(str(scratch.kept_picture(results[17])), Dropped(inputs.path)))
    assert now.guidance == BY_EXEMPLAR
    np.testing.assert_array_equal(restoring.translate_restored(models, dropped, now)[0][0], results[17])


def test_a_saved_file_keeps_the_exact_style_of_a_result(
    models: Models, inputs: TranslationInputs, tmp_path: Path
) -> None:
    _, file = rendered(models, inputs)
    made = dataclasses.replace(inputs, guidance=BY_EXEMPLAR, exemplar_path=file)
    (tmp_path / "saved.json").write_text(json.dumps(actions.save_settings(made)))
    now, dropped = put(restoring.load_file(str(tmp_path / "saved.json"), Dropped()))
    translator = models.get("to-cat")
    np.testing.assert_array_equal(now.styles(translator)[0], translator.sample(3, 5, 0.5)[2:])
    assert dropped.is_complete


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "to-unicorn"}, "to-unicorn, a model that is not known here"),
        ({"model": "dog2cat"}, "not on this machine"),
        ({"sha256": "0" * 64}, "other weights of to-cat"),
    ],
)
def test_refusals_are_a_sentence_and_a_dropped_result_is_then_a_photo(
    models: Models, inputs: TranslationInputs, told: list[str], changes: dict[str, str], words: str
) -> None:
    result, _ = rendered(models, inputs)
    made = provenance.attached(result)
    assert made is not None
    file = str(scratch.kept_picture(provenance.put(result, made.model_copy(update=changes))))
    with pytest.raises(ModelError, match=words):
        restoring.load_file(file, Dropped())
    assert restoring.take_upload(file, Dropped()) == (*[gr.skip()] * 10, Dropped(file))
    assert len(told) == 1
    assert words in told[0]


def test_a_loaded_picture_must_say_how_it_was_made(photo: str) -> None:
    with pytest.raises(PictureError, match=r"photo\.png does not say how it was made"):
        restoring.load_file(photo, Dropped())


def test_an_exemplar_is_in_no_result_and_its_path_in_none(
    models: Models, inputs: TranslationInputs, tmp_path: Path
) -> None:
    photo, exemplar = saved(blobs(1), tmp_path / "my-house.png"), saved(blobs(2), tmp_path / "my-aunt.png")
    _, file = rendered(models, dataclasses.replace(inputs, path=photo, guidance=BY_EXEMPLAR, exemplar_path=exemplar))
    made = provenance.require(file)
    assert isinstance(made.style, CodedStyle)
    assert made.style.exemplar == provenance.digest_of(Image.open(exemplar))
    text = str(Image.open(file).info)
    assert not any(word in text for word in ("my-house", "my-aunt", str(tmp_path)))


def test_what_was_switched_off_says_nothing_to_this_visitor_alone(models: Models, inputs: TranslationInputs) -> None:
    def as_visitor(session: str) -> Any:
        request = gr.Request(headers={}, session_hash=session)
        return gr.context.LocalContext.request.set(request)

    for session, switched, says in (("one", False, False), ("other", None, True), ("one", True, True)):
        token = as_visitor(session)
        try:
            if switched is not None:
                signing.turn(switched)
            result, _ = rendered(models, inputs)
            shown = actions.translate_to_all(models, inputs.content, 7, 1)["value"]
        finally:
            gr.context.LocalContext.request.reset(token)
        assert (provenance.attached(result) is not None) == says
        assert all((provenance.attached(picture) is not None) == says for picture, _ in shown)
