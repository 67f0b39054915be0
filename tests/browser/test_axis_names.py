"""Names that a visitor gives to axes of a style space: by keys, for one model, in this browser alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from gpunit.ui.styles.tab import FIRST_AXES

AXIS = "#styles-axis-{} [data-testid=block-info]"
MARKED = "Fur <b>colour</b>"


@pytest.fixture
def sent(page: Page) -> Iterator[list[str]]:
    """All that the page sends to the server."""
    bodies: list[str] = []

    def note(request: Request) -> None:
        bodies.append(request.url + (request.post_data or ""))

    page.on("request", note)
    yield bodies
    page.remove_listener("request", note)


def open_styles(page: Page) -> None:
    page.locator("[role=tab][data-tab-id=styles]").click()
    expect(page.locator(AXIS.format(FIRST_AXES))).to_contain_text("%")


def rename(page: Page, number: int, name: str, key: str = "Enter") -> Locator:
    """Name an axis by keys, and give the button that they come back to."""
    button = page.locator(f"#styles-axis-{number} .rename")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#styles-axis-{number} .name")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(name)
    page.keyboard.press(key)
    expect(page.locator(f"#styles-axis-{number} .name")).to_have_count(0)
    expect(button).to_be_focused()
    return button


def test_a_name_stands_in_the_numbers_place_and_survives_a_reload(page: Page, sent: list[str]) -> None:
    open_styles(page)
    number = page.locator(AXIS.format(1)).inner_text()
    button = rename(page, 1, f"  {MARKED}  ")
    named = re.sub(r"^Axis 1", MARKED, number)
    expect(page.locator(AXIS.format(1))).to_have_text(named)
    expect(page.locator("#styles-axis-1 b")).to_have_count(0)
    expect(button).to_have_attribute("aria-label", f"Rename: {named}")
    expect(page.get_by_label(f"range slider for {named}", exact=True)).to_be_visible()
    rename(page, 2, "left alone", key="Escape")
    expect(page.locator(AXIS.format(2))).to_have_text(re.compile("^Axis 2 · "))
    rename(page, 2, "x" * 500)
    expect(page.locator(AXIS.format(2))).to_have_text(re.compile("^x{40} · "))
    page.reload()
    open_styles(page)
    expect(page.locator(AXIS.format(1))).to_have_text(named)
    expect(page.get_by_label(f"number input for {named}", exact=True)).to_be_visible()
    rename(page, 1, "")
    expect(page.locator(AXIS.format(1))).to_have_text(number)
    assert not any("colour" in body or "xxxx" in body for body in sent), "no name leaves the browser"


def test_names_belong_to_a_model_and_stay_through_what_sets_the_sliders(page: Page) -> None:
    open_styles(page)
    rename(page, 1, "Coat")
    page.locator("#styles-origin label").nth(1).click()  # a drawn style: the server puts labels and places anew
    expect(page.locator("#styles-axis-1 input[type=number]")).not_to_have_value("0")
    expect(page.locator(AXIS.format(1))).to_have_text(re.compile("^Coat · "))
    page.locator("#styles-model input").click()
    page.locator("[role=option]", has_text="→ dog").first.click()
    expect(page.locator(AXIS.format(1))).to_have_text(re.compile("^Axis 1 · "))
    rename(page, 1, "Size")
    page.locator("#styles-model input").click()
    page.locator("[role=option]", has_text="→ cat").first.click()
    expect(page.locator(AXIS.format(1))).to_have_text(re.compile("^Coat · "))


def test_a_store_that_is_none_of_ours_is_passed_over_and_another_windows_names_are_shown(page: Page) -> None:
    open_styles(page)
    name = page.locator(AXIS.format(1))
    store = """stored => {
        localStorage.setItem(`gpunit-axes:${location.pathname}`, stored);
        window.dispatchEvent(new Event("storage"));
    }"""
    for stored in ("{not JSON", "[1]", '"to-cat"', '{"to-cat": null}', '{"to-cat": {"1": {"a": 1}}}'):
        page.evaluate(store, '{"to-cat": {"1": "Before"}}')
        expect(name).to_have_text(re.compile("^Before · "))
        page.evaluate(store, stored)
        if stored == "{not JSON":  # what cannot be read leaves what was read before
            expect(name).to_have_text(re.compile("^Before · "))
        else:
            expect(name).to_have_text(re.compile("^Axis 1 · "))
        rename(page, 1, "Coat")
        expect(name).to_have_text(re.compile("^Coat · "))
        kept = json.loads(page.evaluate("localStorage.getItem(`gpunit-axes:${location.pathname}`)"))
        assert kept["to-cat"]["1"] == "Coat"
