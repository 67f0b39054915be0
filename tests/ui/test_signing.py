"""Every translation that the page sends says how it was made, whichever tab rendered it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.engine import provenance
from gpunit.engine.styles import Style
from gpunit.ui.content import Content
from gpunit.ui.masks import actions as masks
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.styles import actions as styles


@pytest.fixture
def content(photo: str) -> Content:
    return Content(photo, 1.5, 0.2, 0.7)


def made_again(models: Models, result: Image.Image, photo: str) -> None:
    """Make a result again from nothing but its file and its photo."""
    made = provenance.require(scratch.kept_picture(result))
    translator = models.get(made.model)
    seen = images.cut(images.open_picture(photo), translator.resolution, made.square.crop)
    codes, index = made.styles(translator)
    np.testing.assert_array_equal(translator.render(translator.plan(seen), codes)[index], result)


def test_a_style_that_was_moved_along_its_axes(models: Models, content: Content, photo: str) -> None:
    start = Style.of("to-cat", models.get("to-cat").sample(1, 4))
    _, result, _ = styles.render_style(models, content, "to-cat", start, *[0.7] * 12)
    made_again(models, result, photo)
    made_again(models, styles.show(models, content, "to-cat", None, start, 6)[3], photo)
    made_again(models, styles.reset_style(models, content, "to-cat", start, 6)[3], photo)


def test_styles_under_the_same_masks(models: Models, content: Content, photo: str) -> None:
    for seed in (0, 5):
        for result, _ in masks.render_styles(models, "to-cat", content, seed):
            made_again(models, result, photo)


def test_what_altered_skips_made_says_nothing(models: Models, content: Content, photo: str) -> None:
    (without, plain), _, kept = masks.render(models, "to-cat", content, 5, 1, 1, [], None)
    made_again(models, plain, photo)
    (_, weaker), _, _ = masks.render(models, "to-cat", content, 5, 1, 0.5, [], kept)
    (_, painted), _, _ = masks.render(models, "to-cat", content, 5, 1, 1, [[0.5, 0.5, 0.2]], kept)
    for result in (without, weaker, painted):
        assert Image.open(scratch.kept_picture(result)).info == {}
