"""Waiting for the page, no longer than need be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

_IS_QUIET = """() => {
    const trackers = [...document.querySelectorAll("[data-testid=status-tracker]")];
    const isDone = (each) => each.className.includes("hide") || each.querySelector(".error");
    if (!trackers.every(isDone)) window.quietSince = performance.now();
    return performance.now() - window.quietSince > 600;
}"""


def settle(page: Page) -> None:
    """Wait until nothing has been under way for a moment."""
    page.evaluate("() => { window.quietSince = performance.now(); }")
    page.wait_for_function(_IS_QUIET)


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until something that the browser alone cannot tell is so."""
    for _ in range(150):
        if is_so():
            return
        page.wait_for_timeout(100)
    pytest.fail("the page did not come to it")
