"""One frame of a webcam's stream."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from gpunit import images
from gpunit.images import PictureError
from gpunit.ui.models import Models
from gpunit.ui.page import build_page
from gpunit.ui.translate import actions, live
from gpunit.ui.translate.inputs import BY_SAMPLE, Rendered, TranslationInputs
from tests.conftest import blobs


def address(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def opened(holding: str) -> Image.Image:
    return images.open_picture(io.BytesIO(base64.b64decode(holding.partition(",")[2])))


@pytest.fixture
def rendered(models: Models, photo: str) -> Rendered:
    return actions.translate(models, TranslationInputs(photo, "to-cat", 1, 0.5, 0.5, BY_SAMPLE, 3, 5, 1, None))[4]


def test_a_frame_is_translated_in_the_style_that_is_compared(models: Models, rendered: Rendered) -> None:
    frame = address(blobs(3, 64, 64))
    translator = models.get("to-cat")
    plan = translator.plan(images.cut(opened(frame), translator.resolution))
    for chosen in (0, 2):
        shown = opened(live.translate_frame(models, {"frame": frame}, rendered, chosen)["picture"])
        (expected,) = translator.render(plan, rendered.styles[chosen][None])
        assert np.abs(np.asarray(shown, dtype=int) - np.asarray(expected, dtype=int)).mean() < 12, "but for JPEG"


def test_a_frame_leaves_no_file(models: Models, rendered: Rendered) -> None:
    before = set(Path(get_upload_folder()).rglob("*"))
    live.translate_frame(models, {"frame": address(blobs(3, 64, 64))}, rendered, 0)
    assert set(Path(get_upload_folder()).rglob("*")) == before


@pytest.mark.parametrize(
    "sent",
    [None, {}, {"frame": 3}, {"frame": "data:text/html;base64,AAAA"}, {"frame": "data:image/jpeg;base64,%"}, []],
)
def test_what_is_no_frame_is_refused(models: Models, rendered: Rendered, sent: Any) -> None:
    with pytest.raises(gr.Error, match="no frame of a webcam"):
        live.translate_frame(models, sent, rendered, 0)


def test_too_large_and_broken_frames_are_refused(models: Models, rendered: Rendered) -> None:
    with pytest.raises(gr.Error, match="no frame of a webcam"):
        live.translate_frame(models, {"frame": "data:image/jpeg;base64," + "A" * live.MOST_CHARACTERS}, rendered, 0)
    with pytest.raises(PictureError):
        live.translate_frame(models, {"frame": "data:image/jpeg;base64,AAAA"}, rendered, 0)


def test_without_a_style_it_says_what_to_do(models: Models) -> None:
    with pytest.raises(gr.Error, match="Translate a picture first"):
        live.translate_frame(models, {"frame": address(blobs(3, 64, 64))}, None, 0)


def test_a_page_that_allows_no_stream_has_none(models: Models) -> None:
    for allows, count in ((True, 1), (False, 0)):
        page = build_page(models, allows)
        functions = [each for each in page.fns.values() if getattr(each.fn, "__name__", "") == "translate_frame"]
        assert len(functions) == count
