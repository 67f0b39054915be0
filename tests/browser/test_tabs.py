"""What is in use in one tab goes to the next, and to no other visitor's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect

from gpunit import images, zoo
from gpunit.images import Crop
from tests.browser.test_place import sees
from tests.browser.test_prior_tab import changed
from tests.browser.test_translate_tab import translate, upload
from tests.conftest import blobs


def test_picture_and_style_go_to_the_styles_tab(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    upload(page, blobs(8, 200, 160), tmp_path / "mine.png")
    wanted = translate(page, 6)[2]
    compared = page.locator("#compare img").nth(1).get_attribute("src")
    page.locator("#gallery .grid-wrap button").nth(2).click()
    page.wait_for_function("before => document.querySelectorAll('#compare img')[1].src !== before", arg=compared)
    page.locator("#to-styles").click()
    sees(page, "#styles-result img", wanted)  # the tab draws once as it opens and once with the style


def test_a_picture_goes_to_the_masks(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    upload(page, blobs(9, 200, 160), tmp_path / "mine.png")
    page.locator("#to-masks").click()
    sees(page, "#masks-canvas img", np.asarray(images.cut(blobs(9, 200, 160), 256, Crop(1, 0.5, 0.5)), dtype=int))


def test_two_visitors_at_once_see_their_own_pictures(browser: Browser, address: str, tmp_path: Path) -> None:
    contexts = [browser.new_context(viewport={"width": 1280, "height": 1000}) for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.set_default_timeout(60_000)
        page.goto(address)
        expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    before = [page.locator("#gallery .grid-wrap img").first.get_attribute("src") for page in pages]
    for number, page in enumerate(pages):
        upload(page, blobs(20 + number, 200, 160), tmp_path / f"{number}.png")
    translator = zoo.load("to-cat", "cpu", "fp32")
    for number, page in enumerate(pages):
        shown = changed(page, "#gallery .grid-wrap img", before[number])
        plan = translator.plan(images.cut(blobs(20 + number, 200, 160), translator.resolution))
        seed = int(page.locator("#seed input").input_value())
        (expected,) = translator.render(plan, translator.sample(1, seed))
        assert np.abs(shown - np.asarray(expected, dtype=int)).max() <= 3
    for context in contexts:
        context.close()
