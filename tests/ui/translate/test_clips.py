"""A clip in one style, as its event calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from gpunit import images
from gpunit.engine.clips import translate_frames
from gpunit.images import ClipError, ClipWriter
from gpunit.ui import jobs
from gpunit.ui.models import Models
from gpunit.ui.translate import clips
from gpunit.ui.translate.clips import GIF, MP4
from gpunit.ui.translate.inputs import BY_SAMPLE, TranslationInputs
from tests.conftest import blobs


@pytest.fixture
def inputs(photo: str) -> TranslationInputs:
    return TranslationInputs(photo, "to-cat", 1, 0.5, 0.5, BY_SAMPLE, 1, 5, 0.5, None)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "my clip.mp4"
    with ClipWriter(path, 8) as writer:
        for number in range(12):
            writer.add(blobs(number, 96, 64))
    return str(path)


def start(models: Models, file: str | None, kind: str, inputs: TranslationInputs) -> Any:
    return clips.translate_clip(models, file, kind, False, None, 0, inputs, lambda *a, **k: a)  # type: ignore[arg-type]


def test_a_gif_holds_every_frame_in_one_style(models: Models, file: str, inputs: TranslationInputs) -> None:
    answers = list(start(models, file, GIF, inputs))
    line, frame, gif, video, download = answers[-1]
    assert line == "12 of 12 frames  ·  8 a second"
    assert Path(gif["value"]).name == "my clip-to-cat.gif"
    assert (frame["visible"], video["visible"]) == (False, False)
    assert download["value"] == gif["value"]
    translator = models.get("to-cat")
    wanted = list(translate_frames(translator, images.open_clip(file).frames(), translator.sample(1, 5, 0.5)))
    made = list(images.open_clip(gif["value"]).frames())
    assert len(made) == len(wanted) == 12
    # A GIF has few colours.
    assert np.abs(np.asarray(made[7], dtype=float) - np.asarray(wanted[7], dtype=float)).mean() < 12
    np.testing.assert_array_equal(answers[0][1]["value"], wanted[0])


def test_an_mp4_is_as_long_as_its_clip(models: Models, file: str, inputs: TranslationInputs) -> None:
    *_, (_, _, gif, video, _) = start(models, file, MP4, inputs)
    assert gif["visible"] is False
    made = images.open_clip(video["value"])
    assert (made.rate, made.count) == (8, 12)


def test_a_stopped_clip_keeps_the_frames_so_far(models: Models, file: str, inputs: TranslationInputs) -> None:
    answering = start(models, file, MP4, inputs)
    next(answering)
    jobs.stop()
    (last,) = answering
    assert len(list(images.open_clip(last[4]["value"]).frames())) == 2


def test_no_clip_and_no_real_one_are_refused(models: Models, photo: str, inputs: TranslationInputs) -> None:
    with pytest.raises(gr.Error, match="Give a clip first"):
        next(start(models, None, MP4, inputs))
    with pytest.raises(ClipError, match=r"photo\.png: not a clip"):
        next(start(models, photo, MP4, inputs))
