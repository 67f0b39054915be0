"""The page by keys alone: nothing here is clicked, and no element is given the focus but by the keyboard."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.test_prior_tab import changed
from tests.browser.test_styles_tab import PITCH
from tests.browser.test_translate_tab import drawn, fetch


def tab_to(page: Page, selector: str, key: str = "Tab", most: int = 150) -> None:
    """Press Tab, or another key, until the focus is in such an element."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.closest(selector) !== null", selector):
            return
    raise AssertionError(f"{key} does not reach {selector}")


def open_by_arrows(page: Page, tab: str) -> None:
    """From the opening page, go to another tab by arrow keys."""
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    tab_to(page, "[role=tab]")
    order = page.locator("#tabs > .tab-wrapper [role=tab]").evaluate_all("all => all.map((each) => each.dataset.tabId)")
    for _ in range(order.index(tab)):
        page.keyboard.press("ArrowRight")
    expect(page.locator(f"[role=tab][data-tab-id={tab}]")).to_be_focused()
    expect(page.locator(f"[role=tab][data-tab-id={tab}]")).to_have_attribute("aria-selected", "true")


def test_an_example_becomes_another_target_and_is_compared(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    tab_to(page, "#examples")
    before = page.locator("#examples input:checked").input_value()
    page.keyboard.press("ArrowRight")
    example = page.locator("#examples input:checked").input_value()
    assert example != before
    drawn(page, f"{example}-to-cat", 6)
    tab_to(page, "#targets-choice")
    page.keyboard.press("ArrowRight")
    model = page.locator("#targets-choice input:checked").input_value()
    assert model != "to-cat"
    drawn(page, f"{example}-{model}", 6)
    tab_to(page, "#translate")
    with page.expect_response(lambda response: "queue/join" in response.url):
        page.keyboard.press("Enter")
    expect(page.locator("#gallery [data-testid=status-tracker]")).to_have_class(re.compile(r"\bhide\b"))
    tab_to(page, "#gallery")
    tab_to(page, "#compare [role=slider]", "Shift+Tab")
    line = page.locator("#compare [role=slider]")
    expect(line).to_have_attribute("aria-valuenow", re.compile("^(49|50|51)$"))
    after = page.locator("#compare img").last
    clipped = after.get_attribute("style")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(line).to_have_attribute("aria-valuenow", re.compile("^(29|30|31)$"))
    expect(after).not_to_have_attribute("style", clipped or "")
    page.keyboard.press("End")
    expect(line).to_have_attribute("aria-valuenow", re.compile("^(99|100)$"))


def test_the_frame_is_moved_and_zoomed(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    shown = page.locator("#gallery .grid-wrap img").first
    before = shown.get_attribute("src")
    tab_to(page, "#picture .crop-frame")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(shown).not_to_have_attribute("src", before or "")
    expect(page.locator(".toast-body")).to_have_count(0)


def test_a_cell_of_the_grid_is_chosen(page: Page) -> None:
    open_by_arrows(page, "styles")
    expect(page.locator("#styles-row img")).to_be_visible()
    tab_to(page, "#styles-sections [role=tab]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#styles-grid img")).to_be_visible()
    grid = fetch(page, page.locator("#styles-grid img"))
    before = page.locator("#styles-result img").get_attribute("src")
    tab_to(page, "#styles-grid [role=gridcell]")
    expect(page.locator("#styles-grid [role=gridcell]")).to_have_count(49)
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    cell = page.locator("#styles-grid [role=gridcell]:focus")
    expect(cell).to_have_attribute("aria-label", "4, 3")
    page.keyboard.press("Enter")
    chosen = changed(page, "#styles-result img", before)
    assert np.abs(chosen - grid[4 + PITCH * 3 :, 4 + PITCH * 2 :][:128, :128]).max() <= 1
    expect(cell).to_have_attribute("aria-selected", "true")


def test_a_place_of_the_prior_is_marked(page: Page) -> None:
    open_by_arrows(page, "prior")
    expect(page.locator("#prior-grid img")).to_be_visible()
    before = page.locator("#prior-grid img").get_attribute("src")
    tab_to(page, "#prior-pointer")
    page.keyboard.press("ArrowRight")
    changed(page, "#prior-grid img", before)
    expect(page.locator("#prior-numbers table")).to_be_visible()
    expect(page.locator("#prior-chosen img")).to_be_visible()
    before = page.locator("#prior-grid img").get_attribute("src")
    page.keyboard.press("Control+ArrowDown")
    changed(page, "#prior-grid img", before)


def test_the_skips_are_painted_off(page: Page) -> None:
    open_by_arrows(page, "masks")
    expect(page.locator("#masks-effect")).to_contain_text("of 255")
    canvas = page.locator("#masks-canvas img")
    plain, before = fetch(page, canvas), canvas.get_attribute("src")
    tab_to(page, "#masks-canvas .brush")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#masks-canvas .brush-ring")).to_be_visible()
    page.keyboard.press("Space")
    painted = np.abs(changed(page, "#masks-canvas img", before) - plain).max(2) > 2
    rows, columns = painted.nonzero()
    np.testing.assert_allclose((rows.mean() / 256, columns.mean() / 256), (0.5, 0.7), atol=0.02)
    expect(page.locator("#masks-effect")).to_contain_text("painted off")
    before = canvas.get_attribute("src")
    page.keyboard.down("Space")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.keyboard.up("Space")
    stroke = np.abs(changed(page, "#masks-canvas img", before) - plain).max(2) > 2
    assert stroke[128, 128:180].all(), "held, Space draws a line"
