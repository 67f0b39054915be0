from __future__ import annotations

import ast
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import images
from gpunit.images import CENTRE, Crop, PictureError
from gpunit.ui import content, uploads
from gpunit.ui.content import Content
from gpunit.ui.masks import actions as masks_actions
from gpunit.ui.models import Models
from gpunit.ui.styles import actions as styles_actions
from gpunit.ui.translate import actions as translate_actions
from gpunit.ui.translate.inputs import BY_SAMPLE, TranslationInputs
from gpunit.ui.uploads import KeptPictures, cut_upload, open_upload
from tests.conftest import blobs
from tests.ui.conftest import Counted, saved

UI = Path(uploads.__file__).parent
PIXELS = 8 * 8 * 3


def square(seed: int) -> Image.Image:
    return blobs(seed, 8, 8)


def test_what_is_kept_is_what_the_file_holds(photo: str) -> None:
    crop = Crop(1.5, 0.2, 0.9)
    for _ in range(2):
        np.testing.assert_array_equal(open_upload(photo), images.open_picture(photo))
        np.testing.assert_array_equal(cut_upload(photo, crop, 32), images.cut(images.open_picture(photo), 32, crop))


def test_one_visitor_cannot_change_what_another_is_given(photo: str) -> None:
    for ask in (lambda: open_upload(photo), lambda: cut_upload(photo, CENTRE, 32)):
        before = np.array(ask())
        ask().paste((255, 0, 0), (0, 0, 20, 20))
        np.testing.assert_array_equal(ask(), before)


def test_a_file_that_was_written_anew_is_read_anew(photo: str, counted: Counted) -> None:
    cut_upload(photo, CENTRE, 32)
    saved(blobs(9, 120, 90), Path(photo))
    os.utime(photo, ns=(1, 1))
    np.testing.assert_array_equal(cut_upload(photo, CENTRE, 32), images.cut(blobs(9, 120, 90), 32))
    assert counted.opened == [photo, photo]


def test_an_error_is_told_by_the_visitors_name_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(b"no picture")
    for _ in range(2):
        with pytest.raises(PictureError, match=r"^mine\.png: not a picture"):
            cut_upload(str(path), CENTRE, 32)
    square(1).save(path)
    assert cut_upload(str(path), CENTRE, 8).size == (8, 8)
    with pytest.raises(PictureError, match=r"^gone\.png: there is no such file"):
        open_upload(str(tmp_path / "gone.png"))


def test_threads_that_ask_at_once_wait_for_one_of_them() -> None:
    kept = KeptPictures(PIXELS)
    asked, go = [], threading.Event()

    def make() -> Image.Image:
        asked.append(1)
        assert go.wait(20)
        return square(1)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(kept.get, "key", make) for _ in range(8)]
        go.set()
        assert len({id(answer.result(20)) for answer in answers}) == 1
    assert len(asked) == 1


def test_the_least_recently_used_are_dropped_beyond_the_budget() -> None:
    kept, made = KeptPictures(2 * PIXELS), []

    def ask(seed: int) -> None:
        def make() -> Image.Image:
            made.append(seed)
            return square(seed)

        kept.get(seed, make)

    for seed in (1, 2, 1, 3, 1, 2):
        ask(seed)
    assert made == [1, 2, 3, 2]


def test_a_picture_larger_than_the_budget_is_kept_until_the_next() -> None:
    kept = KeptPictures(1)
    first = kept.get(1, lambda: square(1))
    assert kept.get(1, lambda: square(1)) is first
    kept.get(2, lambda: square(2))
    assert kept.get(1, lambda: square(1)) is not first


def test_one_decode_and_one_cut_whatever_is_dragged(models: Models, photo: str, counted: Counted) -> None:
    here = Content(photo, 1.4, 0.3, 0.6)
    side = models.get("to-cat").resolution
    inputs = TranslationInputs(photo, "to-cat", here.zoom, here.across, here.down, BY_SAMPLE, 2, 7, 1, None)

    content.show_crop(here)
    for number in range(5):
        styles_actions.render_style(models, here, "to-cat", None, 0.5 * number)
    dabs: masks_actions.Dabs = []
    for _ in range(3):
        dabs, _, _ = masks_actions.dab(here, dabs, 12, [[0.4, 0.35]])
        masks_actions.render(models, "to-cat", here, 0, 1, 1, dabs, None)
    masks_actions.draw_heatmaps(models, "to-cat", here, masks_actions.MEAN, 8, 0, 0, 0.8, "viridis")
    translate_actions.translate(models, inputs)
    translate_actions.translate_to_all(models, here, 7, 1)
    assert counted.opened == [photo]
    crop = Crop(here.zoom, here.across, here.down)
    assert sorted(counted.cut, key=lambda each: each[1]) == [(crop, side), (crop, content.PREVIEW_SIZE)]

    content.show_crop(Content(photo, 2.0, 0.3, 0.6))  # another crop: another cut of the same picture
    assert counted.opened == [photo]
    assert len(counted.cut) == 3


def test_the_page_opens_pictures_through_what_is_kept_alone() -> None:
    """Pictures inside a saved JSON file, in the browser's own history and of a webcam are no uploads of their own."""
    allowed = {
        "uploads.py": {"open_picture", "cut"},
        "sharing.py": {"images.open_picture"},
        "history.py": {"images.open_picture"},
        "live.py": {"images.open_picture", "images.cut"},
    }
    for path in UI.rglob("*.py"):
        called = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        }
        opening = {name for name in called if name.split(".")[-1] in ("open_picture", "cut", "load_square")}
        assert opening <= allowed.get(path.name, set()), path.name


@pytest.mark.parametrize(("kind", "is_shown"), [("TIFF", False), ("JPEG2000", False), ("PNG", True), ("JPEG", True)])
def test_formats_that_browsers_do_not_show_become_png(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_shown: bool
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "page"))
    path = tmp_path / "scan"
    blobs(5, 60, 40).save(path, kind)
    shown = uploads.accept_upload(str(path))
    if is_shown:
        assert shown == gr.skip()
    else:
        with Image.open(shown) as picture:
            assert picture.format == "PNG"
        assert images.open_picture(shown).tobytes() == images.open_picture(path).tobytes()


def test_what_cannot_be_read_is_refused_and_nothing_is_left_alone(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(images.PictureError, match="not a picture"):
        uploads.accept_upload(str(broken))
    assert uploads.accept_upload(None) == gr.skip()
