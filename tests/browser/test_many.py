"""Many photos become a ZIP, and a clip becomes a clip, as a visitor does it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from gpunit import images
from gpunit.engine import provenance
from gpunit.images import ClipWriter
from tests.browser.test_restoring import shows
from tests.browser.test_translate_tab import gallery
from tests.browser.waiting import until
from tests.conftest import blobs


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"photo-{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        blobs(20 + number, 160, 120).save(path)
    return paths


def test_many_photos_become_pairs_and_a_zip(page: Page, photos: list[Path]) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.get_by_role("tab", name="Many photos").click()
    page.locator("#many-files input[type=file]").set_input_files(photos)
    expect(page.locator("#many-files")).to_contain_text("photo-2")
    page.locator("#many-go").click()
    expect(page.locator("#many-line")).to_contain_text("3 of 3 photos translated")
    expect(page.locator("#many-pairs img")).to_have_count(3)
    with page.expect_download() as download:
        page.locator("#many-download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == [path.name for path in photos]
        made = provenance.attached(provenance.keep(Image.open(archive.open("photo-1.png"))))
    assert made is not None
    assert made.photo == provenance.Photo.of(images.open_picture(photos[1]))


def test_a_photo_gets_the_style_that_is_compared(page: Page, photos: list[Path]) -> None:
    """One of the many is the photo above: in the compared style it becomes the compared picture, bit for bit."""
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    wanted = gallery(page)[2]
    page.locator("#gallery .grid-wrap button").nth(2).click()
    until(page, lambda: shows(page, "#compare img", Image.fromarray(wanted.astype(np.uint8))))
    example = Path(__file__).resolve().parents[2] / "assets" / "examples" / "dog-husky.jpg"
    page.get_by_role("tab", name="Many photos").click()
    page.locator("#many-finds input").uncheck()
    page.locator("#many-files input[type=file]").set_input_files([example, photos[0]])
    expect(page.locator("#many-files")).to_contain_text("photo-0")
    page.locator("#many-go").click()
    expect(page.locator("#many-line")).to_contain_text("2 of 2 photos translated")
    with page.expect_download() as download:
        page.locator("#many-download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        result = np.asarray(Image.open(archive.open("dog-husky.png")), dtype=int)
    assert np.array_equal(result, wanted)


def test_a_clip_becomes_a_clip_and_can_be_stopped(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "walk.mp4"
    with ClipWriter(path, 15) as writer:
        for number in range(140):
            writer.add(blobs(number // 10, 160, 120))
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.get_by_role("tab", name="A clip").click()
    page.locator("#clip-file input[type=file]").set_input_files(path)
    expect(page.locator("#clip-file")).to_contain_text("walk")
    page.locator("#clip-go").click()
    expect(page.locator("#clip-frame img")).to_be_visible()
    page.locator("#clip-stop").click()
    expect(page.locator("#clip-video video")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#clip-download").click()
    assert download.value.suggested_filename == "walk-to-cat.mp4"
    stopped = images.open_clip(download.value.path(), "walk.mp4")
    assert (stopped.width, stopped.height, stopped.rate) == (128, 128, 15)
    assert 0 < len(list(stopped.frames())) < 140


def test_a_short_clip_becomes_a_gif_and_what_is_no_clip_is_explained(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "short.gif"
    with ClipWriter(path, 10) as writer:
        for number in range(6):
            writer.add(blobs(number, 64, 64))
    fake = tmp_path / "fake.mp4"
    fake.write_bytes(b"#EXTM3U\nfile:///etc/passwd")
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.get_by_role("tab", name="A clip").click()
    page.locator("#clip-file input[type=file]").set_input_files(fake)
    expect(page.locator("#clip-file")).to_contain_text("fake")
    page.locator("#clip-go").click()
    expect(page.get_by_text("fake.mp4: not a clip").first).to_be_visible()
    page.locator("#clip-file button[aria-label='Clear']").click()
    page.locator("#clip-file input[type=file]").set_input_files(path)
    expect(page.locator("#clip-file")).to_contain_text("short")
    page.get_by_label("GIF").last.check()
    page.locator("#clip-go").click()
    expect(page.locator("#clip-line")).to_contain_text("6 of 6 frames")
    expect(page.locator("#clip-gif img")).to_be_visible()
