"""A result is dropped on the page and gives the same picture again, bit for bit."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from gpunit import images
from gpunit.engine import provenance
from gpunit.engine.provenance import Photo, Provenance, SampledStyle
from tests.browser.waiting import until
from tests.conftest import blobs

SHOWN = "#gallery .grid-wrap img"


def sent(page: Page, where: str, number: int) -> bytes:
    """The file of a picture on the page."""
    address = page.locator(where).nth(number).get_attribute("src")
    assert address
    response = page.request.get(address)
    assert response.ok
    return response.body()


def second(page: Page) -> Provenance | None:
    """How the second picture of the gallery says it was made."""
    return provenance.known(io.BytesIO(sent(page, SHOWN, 1)))


def shows(page: Page, where: str, wanted: Image.Image) -> bool:
    """Whether one of the pictures there is the wanted one, bit for bit."""
    files = [sent(page, where, number) for number in range(page.locator(where).count())]
    return any(Image.open(io.BytesIO(file)).convert("RGB").tobytes() == wanted.tobytes() for file in files)


def drop(page: Page, path: Path) -> None:
    """Put a file in the picture's place."""
    remove = page.locator("#picture button[aria-label='Remove Image']")
    if remove.count():
        remove.click()
    page.locator("#picture input[type=file]").set_input_files(path)


def translate_photo(page: Page, photo: Path) -> None:
    """Drop a photo, translate it, and wait for what came of it."""
    drop(page, photo)
    wanted = Photo.of(images.open_picture(photo))
    page.wait_for_function("wide => document.querySelector('#picture img')?.naturalWidth === wide", arg=wanted.width)
    page.locator("#translate").click()
    until(page, lambda: (made := second(page)) is not None and made.photo == wanted)


def save_second(page: Page, path: Path) -> Image.Image:
    """Save the second picture of the gallery as a visitor would."""
    path.write_bytes(sent(page, SHOWN, 1))
    return images.open_picture(path)


def translate_with_seed(page: Page, seed: int) -> None:
    page.locator("#seed input").fill(str(seed))
    page.locator("#seed input").press("Tab")
    before = page.locator(SHOWN).first.get_attribute("src")
    page.locator("#translate").click()
    page.wait_for_function("before => document.querySelector('#gallery .grid-wrap img').src !== before", arg=before)


def test_a_result_of_an_own_photo_is_made_again(page: Page, tmp_path: Path) -> None:
    expect(page.locator(SHOWN)).to_have_count(6)
    blobs(5, 240, 160).save(tmp_path / "photo.png")
    translate_photo(page, tmp_path / "photo.png")
    result = save_second(page, tmp_path / "result.png")
    seed = page.locator("#seed input").input_value()
    translate_with_seed(page, 4321)
    until(page, lambda: (made := second(page)) is not None and getattr(made.style, "seed", None) == 4321)
    drop(page, tmp_path / "result.png")
    expect(page.locator("#seed input")).to_have_value(seed)
    # The photo is back, and the picture that was dropped is compared.
    page.wait_for_function("() => document.querySelector('#picture img')?.naturalWidth === 240")
    until(page, lambda: shows(page, SHOWN, result))
    until(page, lambda: shows(page, "#compare img", result))


def test_a_result_without_its_photo_says_which_is_missing_and_waits_for_it(page: Page, tmp_path: Path) -> None:
    expect(page.locator(SHOWN)).to_have_count(6)
    blobs(6, 200, 130).save(tmp_path / "photo.png")
    translate_photo(page, tmp_path / "photo.png")
    result = save_second(page, tmp_path / "result.png")
    page.reload()
    expect(page.locator(SHOWN)).to_have_count(6)
    drop(page, tmp_path / "result.png")
    expect(page.get_by_text("the photo of 200 × 130 pixels").first).to_be_visible()
    drop(page, tmp_path / "photo.png")
    until(page, lambda: shows(page, SHOWN, result))
    made = provenance.require(tmp_path / "result.png")
    assert isinstance(made.style, SampledStyle)
    assert made.style.number == 2


def test_a_switched_off_page_writes_nothing_into_its_pictures(page: Page) -> None:
    expect(page.locator(SHOWN)).to_have_count(6)
    page.get_by_role("tab", name="Share").click()
    page.locator("#signs input").click()
    page.wait_for_timeout(300)
    translate_with_seed(page, 4321)
    until(page, lambda: Image.open(io.BytesIO(sent(page, SHOWN, 1))).info == {})
