"""What is refused is one toast, and everything stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.waiting import settle

PICTURES = "() => [...document.querySelectorAll('.block img')].map((each) => each.src)"


def refused(page: Page, action: Callable[[], object], says: str) -> None:
    """Do what is refused; the one toast says so, and every picture is the one before."""
    settle(page)
    before = page.evaluate(PICTURES)
    action()
    expect(page.locator(".toast-body").first).to_contain_text(says)
    settle(page)
    expect(page.locator(".toast-body")).to_have_count(1)
    assert page.evaluate(PICTURES) == before
    shown = "all => all.filter((each) => each.checkVisibility()).map((each) => each.innerText)"
    assert page.locator(".block .error").evaluate_all(shown) == []


def test_no_class(page: Page) -> None:
    page.locator("[role=tab][data-tab-id=prior]").click()
    expect(page.locator("#prior-grid img")).to_be_visible()
    remove_all = page.locator("#prior-classes .token-remove.remove-all")
    refused(page, remove_all.click, "Choose at least one class")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.json"
    path.write_text('{"eggs": 3}')
    return path


def test_json_that_is_no_style(page: Page, recipe: Path) -> None:
    page.locator("[role=tab][data-tab-id=styles]").click()
    expect(page.locator("#styles-row img")).to_be_visible()
    page.locator("#styles-sections [role=tab]").nth(3).click()
    expect(page.locator("#styles-json .json-holder")).to_contain_text("GP-UNIT style")
    with page.expect_file_chooser() as chooser:
        page.locator("#styles-load").click()
    refused(page, lambda: chooser.value.set_files(recipe), "not a saved style")
    expect(page.locator("#styles-json .json-holder")).to_contain_text("GP-UNIT style")


def test_json_that_holds_no_settings(page: Page, recipe: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.locator("#translate-sections [role=tab]").nth(2).click()
    with page.expect_file_chooser() as chooser:
        page.locator("#share-load").click()
    refused(page, lambda: chooser.value.set_files(recipe), "holds no settings")


def test_json_that_holds_no_axes(page: Page, recipe: Path) -> None:
    page.locator("[role=tab][data-tab-id=prior]").click()
    expect(page.locator("#prior-grid img")).to_be_visible()
    page.get_by_role("tab", name="Directions").click()
    expect(page.locator("#prior-moved img")).to_be_visible()
    page.locator("button.label-wrap:visible:not(.open)").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Load JSON").click()
    refused(page, lambda: chooser.value.set_files(recipe), "holds no axes")
