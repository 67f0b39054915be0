"""The history, which the visitor's own browser keeps: across reloads and windows, bounded, and leading on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.test_place import opened, sees
from tests.browser.test_translate_tab import fetch, set_count, set_seed, upload
from tests.browser.waiting import until
from tests.conftest import blobs

RESULTS = "#gallery .grid-wrap img"
CAPTIONS = "#history .caption-label"


def open_history(page: Page) -> None:
    expect(page.locator(RESULTS).first).to_be_visible()
    page.locator("[role=tab][data-tab-id=history]").click()
    expect(page.locator("#history button").first).to_be_visible()


def choose(page: Page, caption: str) -> None:
    entry = page.locator("#history button", has_text=caption)
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "true")


def test_the_history_survives_a_reload_and_shows_an_entry_again(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    upload(page, blobs(41, 200, 160), tmp_path / "mine.png")
    wanted = set_seed(page, 51, 6)
    open_history(page)
    expect(page.locator(CAPTIONS).first).to_have_text("to-cat · z 51")
    page.reload()
    expect(page.locator(RESULTS)).to_have_count(6)
    open_history(page)
    # The opening result came once more; it is kept once.
    expect(page.locator(CAPTIONS)).to_have_text(["to-cat · z 7", "to-cat · z 51", "to-cat · z 7"])
    page.set_viewport_size({"width": 390, "height": 700})
    page.locator("#history-again").scroll_into_view_if_needed()
    choose(page, "z 51")
    page.locator("#history-again").click()
    expect(page.locator("#seed input")).to_have_value("51")
    expect(page.locator("#compare")).to_be_in_viewport()
    sees(page, RESULTS, wanted[0])
    page.wait_for_function("() => document.querySelector('#picture img')?.naturalWidth === 200")


def test_an_entry_leads_into_styles_and_masks(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    wanted = set_seed(page, 52, 6)[0]
    set_seed(page, 53, 6)
    open_history(page)
    choose(page, "z 52")
    page.locator("#history-to-styles").click()
    until(page, lambda: opened(page) == "styles")
    sees(page, "#styles-result img", wanted)
    page.go_back()
    until(page, lambda: opened(page) == "translate")
    page.locator("#history-to-masks").click()
    until(page, lambda: opened(page) == "masks")
    sees(page, "#masks-compare img >> nth=1", wanted)


def test_an_entry_whose_photo_is_gone_asks_for_it_and_goes_on(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    upload(page, blobs(42, 200, 160), tmp_path / "mine.png")
    wanted = fetch(page, page.locator(RESULTS).first)
    open_history(page)
    expect(page.locator(CAPTIONS)).to_have_count(2)
    # As after the two hours for which the server keeps files.
    page.evaluate("""() => {
        const name = Object.keys(localStorage).find((each) => each.startsWith("gpunit-history"));
        const all = JSON.parse(localStorage.getItem(name));
        for (const { entry } of all) entry.photo = entry.photo.replace("mine.png", "gone.png");
        localStorage.setItem(name, JSON.stringify(all));
    }""")
    page.reload()
    open_history(page)
    page.locator("#history button").nth(1).click()
    page.locator("#history-to-styles").click()
    expect(page.locator(".toast-body.error")).to_contain_text("200 × 160 pixels")
    page.locator("#history-again").click()
    expect(page.locator(".toast-body.warning")).to_contain_text("200 × 160 pixels")
    page.locator("#picture input[type=file]").set_input_files(tmp_path / "mine.png")
    sees(page, RESULTS, wanted)


def test_the_history_is_bounded_pins_stay_and_all_windows_have_the_same(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    open_history(page)
    page.evaluate("""() => {
        for (let number = 0; number < 15; number += 1) {
            gpunit.history.add({ key: String(number), picture: "data:,", caption: `made ${number}` });
        }
    }""")
    expect(page.locator(CAPTIONS)).to_have_text([f"made {number}" for number in range(14, 2, -1)])
    choose(page, "made 3")
    page.locator("#history-pin").click()
    expect(page.locator(CAPTIONS).first).to_have_text("★ made 3")
    other = page.context.new_page()
    other.goto(page.url)
    open_history(other)
    expect(other.locator(CAPTIONS).first).to_have_text("★ made 3")
    set_count(other, 2)
    expect(page.locator(CAPTIONS)).to_have_count(13)
    expect(page.locator(CAPTIONS).nth(1)).to_have_text("to-cat · z 7")
    other.close()
    for number in range(4, 15):
        page.evaluate(
            "number => gpunit.history.add({ key: `p${number}`, picture: 'data:,', caption: `p${number}.` })", number
        )
        choose(page, f"p{number}.")
        page.locator("#history-pin").click()
        expect(page.locator("#history button", has_text=f"★ p{number}.")).to_be_visible()
    page.evaluate("gpunit.history.add({ key: 'more', picture: 'data:,', caption: 'one more' })")
    choose(page, "one more")
    page.locator("#history-pin").click()
    expect(page.locator(".toast-body.error")).to_contain_text("unpin one first")
    page.locator("#history-forget").click()
    expect(page.locator(CAPTIONS)).to_have_count(12)


def test_a_full_or_closed_store_keeps_the_history_for_the_page(page: Page) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };")
    page.reload()
    expect(page.locator(RESULTS)).to_have_count(6)
    set_seed(page, 54, 6)
    open_history(page)
    expect(page.locator(CAPTIONS)).to_have_text(["to-cat · z 54", "to-cat · z 7"])


def test_a_style_that_is_picked_is_the_one_that_is_kept(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    wanted = fetch(page, page.locator(RESULTS).nth(4))
    before = page.locator("#compare img").nth(1).get_attribute("src")
    page.locator("#gallery .grid-wrap button").nth(4).click()
    page.wait_for_function("before => document.querySelectorAll('#compare img')[1].src !== before", arg=before)
    open_history(page)
    until(
        page,
        lambda: page.evaluate("""() => {
        const name = Object.keys(localStorage).find((each) => each.startsWith("gpunit-history"));
        return JSON.parse(localStorage.getItem(name))[0].entry.made.style.number === 5;
    }"""),
    )
    expect(page.locator(CAPTIONS)).to_have_count(1)
    page.locator("#history button").click()
    set_seed(page, 55, 6)
    page.locator("#history-again").click()
    sees(page, "#compare img >> nth=1", wanted)
    assert np.array_equal(fetch(page, page.locator(RESULTS).nth(4)), wanted)
