"""Several visitors at once, and one after a refused file: no picture is broken."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

VISITORS = 5
SHOWN = "[...document.querySelectorAll('img')].filter(img => img.src && img.checkVisibility())"


def watched(page: Page) -> list[str]:
    """The transfers of a page that break off or are refused; those that the page itself gives up are none."""
    failures: list[str] = []

    def note(failure: str | None, url: str) -> None:
        if failure and "ERR_ABORTED" not in failure:
            failures.append(f"{url}: {failure}")

    page.on("requestfailed", lambda request: note(request.failure, request.url))
    page.on("response", lambda response: note(str(response.status) if response.status >= 400 else None, response.url))
    return failures


def broken(page: Page) -> list[str]:
    """The pictures shown that are not whole, once all are loaded or have failed."""
    page.wait_for_function(f"{SHOWN}.every(img => img.complete)")
    widths = page.evaluate(f"{SHOWN}.map(img => [img.src, img.naturalWidth])")
    assert len(widths) >= 8
    return [source for source, width in widths if width == 0]


def test_pictures_are_whole_for_all_who_open_the_page_at_once(browser: Browser, address: str) -> None:
    contexts = [browser.new_context(viewport={"width": 1280, "height": 1600}) for _ in range(VISITORS)]
    pages = [context.new_page() for context in contexts]
    failures = [watched(page) for page in pages]
    for page in pages:
        page.set_default_timeout(60_000)
        page.goto(address, wait_until="commit")
    for page in pages:
        expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
        expect(page.locator("#compare img")).to_have_count(2)
    assert [(broken(page), failed) for page, failed in zip(pages, failures, strict=True)] == [([], [])] * VISITORS
    for context in contexts:
        context.close()


def test_pictures_are_whole_after_a_refused_file(page: Page, tmp_path: Path) -> None:
    failures = watched(page)
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    for number in range(3):
        fake = tmp_path / f"{number}.png"
        fake.write_bytes(b"no picture")
        page.locator("#picture input[type=file]").set_input_files(fake)
        expect(page.get_by_text(f"{number}.png: not a picture").first).to_be_visible()
        page.locator("#examples label").nth(number).click()
        expect(page.locator("#picture .crop-frame")).to_be_visible()
        page.wait_for_timeout(1000)
        assert (broken(page), failures) == ([], [])


def test_pictures_whose_transfer_broke_off_are_asked_for_again(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(60_000)
    asked: list[str] = []

    def break_off(route: Route) -> None:
        asked.append(route.request.url)
        if asked.count(route.request.url) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile(r"/file=.*\.png"), break_off)
    page.goto(address)
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.wait_for_function(f"{SHOWN}.every(img => img.complete && img.naturalWidth)")
    assert any(asked.count(url) > 1 for url in asked)
    page.close()
