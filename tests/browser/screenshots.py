"""Screenshots of the page's four tabs: light and dark, on a desk, a tablet and a phone, in English and in Chinese.

    python -m tests.browser.screenshots OUTPUT_FOLDER [--only NAME]

Serves the app as a user would, opens every tab, waits until it has drawn, and writes one PNG of the whole page for
each; to be looked at, and to be made anew for assets/ whenever the models or the page change.  `--only` takes those
whose file name contains NAME, such as "dark" or "phone-prior".
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT

DESK, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
LOOKS = {
    "desk": (DESK, "light", "en-US"),
    "dark": (DESK, "dark", "en-US"),
    "tablet": (TABLET, "light", "en-US"),
    "tablet-dark": (TABLET, "dark", "en-US"),
    "tablet-chinese": (TABLET, "light", "zh-CN"),
    "phone": (PHONE, "light", "en-US"),
    "phone-dark": (PHONE, "dark", "en-US"),
    "chinese": (DESK, "light", "zh-CN"),
    "phone-chinese": (PHONE, "light", "zh-CN"),
}
# By tab: what has to be there before the picture is taken, and the sections that are opened for pictures of their own.
TABS = {
    "translate": ("#gallery .grid-wrap img", ("all", "history", "share", "many", "clip", "live")),
    "styles": ("#styles-row img", ("row", "grid", "ends", "file")),
    "prior": (
        "#prior-chosen img",
        ("correspondence", "walk", "directions", "mixing", "films", "invert", "inside", "agreement"),
    ),
    "masks": ("#masks-channels img", ()),
}


@contextmanager
def served(root: Path = ROOT) -> Iterator[str]:
    """The address of a checkout's app, for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=root, env=dict(os.environ))
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None:
                raise SystemExit("the app did not start.")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def open_tab(page: Page, tab: str) -> None:
    """Open a tab by its id, whatever the language, and wait for its pictures."""
    button = page.locator(f"[role=tab][data-tab-id={tab}]")
    button.click()
    expect(page.locator(TABS[tab][0]).first).to_be_attached()
    settle(page)
    expect(page.locator(TABS[tab][0]).first).to_be_visible()


def settle(page: Page) -> None:
    """Wait until nothing is pending; then look at the whole page once, as pictures load when they are scrolled to."""
    page.wait_for_timeout(2500)
    expect(page.locator(".progress-text:visible, .generating:visible")).to_have_count(0)
    top, step = 0, DESK[1] // 2
    while top < page.evaluate("document.documentElement.scrollHeight"):
        page.evaluate("top => window.scrollTo(0, top)", top)
        page.wait_for_timeout(150)
        top += step
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(500)


def photograph(browser: Browser, address: str, output: Path, only: str) -> None:
    """Take all pictures whose name contains `only`."""
    for look, ((width, height), theme, locale) in LOOKS.items():
        for tab in TABS:
            name = f"{look}-{tab}"
            if only not in name:
                continue
            context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{address}?__theme={theme}")
            expect(page.locator("#gallery .grid-wrap img").first).to_be_visible()
            if tab == "translate":
                fill_sections(page)
            open_tab(page, tab)
            page.screenshot(path=output / f"{name}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            print(f"{name}.png" + (f": {wide} px wide, {width} fit" if wide > width else ""))
            sections = page.locator(f"#{tab}-sections").get_by_role("tab")
            for place, section in enumerate(TABS[tab][1]):
                if look == "desk" and sections.nth(place).is_visible():
                    sections.nth(place).click()
                    settle(page)
                    page.screenshot(path=output / f"{name}-{section}.png", full_page=True)
                    print(f"{name}-{section}.png")
            context.close()


def fill_sections(page: Page) -> None:
    """Make something in every section of the Translate tab, and a hint, as a visitor would."""
    page.locator("#translate").click()
    page.wait_for_timeout(1000)
    page.locator("#to-all").click()
    expect(page.locator("#targets img").first).to_be_visible()


def main() -> None:
    """Parse the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("needs Chromium (Debian: apt-get install chromium).")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        photograph(browser, address, arguments.output, arguments.only)
        browser.close()


if __name__ == "__main__":
    main()
