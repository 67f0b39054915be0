"""What a browser keeps of translations, and what comes of it."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit.ui import page
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate import actions, history, restoring
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, TranslationInputs
from gpunit.ui.translate.restoring import Dropped
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.ui.conftest import same
from tests.ui.translate.test_restoring import put, told

__all__ = ["told"]


@pytest.fixture
def inputs() -> TranslationInputs:
    """Of pictures that the page has, as it has uploads."""
    photo, exemplar = (str(scratch.kept_picture(blobs(seed, 60, 40))) for seed in (7, 8))
    return TranslationInputs(photo, "to-cat", 1.5, 0.2, 0.7, BY_SAMPLE, 3, 5, 0.5, exemplar)


def remembered(models: Models, inputs: TranslationInputs, chosen: int = 0) -> tuple[Any, Image.Image]:
    """What the browser keeps, as JSON gives it back, and the picture that was compared."""
    results, _, (seen, _), _, rendered, _ = actions.translate(models, inputs)
    entry = history.remember(models, (seen, results[chosen]), rendered, chosen)
    return json.loads(json.dumps(entry)), results[chosen]


@pytest.mark.parametrize("guidance", [BY_SAMPLE, BY_EXEMPLAR])
def test_an_entry_is_shown_again_bit_for_bit(models: Models, inputs: TranslationInputs, guidance: str) -> None:
    made = dataclasses.replace(inputs, guidance=guidance)
    chosen = 2 if guidance == BY_SAMPLE else 0
    entry, picture = remembered(models, made, chosen)
    now, dropped = put(restoring.recall(entry, Dropped()))
    assert now.values[:6] == made.values[:6]
    *_, (_, compared), _, _, number = restoring.translate_restored(models, dropped, now)
    assert same(compared, picture)
    assert number == chosen


def test_an_entry_is_small_and_holds_no_whole_picture(models: Models, inputs: TranslationInputs) -> None:
    entry, picture = remembered(models, inputs)
    assert len(json.dumps(entry)) < 20_000
    shown = Image.open(io.BytesIO(base64.b64decode(entry["picture"].partition(",")[2])))
    assert max(shown.size) <= history.SIDE
    assert shown.size == picture.size or max(shown.size) == history.SIDE


def test_pictures_of_one_translation_have_one_key_and_others_another(models: Models, inputs: TranslationInputs) -> None:
    first, second = (remembered(models, inputs, chosen)[0] for chosen in (0, 1))
    assert first["key"] == second["key"]
    assert first["made"] != second["made"]
    for other in (dataclasses.replace(inputs, seed=6), dataclasses.replace(inputs, zoom=1.0)):
        assert remembered(models, other)[0]["key"] != first["key"]


def test_what_was_never_made_is_not_kept(models: Models, inputs: TranslationInputs) -> None:
    assert history.remember(models, None, None, 0) is None
    _, _, sides, _, rendered, _ = actions.translate(models, inputs)
    Path(inputs.path or "").unlink()
    assert history.remember(models, sides, rendered, 0) is None


def test_an_entry_whose_photo_is_gone_says_so_and_is_made_when_the_photo_comes(
    models: Models, inputs: TranslationInputs, told: list[str], tmp_path: Path
) -> None:
    entry, picture = remembered(models, inputs)
    Path(inputs.path or "").unlink()
    now, dropped = put(restoring.recall(entry, Dropped()))
    assert now.path is None
    assert "60 × 40 pixels" in told[0]
    assert restoring.translate_restored(models, dropped, now) == [gr.skip()] * 6
    with pytest.raises(gr.Error, match="60 × 40 pixels"):
        restoring.hand_on(models, entry, dropped)
    again = tmp_path / "again.png"
    blobs(7, 60, 40).save(again)
    values = restoring.take_upload(str(again), dropped)
    later = TranslationInputs(*(old if new == gr.skip() else new for old, new in zip(now.values, values, strict=False)))
    dropped = values[-1]
    made = dataclasses.replace(later, path=str(again))
    *_, (_, compared), _, _, _ = restoring.translate_restored(models, dropped, made)
    assert same(compared, picture)
    # From now on the entry has its photo again.
    assert restoring.hand_on(models, entry, dropped)[0] == str(again)


def test_an_example_is_found_wherever_the_entry_was_made(models: Models, inputs: TranslationInputs) -> None:
    example = str(EXAMPLES[3])
    entry, _ = remembered(models, dataclasses.replace(inputs, path=example))
    entry["photo"] = "/somewhere/else.jpg"
    assert put(restoring.recall(entry, Dropped()))[0].path == example


def test_a_style_whose_exemplar_is_gone_comes_from_the_entry_itself(models: Models, inputs: TranslationInputs) -> None:
    entry, picture = remembered(models, dataclasses.replace(inputs, guidance=BY_EXEMPLAR))
    Path(inputs.exemplar_path or "").unlink()
    now, dropped = put(restoring.recall(entry, Dropped()))
    assert now.exemplar_path not in (None, inputs.exemplar_path)
    *_, (_, compared), _, _, _ = restoring.translate_restored(models, dropped, now)
    assert same(compared, picture)


def test_an_entry_reads_only_files_of_the_page(models: Models, inputs: TranslationInputs, tmp_path: Path) -> None:
    entry, _ = remembered(models, inputs)
    secret = tmp_path / "secret.png"
    blobs(7, 60, 40).save(secret)
    Path(inputs.path or "").unlink()
    entry["photo"] = str(secret)
    assert history.Entry.read(entry).photo_path() is None


def test_an_entry_leads_into_styles_and_masks_with_its_own_style(models: Models, inputs: TranslationInputs) -> None:
    entry, picture = remembered(models, inputs, 2)
    translator = models.get("to-cat")
    code = translator.sample(3, 5, 0.5)[2]
    for opening in (page.open_entry_in_styles, page.open_entry_in_masks):
        path, *crop, model, style = opening(models, entry, Dropped())[:6]
        assert (path, crop, model.value) == (inputs.path, [1.5, 0.2, 0.7], "to-cat")
        np.testing.assert_array_equal(style.code, code)
    plan = translator.plan(inputs.content.square(translator.resolution))
    assert same(translator.render(plan, style.code[None])[0], picture)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (None, "Click a picture"),
        ([], "damaged"),
        ({"key": "0"}, "damaged"),
        ({"picture": "data:text/html;base64,"}, "damaged"),
        ({"extra": 1}, "damaged"),
        ({"caption": "x" * 301}, "damaged"),
    ],
)
def test_what_is_no_entry_is_refused(models: Models, inputs: TranslationInputs, sent: Any, said: str) -> None:
    entry = {**remembered(models, inputs)[0], **sent} if isinstance(sent, dict) else sent
    with pytest.raises(gr.Error, match=said):
        restoring.recall(entry, Dropped())


def test_an_entry_of_other_weights_says_so(models: Models, inputs: TranslationInputs) -> None:
    entry, _ = remembered(models, inputs)
    entry["made"]["sha256"] = "0" * 64
    with pytest.raises(ModelError, match="other weights of to-cat"):
        restoring.recall(entry, Dropped())


def test_what_kept_an_entry_from_being_pinned_is_said() -> None:
    history.pin("")
    for problem, said in (("no_entry", "Click a picture"), ("too_many_pins", "unpin one")):
        with pytest.raises(gr.Error, match=said):
            history.pin(problem)
