"""Photos as codes, on the small prior that is bundled."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.ui import i18n, jobs
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import inverting, mixing
from gpunit.ui.prior.pictures import CELL, GAP, HEADER
from gpunit.ui.prior.rows import codes_of
from tests.ui.conftest import same
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]


def test_a_photo_stands_beside_its_code_in_every_class(models: Models, photo: str) -> None:
    picture, hint, line, found = inverting.invert(models, NAME, CLASSES, photo)
    assert picture["visible"]
    assert hint["visible"] is False
    sheet = picture["value"]
    assert sheet.width == 3 * (CELL + GAP) + GAP
    shown = sheet.crop((GAP, HEADER + GAP, GAP + CELL, HEADER + GAP + CELL)).convert("RGB")
    np.testing.assert_array_equal(shown, images.cut(images.open_picture(photo), CELL))
    assert "feature distance of 0." in line
    assert found is not None
    assert found["column"] in models.prior(NAME).class_names
    nothing, hint, line, found = inverting.invert(models, NAME, CLASSES, None)
    assert (nothing["visible"], hint["visible"], line, found) == (False, True, "", None)


def test_sheets_are_headed_in_the_visitors_language(
    models: Models, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sheets() -> list[Image.Image]:
        mixed, _ = mixing.mix_classes(models, NAME, 0.7, 3, [], "cat", "dog", None, 0.5, 0, 0, 9)
        return [inverting.invert(models, NAME, CLASSES, photo)[0]["value"], mixed]

    english = sheets()
    monkeypatch.setattr(i18n, "reads_chinese", lambda: True)
    for mine, theirs in zip(sheets(), english, strict=True):
        strips = [each.crop((0, 0, each.width, HEADER)) for each in (mine, theirs)]
        assert mine.size == theirs.size
        assert not same(*strips)


def test_a_search_tells_how_far_it_is_and_ends_as_every_class(models: Models, photo: str) -> None:
    answers = list(inverting.search_code(models, NAME, CLASSES, 0.7, photo, True, 15))
    widths = [(picture["value"].width - GAP) // (CELL + GAP) for picture, *_ in answers]
    assert widths == [2] * (len(widths) - 1) + [4]
    assert "Step 15 of 15" in answers[-1][2]
    distances = [float(line.rsplit("distance ", 1)[1].split(",")[0]) for _, _, line, _ in answers]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < distances[0]
    found = answers[-1][3]
    assert found is not None
    rows, count, kept = inverting.add_found_row([[1, 0]], [], found)
    assert rows == [[1, 0], found["row"]]
    assert (count["value"], kept["value"]) == (2, ["2"])
    column = inverting.add_found_column(NAME, CLASSES, found)["value"][-1]
    prior = models.prior(NAME)
    (again,) = images.to_pictures(prior.render(codes_of(prior, rows[1:], 0.7), prior.columns([column])))
    shown = cell(answers[-1][0]["value"], 1)
    assert np.abs(np.asarray(again.resize((CELL, CELL)), dtype=int) - shown).mean() < 8


def test_a_search_that_is_stopped_keeps_what_it_has(models: Models, photo: str) -> None:
    searching = inverting.search_code(models, NAME, CLASSES, 0.7, photo, True, 400)
    next(searching)
    jobs.stop()
    *_, (picture, _, line, found) = searching
    assert picture["value"].width == 4 * (CELL + GAP) + GAP
    assert "of 400" in line
    assert "Step 400" not in line
    assert found is not None


def test_without_photo_encoder_or_code_it_is_said(models: Models, photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(gr.Error, match="Give a photo first"):
        next(inverting.search_code(models, NAME, CLASSES, 0.7, None, True, 10))
    for add in (lambda: inverting.add_found_row([], [], None), lambda: inverting.add_found_column(NAME, CLASSES, None)):
        with pytest.raises(gr.Error, match="No code was found yet"):
            add()
    monkeypatch.setattr(models.prior(NAME), "_encoder", None)
    picture, hint, line, found = inverting.invert(models, NAME, CLASSES, photo)
    assert (picture["visible"], hint["visible"], found) == (False, False, None)
    assert "no encoder; press Search" in line
