"""Where a visitor is: one picture in all tabs, the tab in the address, back and forward, and jumps that land on top."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from gpunit import images
from tests.browser.test_translate_tab import drawn, fetch, upload
from tests.browser.waiting import until
from tests.conftest import blobs

RESULTS = "#gallery .grid-wrap img"


def opened(page: Page) -> str | None:
    return page.locator("#tabs [role=tablist]").first.locator("[aria-selected=true]").get_attribute("data-tab-id")


def open_tab(page: Page, tab: str) -> None:
    page.locator(f"[role=tab][data-tab-id={tab}]").click()


def is_at_top(page: Page) -> bool:
    box = page.locator("#tabs").bounding_box()
    assert box is not None
    return 0 <= box["y"] < 400


def sees(page: Page, where: str, wanted: np.ndarray) -> None:
    """Wait until a picture on the page is this one, (H, W, 3)."""
    expect(page.locator(where).first).to_be_visible()

    def is_so() -> bool:
        shown = fetch(page, page.locator(where).first)
        return shown.shape == wanted.shape and float(np.abs(shown - wanted).max()) <= 2

    until(page, is_so)


def square(seed: int, side: int) -> np.ndarray:
    return np.asarray(images.cut(blobs(seed, 200, 160), side), dtype=int)


def test_a_picture_put_on_one_tab_is_shown_by_all(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    upload(page, blobs(31, 200, 160), tmp_path / "mine.png")
    open_tab(page, "styles")
    sees(page, "#styles-source img", square(31, 128))
    open_tab(page, "masks")
    sees(page, "#masks-canvas img", square(31, 256))
    blobs(32, 200, 160).save(tmp_path / "other.png")
    page.locator("#masks-picture input[type=file]").set_input_files(tmp_path / "other.png")
    sees(page, "#masks-canvas img", square(32, 256))
    open_tab(page, "styles")
    sees(page, "#styles-source img", square(32, 128))
    open_tab(page, "translate")
    drawn(page, "other-to-cat", 6)


def test_a_moved_frame_is_the_same_in_all_tabs(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    page.locator("#picture .crop-frame").focus()
    for _ in range(4):
        page.keyboard.press("+")
    zoom = page.locator("#zoom input[type=number]")
    expect(zoom).not_to_have_value("1")
    wanted = zoom.input_value()
    open_tab(page, "styles")
    expect(page.locator("#styles-zoom input[type=number]")).to_have_value(wanted)


def test_the_address_names_the_tab_and_back_and_forward_move_between_tabs(page: Page, address: str) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    open_tab(page, "styles")
    expect(page).to_have_url(re.compile(r"\?tab=styles$"))
    open_tab(page, "masks")
    expect(page).to_have_url(re.compile(r"\?tab=masks$"))
    page.go_back()
    until(page, lambda: opened(page) == "styles")
    page.go_back()
    until(page, lambda: opened(page) == "translate")
    assert page.url == f"{address}/"
    page.go_forward()
    until(page, lambda: opened(page) == "styles")
    expect(page.locator("#styles-result img")).to_be_visible()
    page.go_forward()
    until(page, lambda: opened(page) == "masks")
    page.reload()
    until(page, lambda: opened(page) == "masks")


def test_a_shared_address_opens_its_tab_and_what_else_it_names(page: Page, address: str) -> None:
    page.goto(f"{address}/?tab=masks&picture=dog-fox&__theme=dark")
    until(page, lambda: opened(page) == "masks")
    expect(page.locator("#masks-canvas img")).to_be_visible()
    expect(page.locator("#masks-examples input[value=dog-fox]")).to_be_checked()
    open_tab(page, "translate")
    drawn(page, "dog-fox-to-cat", 6)
    assert "picture=dog-fox" in page.url
    assert "tab=" not in page.url
    page.goto(f"{address}/?tab=nonsense")
    expect(page.locator(RESULTS)).to_have_count(6)
    assert opened(page) == "translate"


def test_a_jump_lands_at_the_top_and_shows_the_same_style(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    expect(page.locator(RESULTS)).to_have_count(6)
    results = page.locator(RESULTS)
    wanted = fetch(page, results.nth(3))
    before = page.locator("#compare img").nth(1).get_attribute("src")
    page.locator("#gallery .grid-wrap button").nth(3).click()
    page.wait_for_function("before => document.querySelectorAll('#compare img')[1].src !== before", arg=before)
    page.locator("#to-masks").scroll_into_view_if_needed()
    page.locator("#to-masks").click()
    until(page, lambda: opened(page) == "masks" and is_at_top(page))
    expect(page.locator("#masks-compare img")).to_have_count(2)
    sees(page, "#masks-compare img >> nth=1", wanted)
    expect(page.locator("#masks-effect")).to_contain_text("style of your translation")
    page.go_back()
    until(page, lambda: opened(page) == "translate")
    page.locator("#to-styles").click()
    until(page, lambda: opened(page) == "styles" and is_at_top(page))
    sees(page, "#styles-result img", wanted)
    page.locator("#styles-timing").scroll_into_view_if_needed()
    open_tab(page, "masks")
    page.locator("#masks-dice").click()
    expect(page.locator("#masks-effect")).not_to_contain_text("style of your translation")
