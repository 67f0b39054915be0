"""How long a visitor waits: from click to picture, from address to first results, and how much the page weighs.

    python -m tests.browser.speed [--rounds 5] [--root CHECKOUT]

Serves the app as a user would and prints medians.  Other work on the machine slows all of it: the load is printed
beside the numbers.  `--root` measures another checkout; of one whose page differs, `--opening` measures what is alike.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT
from tests.browser.screenshots import served

RESULTS = "#gallery img"
# Milliseconds from an action until a picture is another one and whole.  In the page itself: no test tool lies between.
UNTIL_SHOWN = """([shown, act]) => new Promise((resolve) => {
    const image = () => [...document.querySelectorAll(shown)].at(-1);
    const before = image()?.src, begun = performance.now();
    const look = () => {
        const now = image();
        if (now && now.src !== before && now.complete && now.naturalWidth) resolve(performance.now() - begun);
        else requestAnimationFrame(look);
    };
    (0, eval)(act)();
    look();
})"""
TICK = """() => {
    const range = [...document.querySelectorAll(%r)].find((each) => each.checkVisibility());
    range.value = String(Number(range.value) + Number(range.step) * (Number(range.value) < 1 ? 10 : -10));
    range.dispatchEvent(new Event("input", { bubbles: true }));
    range.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}"""


def choose(group: str) -> str:
    """The action that chooses the next of some pictures."""
    return f"""() => {{
        const all = [...document.querySelectorAll("#{group} input")];
        all[(all.findIndex((each) => each.checked) + 1) % all.length].click();
    }}"""


# By name: the tab, the picture that is waited for, and the action.
ACTIONS = {
    "example": ("translate", RESULTS, choose("examples")),
    "new seed": ("translate", RESULTS, "() => document.getElementById('dice').click()"),
    "target": ("translate", RESULTS, choose("targets-choice")),
    "style slider": ("styles", "#styles-result img", TICK % "#styles-axis-1 input[type=range]"),
    "prior, new codes": (
        "prior",
        "#prior-grid img",
        "() => [...document.querySelectorAll('button')]"
        ".find((each) => each.checkVisibility() && /new seed/i.test(each.innerText)).click()",
    ),
    "mask strength": ("masks", "#masks-compare img", TICK % "input[type=range][aria-label*='Coarse skip']"),
}


def measure_opening(browser: Browser, address: str, rounds: int) -> tuple[list[float], int]:
    """Seconds from the address to the first result, in new contexts; bytes of all that was sent until then."""
    seconds, weight = [], 0
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(120_000)
        sizes: list[float] = []
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        begun = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_function(
            f"() => {{ const image = document.querySelector('{RESULTS}');"
            " return image && image.complete && image.naturalWidth; }"
        )
        seconds.append(time.perf_counter() - begun)
        page.wait_for_timeout(3000)
        weight = int(sum(sizes))
        context.close()
    return seconds, weight


def measure_action(page: Page, tab: str, shown: str, action: str, rounds: int) -> list[float]:
    """Seconds from an action to its picture, after one that does not count."""
    page.locator(f"[role=tab][data-tab-id={tab}]").click()
    expect(page.locator(shown).first).to_be_visible()
    page.wait_for_timeout(6000)  # until a tab that was just opened has drawn all it has
    times = []
    for _ in range(rounds + 1):
        times.append(page.evaluate(UNTIL_SHOWN, [shown, action]) / 1000)
        page.wait_for_timeout(1500)  # what follows the picture, such as hints, is no part of the next round
    return times[1:]


def told(name: str, seconds: list[float]) -> str:
    """A line on some times."""
    return f"{name:22} {statistics.median(seconds):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"


def load() -> str:
    """The machine's load, over the last minute."""
    measured: Callable[[], tuple[float, float, float]] | None = getattr(os, "getloadavg", None)
    return "unknown" if measured is None else f"{measured()[0]:.1f}"


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--opening", action="store_true")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("needs Chromium (Debian: apt-get install chromium).")
    with served(arguments.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        print(f"{os.cpu_count()} processors, load {load()}")
        seconds, weight = measure_opening(browser, address, arguments.rounds)
        print(told("opening", seconds))
        print(f"{'weight':22} {weight / 1e6:6.2f} MB")
        page = browser.new_page(viewport={"width": 1440, "height": 1400})
        page.set_default_timeout(120_000)
        page.goto(address)
        expect(page.locator(RESULTS).first).to_be_visible()
        for name, (tab, shown, action) in ({} if arguments.opening else ACTIONS).items():
            print(told(name, measure_action(page, tab, shown, action, arguments.rounds)), flush=True)
        print(f"load {load()}")
        browser.close()


if __name__ == "__main__":
    main()
