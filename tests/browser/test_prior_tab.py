from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from gpunit import images, zoo
from gpunit.prior.loading import load_prior
from gpunit.ui.prior.filming import FRAME_RATE
from gpunit.ui.prior.pictures import grid_sheet
from tests.browser.test_translate_tab import fetch
from tests.conftest import blobs

GRID = "#prior-grid img"


def open_tab(page: Page) -> np.ndarray:
    page.get_by_role("tab", name="BigGAN prior").click()
    expect(page.locator(GRID)).to_be_visible()
    return fetch(page, page.locator(GRID))


def changed(page: Page, selector: str, before: str | None) -> np.ndarray:
    """The picture, once it is another one than before."""
    page.wait_for_function(
        "([selector, before]) => { const img = document.querySelector(selector); return img && img.src !== before }",
        arg=[selector, before],
    )
    return fetch(page, page.locator(selector).first)


def test_the_tab_opens_with_what_the_engine_draws(page: Page) -> None:
    shown = open_tab(page)
    prior = load_prior(zoo.checkpoints_folder() / "prior-small", "cpu")
    drawn = prior.grid(prior.latents(3, 7, 0.7), [0, 1, 2, 3])
    expected = grid_sheet([images.to_pictures(row) for row in drawn], list(prior.class_names[:4])).convert("RGB")
    assert shown.shape == (expected.height, expected.width, 3)
    assert np.abs(shown - np.asarray(expected, dtype=int)).max() <= 2


def test_a_new_seed_draws_other_pictures_of_the_same_classes(page: Page) -> None:
    before = open_tab(page)
    source = page.locator(GRID).get_attribute("src")
    seed = page.locator("#prior-seed input")
    seed.fill("4")
    seed.press("Tab")
    after = changed(page, GRID, source)
    assert after.shape == before.shape
    assert np.abs(after - before).mean() > 5


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the grid's picture is on the screen."""
    box = page.locator(GRID).bounding_box()
    assert box is not None
    width, height = page.evaluate(
        "selector => { const i = document.querySelector(selector); return [i.naturalWidth, i.naturalHeight] }", GRID
    )
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - scale * width) / 2, (box["height"] - scale * height) / 2
    return box["x"] + left + scale * (x + 0.5), box["y"] + top + scale * (y + 0.5)


def test_a_clicked_place_is_marked_in_every_class(page: Page) -> None:
    before = open_tab(page)
    page.locator(GRID).scroll_into_view_if_needed()
    source = page.locator(GRID).get_attribute("src")
    # The third row's second picture, a place right of and below its middle.
    x, y = 4 + 132 + 90, 26 + 2 * 132 + 80
    page.mouse.click(*on_screen(page, x, y))
    shown = changed(page, GRID, source)
    red = np.argwhere((shown[26 + 264 :][:128, 136:264] == [255, 0, 0]).all(2)).mean(0)
    np.testing.assert_allclose(red, [80, 90], atol=2)  # a pixel of the screen may be more than one of the picture
    for column in (0, 2, 3):
        cells = [each[26 + 264 :][:128, 4 + 132 * column :][:, :128] for each in (shown, before)]
        assert np.abs(cells[0] - cells[1]).mean() > 5, "lit"
    assert np.abs(shown[: 26 + 264] - before[: 26 + 264]).max() <= 2, "other rows stay"
    expect(page.locator("#prior-numbers")).to_contain_text("How sure")

    source = page.locator(GRID).get_attribute("src")
    page.keyboard.press("ArrowRight")
    moved = changed(page, GRID, source)
    there = np.argwhere((moved[26 + 264 :][:128, 136:264] == [255, 0, 0]).all(2)).mean(0)
    np.testing.assert_allclose(there - red, [0, 8], atol=0.5)

    source = page.locator(GRID).get_attribute("src")
    page.keyboard.press("Escape")
    assert np.abs(changed(page, GRID, source) - before).max() <= 2


