"""The prior tab's sections on photos and on the generator's inside, as a visitor uses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.test_prior_tab import GRID, changed, open_tab
from tests.browser.test_translate_tab import fetch
from tests.conftest import blobs

LONG = 300_000  # milliseconds; machines of continuous integration are slow


def test_a_photo_is_searched_for_and_its_code_becomes_a_row(page: Page, tmp_path: Path) -> None:
    grid = open_tab(page)
    blobs(5, 200, 160).save(tmp_path / "photo.png")
    page.get_by_role("tab", name="A photo as a code").click()
    page.locator("#prior-search").click()
    expect(page.locator(".toast-body.error")).to_contain_text("Give a photo first")
    page.locator("#prior-photo input[type=file]").set_input_files(tmp_path / "photo.png")
    shown, line = page.locator("#prior-inverted img"), page.locator("#prior-search-line")
    expect(line).to_contain_text("feature distance", timeout=LONG)
    number = page.locator("#prior-search-steps input[type=number]")
    number.fill("400")
    number.press("Tab")
    source = shown.get_attribute("src")
    page.locator("#prior-search").click()
    expect(line).to_contain_text("of 400", timeout=LONG)
    changed(page, "#prior-inverted img", source)
    page.locator("#prior-search-stop").click()
    # In the end, every class stands beside the photo and what was found.
    page.wait_for_function(
        "width => document.querySelector('#prior-inverted img').naturalWidth >= width",
        arg=grid.shape[1] + 2 * 132,
        timeout=LONG,
    )
    assert "Step 400" not in line.inner_text()
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-found-row").click()
    after = changed(page, GRID, source)
    assert after.shape[0] == grid.shape[0] + 132
    drawn = fetch(page, shown)[26:154, 2 * 132 :]
    assert np.abs(after[-132:-4] - drawn).max() <= 3, "a row like the others"


def test_units_are_ranked_shown_and_switched_where_one_paints(page: Page) -> None:
    grid = open_tab(page)
    page.get_by_role("tab", name="Inside the generator").click()
    heat = page.locator("#prior-inside img")
    expect(heat).to_be_visible()
    before, source = fetch(page, heat), heat.get_attribute("src")
    assert np.abs(before[26:154] - grid[26:154]).max() <= 2, "the grid's first row"

    page.locator("#prior-switch").click()
    expect(page.locator(".toast-body.error")).to_contain_text("Rank the units first")
    page.locator("#prior-rank").click()
    expect(page.locator("#prior-units img")).to_have_count(12, timeout=LONG)
    expect(page.locator("#prior-rank-line")).to_contain_text("768 units of layer 3")
    page.locator("#prior-units .grid-wrap button").nth(1).click()
    after = changed(page, "#prior-inside img", source)
    assert np.abs(after[158:] - before[158:]).mean() > 3
    caption = page.locator("#prior-units .caption-label").nth(1).inner_text()
    assert page.locator("#prior-inside-unit input").input_value() == caption.split()[1]

    canvas = page.locator("#prior-canvas img")
    canvas.scroll_into_view_if_needed()
    painted = canvas.get_attribute("src")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    page.mouse.up()
    changed(page, "#prior-canvas img", painted)
    page.locator("#prior-switch").click()
    switched = page.locator("#prior-switched-picture img")
    expect(switched).to_be_visible()
    both = fetch(page, switched)
    for column in range(grid.shape[1] // 132):
        cells = [both[26 + 132 * line :, 4 + 132 * column :][:128, :128] for line in range(2)]
        apart = np.abs(cells[0] - cells[1]).mean(2)
        assert apart[52:76, 56:84].mean() > 2 * apart[:16].mean(), f"column {column}"
    expect(page.locator("#prior-switch-line")).to_contain_text("32 units of layer 3")
