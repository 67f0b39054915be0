"""What someone who sees little, or uses no mouse, finds: axe-core over every tab, and a walk by keys alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

# By tab: what is there once it has drawn.
READY = {
    "translate": "#gallery .grid-wrap img",
    "styles": "#styles-row img",
    "prior": "#prior-grid img",
    "masks": "#masks-npz:not([disabled])",
}
# What is opened in a tab beside its sections: (what is clicked, what is there then).
OPENED = {
    "translate": [("#more", "#model"), ("#guidance label:last-of-type", "#exemplar")],
    "styles": [
        ("#styles-origin label:nth-of-type(2)", "#styles-seed"),
        ("#styles-origin label:last-of-type", "#styles-exemplar"),
    ],
    "prior": [],
    "masks": [("#masks-view label:last-of-type", "#masks-channel-16")],
}
# Pictures that are named together.
UNNAMED = "#hero-strip img"


@pytest.fixture(params=["light", "dark"])
def shown(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}?__theme={request.param}")
    yield page
    context.close()


def states(page: Page, tab: str) -> Iterator[str]:
    """Open a tab, then all that can be opened in it, one after the other; yields what is open."""
    page.locator(f"[role=tab][data-tab-id={tab}]").click()
    expect(page.locator(READY[tab]).first).to_be_visible()
    settle(page)
    yield tab
    for clicked, then in OPENED[tab]:
        page.locator(clicked).click()
        expect(page.locator(then)).to_be_visible()
        settle(page)
        yield f"{tab}, {then}"
    sections = page.locator(f"#{tab}-sections [role=tab]:visible")
    for section in sections.all():
        section.click()
        settle(page)
        yield f"{tab}, {section.inner_text()}"
        closed = page.locator("button.label-wrap:visible:not(.open)")
        while closed.count():
            closed.first.click()
            settle(page)
            yield f"{tab}, {section.inner_text()}, all of it"


def settle(page: Page) -> None:
    """Wait until nothing is under way, for a moment."""
    trackers = "[...document.querySelectorAll('[data-testid=status-tracker]')]"
    quiet = f"() => {trackers}.every((each) => each.className.includes('hide'))"
    for _ in range(2):
        page.wait_for_timeout(400)
        page.wait_for_function(quiet)


@pytest.mark.parametrize("tab", READY)
def test_axe_finds_nothing_serious_and_every_picture_has_an_alternative(shown: Page, tab: str) -> None:
    axe, found = Axe(), []
    for state in states(shown, tab):
        bare = shown.locator(f"img:visible:not({UNNAMED}):not(footer img)")
        sources = bare.evaluate_all("all => all.filter((each) => !each.alt.trim()).map((each) => each.outerHTML)")
        found += [f"{state}: no alternative: {source[:160]}" for source in sources]
        for violation in axe.run(shown, options={"resultTypes": ["violations"]}).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found += [f"{state}: {violation['help']}: {node['html'][:160]}" for node in violation["nodes"]]
    assert found == []


# Whether what has the focus shows it: by an outline of its own, of the label that stands for it, or of what it moves.
FOCUS_IS_SEEN = """() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return null;
    const drawn = (node) => {
        const style = getComputedStyle(node);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && parseFloat(style.opacity) > 0
            && node.getBoundingClientRect().width > 4;
    };
    const around = [focused, focused.closest("label"), focused.nextElementSibling, focused.querySelector(".icon-wrap")];
    return around.some((node) => node && drawn(node)) ? "" : focused.outerHTML.slice(0, 200);
}"""


@pytest.mark.parametrize("tab", READY)
def test_focus_is_seen_on_every_control(page: Page, tab: str) -> None:
    next(states(page, tab))
    page.locator(f"[role=tab][data-tab-id={tab}]").focus()
    seen: list[str] = []
    while len(seen) < 200:
        page.keyboard.press("Tab")
        answer = page.evaluate(FOCUS_IS_SEEN)
        if answer is None:
            break
        seen.append(answer)
    assert [unseen for unseen in seen if unseen] == []
    assert len(seen) > 10, "there are controls"
