"""The webcam's stream, with the moving picture that Chromium gives in place of a camera."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS
from tests.browser.test_translate_tab import set_seed
from tests.browser.waiting import until

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SHOWN = "#live-stage img"


@pytest.fixture
def filmed(browser: Browser, address: str) -> Iterator[Page]:
    """A page whose browser has a camera; the session's own browser has none."""
    with_camera = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA])
    page = with_camera.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(address)
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.locator("[role=tab][data-tab-id=live]").click()
    yield page
    with_camera.close()


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def is_on(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('#live-stage video').srcObject !== null"))


def next_picture(page: Page) -> str:
    before = page.locator(SHOWN).get_attribute("src")
    page.wait_for_function(
        "before => document.querySelector('#live-stage img').getAttribute('src') !== before", arg=before
    )
    return str(page.locator(SHOWN).get_attribute("src"))


def test_the_webcam_is_translated_a_frame_at_a_time_until_it_is_stopped(filmed: Page) -> None:
    page = filmed
    frames: list[str] = []

    def count(post: str | None) -> None:
        sent = json.loads(post or "{}").get("data") or [None]
        if isinstance(sent[0], dict) and "frame" in sent[0]:
            frames.append(sent[0]["frame"])

    page.on("request", lambda request: count(request.post_data) if "queue/join" in request.url else None)
    page.locator("#live-begin").click()
    pictures = {next_picture(page) for _ in range(4)}
    assert len(pictures) == 4
    assert all(picture.startswith("data:image/jpeg") for picture in pictures)
    expect(page.locator("#live-stage output")).to_contain_text("fps")
    expect(page.get_by_role("img", name="The webcam's picture, translated")).to_be_visible()
    # Every frame is another one: none waited.
    assert len(set(frames)) == len(frames)
    set_seed(page, 61, 6)  # others are not kept from the device meanwhile
    page.locator("#live-end").click()
    until(page, lambda: not is_on(page))
    page.wait_for_timeout(1000)
    before = len(frames)
    page.wait_for_timeout(1500)
    assert len(frames) == before


def test_the_webcam_is_off_once_no_one_looks(filmed: Page) -> None:
    filmed.locator("#live-begin").click()
    next_picture(filmed)
    filmed.locator("[role=tab][data-tab-id=masks]").click()
    until(filmed, lambda: not is_on(filmed))


def test_a_browser_without_a_webcam_says_what_to_do(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.locator("[role=tab][data-tab-id=live]").click()
    expect(page.locator("#live-denied")).to_be_hidden()
    page.locator("#live-begin").click()
    expect(page.locator("#live-denied")).to_be_visible()
