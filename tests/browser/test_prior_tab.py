from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from gpunit import images, zoo
from gpunit.prior.biggan import load_prior
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
    return fetch(page, page.locator(selector))


def test_the_tab_opens_with_what_the_engine_draws(page: Page) -> None:
    shown = open_tab(page)
    prior = load_prior(zoo.CHECKPOINTS / "prior-small", "cpu")
    drawn = prior.grid(prior.latents(5, 1, 0.7), [0, 1, 2, 3])
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


def test_a_photo_is_drawn_in_every_class(page: Page, tmp_path: Path) -> None:
    open_tab(page)
    photo = blobs(5, 200, 160)
    photo.save(tmp_path / "photo.png")
    page.locator("#prior-photo input[type=file]").set_input_files(tmp_path / "photo.png")
    expect(page.locator("#prior-inverted img")).to_be_visible()
    shown = fetch(page, page.locator("#prior-inverted img"))
    prior = load_prior(zoo.CHECKPOINTS / "prior-small", "cpu")
    seen = images.cut(photo, 128)
    (drawn,) = prior.grid(prior.invert(images.to_tensor(seen)), [0, 1, 2, 3])
    row = [seen, *images.to_pictures(drawn)]
    expected = np.asarray(images.sheet([row], 128, ["photo", *prior.class_names]), dtype=int)
    assert np.abs(shown - expected).max() <= 2
