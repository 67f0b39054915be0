from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from gpunit import images, zoo
from gpunit.prior.correspondence import match
from gpunit.prior.loading import load_prior
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
    drawn = prior.grid(prior.latents(5, 1, 0.7), [0, 1, 2, 3, 4])
    expected = images.sheet([images.to_pictures(row) for row in drawn], 128, prior.class_names)
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


def test_a_clicked_place_is_marked_in_every_class(page: Page) -> None:
    open_tab(page)
    expect(page.locator("#prior-matches img")).to_be_visible()
    before = page.locator("#prior-matches img").get_attribute("src")
    box = page.locator(GRID).bounding_box()
    assert box is not None
    prior = load_prior(zoo.checkpoints_folder() / "prior-small", "cpu")
    # The third row's second picture, a place right of and below its middle.
    width, height = 5 * 132 + 4, 5 * 132 + 4 + 22
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - scale * width) / 2, (box["height"] - scale * height) / 2
    x, y = 4 + 132 + 90, 22 + 4 + 2 * 132 + 81
    page.locator(GRID).click(position={"x": left + scale * x, "y": top + scale * y})
    shown = changed(page, "#prior-matches img", before)
    codes = prior.named_latents([(1, 2)] * 5, 0.7)
    drawn = images.to_pictures(prior.render(codes, [0, 1, 2, 3, 4]))
    expected = np.asarray(images.sheet([drawn], 128), dtype=int)[4:132]
    assert np.abs(shown[26:154] - expected).max() <= 2
    features = prior.features(codes, [0, 1, 2, 3, 4], 8)
    places = match(features[1, :, 5, 5], features).places
    for column, (row, place) in enumerate(places.tolist()):
        # The white ring's rightmost point.
        ring = shown[158 + row * 16 + 8, 4 + 132 * column + place * 16 + 8 + 7]
        assert ring.min() > 180, f"column {column}"


def test_a_kept_row_stays_when_the_seed_changes(page: Page) -> None:
    before = open_tab(page)
    page.locator("#prior-kept").get_by_label("2").check()
    source = page.locator(GRID).get_attribute("src")
    seed = page.locator("#prior-seed input")
    seed.fill("7")
    seed.press("Tab")
    after = changed(page, GRID, source)
    rows = [slice(26 + 132 * row, 26 + 132 * row + 128) for row in range(5)]
    assert np.abs(after[rows[1]] - before[rows[1]]).max() <= 2
    for other in (0, 2, 3, 4):
        assert np.abs(after[rows[other]] - before[rows[other]]).mean() > 5


def test_maps_stand_under_the_pictures(page: Page) -> None:
    before = open_tab(page)
    source = page.locator(GRID).get_attribute("src")
    page.locator("#prior-below input").click()
    page.get_by_role("option", name="Content map").click()
    after = changed(page, GRID, source)
    assert after.shape[0] == before.shape[0] + 5 * 132
    for row in range(5):
        assert np.abs(after[26 + 264 * row :][:128] - before[26 + 132 * row :][:128]).max() <= 2
    cells = after[26 + 132 :][:128, 4:132].reshape(8, 16, 8, 16, 3)
    assert cells.std((1, 3)).max() < 1, "an 8x8 map is 64 plain squares"


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
    assert np.abs(again[26:, 532:660] - before[26:, 4:132]).max() <= 2


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
    (drawn,) = prior.grid(prior.invert(images.to_tensor(seen)), [0, 1, 2, 3, 4])
    row = [seen, *images.to_pictures(drawn)]
    expected = np.asarray(images.sheet([row], 128, ["photo", *prior.class_names]), dtype=int)
    assert np.abs(shown - expected).max() <= 2
