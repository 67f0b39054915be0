"""Many photos at once, and clips, as their events call them."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.engine import provenance
from gpunit.engine.provenance import SampledStyle
from gpunit.ui import jobs
from gpunit.ui.models import Models
from gpunit.ui.translate import actions, many
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, Rendered, TranslationInputs
from gpunit.ui.translate.many import EACH, ONE
from tests.conftest import blobs
from tests.ui.conftest import saved


@pytest.fixture
def inputs(photo: str, exemplar: str) -> TranslationInputs:
    return TranslationInputs(photo, "to-cat", 1.5, 0.2, 0.7, BY_SAMPLE, 3, 5, 0.5, exemplar)


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    names = ("a.png", "b.jpg", "b.png")
    return [saved(blobs(number, 80, 60), tmp_path / name) for number, name in enumerate(names)]


def run(models: Models, photos: list[str], styling: str, inputs: TranslationInputs, **more: Any) -> list[Any]:
    told: dict[str, Any] = {"rendered": None, "chosen": 0, **more}
    return list(
        many.translate_many(models, photos, styling, False, told["rendered"], told["chosen"], inputs, lambda *a, **k: a)  # type: ignore[arg-type]
    )


def zipped(answers: list[Any]) -> dict[str, Image.Image]:
    with zipfile.ZipFile(answers[-1][2]["value"]) as archive:
        return {name: Image.open(archive.open(name)) for name in archive.namelist()}


def expected(models: Models, path: str, code: Any) -> Image.Image:
    translator = models.get("to-cat")
    return translator.render(translator.plan(images.open_picture(path)), code)[0]


def test_each_photo_gets_its_own_style(models: Models, photos: list[str], inputs: TranslationInputs) -> None:
    answers = run(models, photos, EACH, inputs)
    results = zipped(answers)
    assert list(results) == ["a.png", "b.jpg.png", "b.png.png"]
    codes = models.get("to-cat").sample(3, 5, 0.5)
    for number, (path, result) in enumerate(zip(photos, results.values(), strict=True)):
        np.testing.assert_array_equal(result, expected(models, path, codes[number, None]))
        made = provenance.attached(provenance.keep(result))
        assert made is not None
        assert made.photo == provenance.Photo.of(images.open_picture(path))
        assert made.style == SampledStyle(count=3, seed=5, temperature=0.5, number=number + 1)
    assert [len(answer[1]["value"]) for answer in answers] == [1, 2, 3, 3]
    assert answers[-1][0] == "3 of 3 photos translated"
    pair, caption = answers[-1][1]["value"][0]
    assert caption == "a.png"
    assert pair.width > 2 * models.get("to-cat").resolution


@pytest.mark.parametrize("guidance", [BY_SAMPLE, BY_EXEMPLAR])
def test_all_photos_get_the_style_that_is_compared(
    models: Models, photos: list[str], inputs: TranslationInputs, guidance: str
) -> None:
    shown = dataclasses.replace(inputs, guidance=guidance)
    rendered: Rendered = actions.translate(models, shown)[4]
    chosen = 2 if guidance == BY_SAMPLE else 0
    now = dataclasses.replace(inputs, seed=99)  # the controls have been changed since
    results = zipped(run(models, photos, ONE, now, rendered=rendered, chosen=chosen))
    for path, result in zip(photos, results.values(), strict=True):
        np.testing.assert_array_equal(result, expected(models, path, rendered.styles[chosen, None]))


def test_a_photo_that_cannot_be_read_is_named_and_the_others_are_made(
    models: Models, photos: list[str], inputs: TranslationInputs
) -> None:
    Path(photos[1]).write_bytes(b"no picture")
    answers = run(models, photos, EACH, inputs)
    assert answers[-1][0].startswith("2 of 3 photos translated")
    assert "b.jpg: not a picture" in answers[-1][0]
    assert len(zipped(answers)) == 2


def test_a_stopped_job_keeps_what_is_finished(models: Models, photos: list[str], inputs: TranslationInputs) -> None:
    answering = many.translate_many(models, photos, EACH, False, None, 0, inputs, lambda *a, **k: a)  # type: ignore[arg-type]
    first = next(answering)
    jobs.stop()
    rest = list(answering)
    assert len(rest) == 1
    assert list(zipped([first, *rest])) == ["a.png"]
    jobs.stop()  # nothing runs now, and the next job is not stopped
    assert len(zipped(run(models, photos, EACH, inputs))) == 3


def test_too_many_photos_and_none_are_refused(models: Models, photos: list[str], inputs: TranslationInputs) -> None:
    with pytest.raises(gr.Error, match="Give some photos first"):
        run(models, [], ONE, inputs)
    with pytest.raises(gr.Error, match="32 photos at a time"):
        run(models, photos * 11, ONE, inputs)