def test_a_dragged_box_is_a_region(page: Page) -> None:
    before = open_tab(page)
    page.locator(GRID).scroll_into_view_if_needed()
    source = page.locator(GRID).get_attribute("src")
    page.mouse.move(*on_screen(page, 4 + 20, 26 + 20))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 4 + 60, 26 + 70))
    page.mouse.move(*on_screen(page, 4 + 90, 26 + 100))
    page.mouse.up()
    shown = changed(page, GRID, source)
    assert (shown[26:154, 4:132] == [255, 0, 0]).all(2).sum() > 100
    assert np.abs(shown[26:154, 136:264] - before[26:154, 136:264]).mean() > 3
    expect(page.locator("#prior-numbers")).to_contain_text("overlap")


def test_a_kept_row_stays_when_the_seed_changes(page: Page) -> None:
    before = open_tab(page)
    page.locator("#prior-kept").get_by_label("2").check()
    source = page.locator(GRID).get_attribute("src")
    seed = page.locator("#prior-seed input")
    seed.fill("9")
    seed.press("Tab")
    after = changed(page, GRID, source)
    rows = [slice(26 + 132 * row, 26 + 132 * row + 128) for row in range(3)]
    assert np.abs(after[rows[1]] - before[rows[1]]).max() <= 2
    for other in (0, 2):
        assert np.abs(after[rows[other]] - before[rows[other]]).mean() > 5


def test_maps_stand_under_the_pictures(page: Page) -> None:
    before = open_tab(page)
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-below input").click()
    page.get_by_role("option", name="Content map").click()
    after = changed(page, GRID, source)
    assert after.shape[0] == before.shape[0] + 3 * 132
    for row in range(3):
        assert np.abs(after[26 + 264 * row :][:128] - before[26 + 132 * row :][:128]).max() <= 2
    cells = after[26 + 132 :][:128, 4:132].reshape(8, 16, 8, 16, 3)
    assert cells.std((1, 3)).max() < 1, "an 8x8 map is 64 plain squares"

    legend = page.locator("#prior-legend")
    expect(legend).to_contain_text("One scale for the whole grid")
    page.locator("#prior-below input").click()
    page.get_by_role("option", name="Nothing").click()
    expect(legend).to_be_hidden()


def test_a_class_found_by_name_gets_a_column(page: Page) -> None:
    before = open_tab(page)
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-classes").get_by_label("Remove cat").or_(
        page.locator("#prior-classes .token-remove").first
    ).first.click()
    after = changed(page, GRID, source)
    assert after.shape[1] == before.shape[1] - 132
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-classes input").fill("ca")
    page.get_by_role("option", name="cat", exact=True).click()
    again = changed(page, GRID, source)
    assert again.shape == before.shape
    assert np.abs(again[26:, 400:528] - before[26:, 4:132]).max() <= 2


def test_a_walk_starts_and_ends_at_the_rows(page: Page) -> None:
    grid = open_tab(page)
    page.get_by_role("tab", name="Walk").click()
    expect(page.locator("#prior-walk img")).to_be_visible()
    for value, row in (("0", 0), ("1", 1)):
        source = page.locator("#prior-walk img").get_attribute("src")
        number = page.locator("#prior-place input[type=number]")
        number.fill(value)
        number.press("Tab")
        shown = changed(page, "#prior-walk img", source)
        assert np.abs(shown[26:154] - grid[26 + 132 * row :][:128]).max() <= 3


def test_a_drawn_picture_goes_to_translate(page: Page) -> None:
    open_tab(page)
    expect(page.locator("#prior-chosen img")).to_be_visible()
    picture = fetch(page, page.locator("#prior-chosen img"))
    before = page.locator("#picture img").get_attribute("src")
    page.locator("#prior-send").click()
    expect(page.locator("#picture img")).to_be_visible()
    expect(page.locator("#prior-send")).to_be_hidden()
    assert np.abs(changed(page, "#picture img", before) - picture).mean() < 3


def test_a_photo_is_drawn_in_every_class(page: Page, tmp_path: Path) -> None:
    open_tab(page)
    photo = blobs(5, 200, 160)
    photo.save(tmp_path / "photo.png")
    page.get_by_role("tab", name="A photo as a code").click()
    page.locator("#prior-photo input[type=file]").set_input_files(tmp_path / "photo.png")
    expect(page.locator("#prior-inverted img")).to_be_visible()
    shown = fetch(page, page.locator("#prior-inverted img"))
    prior = load_prior(zoo.checkpoints_folder() / "prior-small", "cpu")
    seen = images.cut(photo, 128)
    (drawn,) = prior.grid(prior.invert(images.to_tensor(seen)), [0, 1, 2, 3])
    row = [seen, *images.to_pictures(drawn)]
    expected = np.asarray(grid_sheet([row], ["photo", *prior.class_names[:4]]).convert("RGB"), dtype=int)
    assert np.abs(shown - expected).max() <= 2


