"""What someone who sees little, or uses no mouse, finds: axe-core over every tab, and a walk by keys alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.waiting import settle

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


# The tab that is open.
PANEL = "#tabs > [role=tabpanel]:not([style*='display: none'])"
# The dark look differs in colours alone: these rules tell of them.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


@pytest.fixture
def shown(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}?__theme=light")
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


def found_by_axe(axe: Axe, page: Page, state: str, where: str | None, options: dict[str, object]) -> list[str]:
    """What axe-core finds serious or critical, within a selector or on the whole page."""
    violations = axe.run(page, context=where, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{state}: {violation['help']}: {node['html'][:160]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("tab", READY)
def test_axe_finds_nothing_serious_and_every_picture_has_an_alternative(shown: Page, tab: str) -> None:
    axe, found = Axe(), []
    # The whole page first; then the parts that can differ: the tab, and its sections once one of them is opened.
    parts = itertools.chain([None], itertools.repeat(PANEL, len(OPENED[tab])), itertools.repeat(f"#{tab}-sections"))
    for state, where in zip(states(shown, tab), parts, strict=False):
        bare = shown.locator(f"img:visible:not({UNNAMED}):not(footer img)")
        sources = bare.evaluate_all("all => all.filter((each) => !each.alt.trim()).map((each) => each.outerHTML)")
        found += [f"{state}: no alternative: {source[:160]}" for source in sources]
        found += found_by_axe(axe, shown, state, where, {})
        shown.evaluate("document.body.classList.add('dark')")
        found += found_by_axe(axe, shown, f"{state}, dark", where, {"runOnly": COLOURS})
        shown.evaluate("document.body.classList.remove('dark')")
    assert found == []


def test_the_looks_are_told_apart_by_what_axe_is_shown(shown: Page) -> None:
    """Colours that are hard to read in one look alone are found in that look alone."""
    next(states(shown, "translate"))
    pale = "#tabs .heading p { color: #c9c9c9 !important; }"
    dim = ".dark #tabs .heading p { color: #3a3a3a !important; }"
    for style, in_dark in ((pale, False), (dim, True)):
        tag = shown.add_style_tag(content=style)
        for dark in (False, True):
            shown.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
            found = found_by_axe(Axe(), shown, "translate", PANEL, {"runOnly": COLOURS})
            assert bool(found) == (dark == in_dark)
        tag.evaluate("each => each.remove()")


def test_nothing_moves_for_those_who_ask_for_that(shown: Page) -> None:
    expect(shown.locator("#gallery .grid-wrap img").first).to_be_visible()
    moving = """() => [...document.querySelectorAll(".contain *")]
        .filter((each) => getComputedStyle(each).transitionDuration.split(", ").some((time) => parseFloat(time) > 0))
        .map((each) => each.outerHTML.slice(0, 80))"""
    assert shown.evaluate(moving) == []


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
