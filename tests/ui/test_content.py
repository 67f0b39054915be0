from __future__ import annotations

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.images import Crop
from gpunit.ui.content import PREVIEW_SIZE, Content, find_subject, show_crop
from gpunit.ui.models import Models


def test_the_square_is_what_the_crop_cuts(photo: str) -> None:
    seen = Content(photo, 2.0, 0.25, 1.0).square(40)
    expected = images.cut(images.open_picture(photo), 40, Crop(2.0, 0.25, 1.0))
    np.testing.assert_array_equal(seen, expected)
    np.testing.assert_array_equal(Content(photo).square(40), images.cut(images.open_picture(photo), 40))


def test_without_a_picture_there_is_nothing_to_preview_and_nothing_to_use() -> None:
    assert show_crop(Content(None)) is None
    with pytest.raises(gr.Error, match="Give a picture first"):
        Content(None).square(40)


def test_the_preview_is_the_square(photo: str) -> None:
    shown = show_crop(Content(photo, 1.2))
    assert isinstance(shown, Image.Image)
    np.testing.assert_array_equal(shown, Content(photo, 1.2).square(PREVIEW_SIZE))


def test_the_subjects_crop_is_in_the_sliders_range(models: Models, photo: str) -> None:
    zoom, across, down = find_subject(models, photo)
    assert 1 <= zoom <= 4
    assert 0 <= across <= 1
    assert 0 <= down <= 1
    with pytest.raises(gr.Error, match="Give a picture first"):
        find_subject(models, None)