def test_an_axis_moves_every_class_and_the_code_becomes_a_row(page: Page) -> None:
    grid = open_tab(page)
    page.get_by_role("tab", name="Directions").click()
    moved = page.locator("#prior-moved img")
    expect(moved).to_be_visible()
    before, source = fetch(page, moved), moved.get_attribute("src")
    assert np.abs(before[26:154] - grid[26:154]).max() <= 3, "zero is the row itself"
    number = page.locator("#prior-axis-1 input[type=number]")
    number.fill("2")
    number.press("Tab")
    after = changed(page, "#prior-moved img", source)
    for column in range(4):
        cells = [each[26:154, 4 + 132 * column :][:, :128] for each in (before, after)]
        assert np.abs(cells[0] - cells[1]).mean() > 3, f"column {column}"
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-keep-moved").click()
    assert changed(page, GRID, source).shape[0] == grid.shape[0] + 132


def test_a_mixture_of_classes_gets_a_column(page: Page) -> None:
    grid = open_tab(page)
    page.get_by_role("tab", name="Between classes").click()
    expect(page.locator("#prior-mixed img")).to_be_visible()
    expect(page.locator("#prior-written textarea")).to_have_value("cat:0.50+dog:0.50")
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-add-column").click()
    after = changed(page, GRID, source)
    assert after.shape[1] == grid.shape[1] + 132
    assert np.abs(after[26:, : grid.shape[1] - 4] - grid[26:, :-4]).max() <= 2
    expect(page.locator(".toast-body.error")).to_have_count(0)


def test_a_film_is_made_and_plays(page: Page) -> None:
    open_tab(page)
    page.get_by_role("tab", name="Films").click()
    frames = page.get_by_label("number input for Frames")
    frames.fill("16")
    frames.press("Tab")
    page.locator("#prior-film").click()
    video = page.locator("#prior-film-video video")
    expect(video).to_be_visible(timeout=60_000)
    page.wait_for_function("() => document.querySelector('#prior-film-video video').readyState >= 1")
    lasts = video.evaluate("video => video.duration")
    assert lasts == pytest.approx(16 / FRAME_RATE, abs=0.1)


def test_classes_are_measured_and_a_cell_opens_its_pairs(page: Page) -> None:
    open_tab(page)
    page.get_by_role("tab", name="Agreement").click()
    matrix = page.locator("#prior-agreement img")
    expect(matrix).to_be_visible()
    expect(page.locator("#prior-agreement-features img")).to_be_visible()
    line = page.locator("#prior-agreement-line")
    expect(line).to_contain_text("4 classes, 24 codes")
    expect(line).not_to_contain_text("are drawn")
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    assert box is not None
    source = matrix.get_attribute("src")
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    expect(page.locator("#prior-pairs img")).to_be_visible()
    expect(page.locator("#prior-pair-line")).to_contain_text("in contents")
    changed(page, "#prior-agreement img", source)  # the cell has a frame
    pairs = page.locator("#prior-pairs img").get_attribute("src")
    page.locator("#prior-pair-other input").click()
    page.get_by_role("option", name="car", exact=True).click()
    changed(page, "#prior-pairs img", pairs)
    expect(page.locator("#prior-pair-line")).to_contain_text("and car")


def test_every_layer_is_measured_until_it_is_stopped(page: Page) -> None:
    open_tab(page)
    page.locator("#prior-accuracy-go").click()
    table = page.locator("#prior-accuracy table")
    expect(table).to_be_visible()
    expect(table.locator("tbody tr")).to_have_count(10)
    page.locator("#prior-accuracy-stop").click()
    expect(page.locator("#prior-accuracy")).to_contain_text("as 4 classes")
    expect(page.locator(".toast-body.error")).to_have_count(0)
