from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from gpunit import images, zoo
from gpunit.engine import masks
from gpunit.engine.translator import Plan, Translator
from gpunit.ui.examples import first_example
from gpunit.ui.masks.tab import FIRST_MODEL
from tests.browser.test_translate_tab import fetch

HEATS = ("#masks-heat-16 img", "#masks-heat-32 img")


@pytest.fixture(scope="module")
def planned() -> tuple[Translator, Plan]:
    """The engine's own work on the picture that the tab opens with."""
    translator = zoo.load(FIRST_MODEL, "cpu", "fp32")
    return translator, translator.plan(images.cut(images.open_picture(first_example()), translator.resolution))


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="Skip masks").click()
    for selector in (*HEATS, "#masks-compare img", "#masks-styles img", "#masks-channels img"):
        expect(page.locator(selector).first).to_be_visible()


def sides(page: Page) -> list[np.ndarray]:
    shown = page.locator("#masks-compare img")
    expect(shown).to_have_count(2)
    return [fetch(page, shown.nth(index)) for index in range(2)]


def wait_for_another(page: Page, selector: str, before: str | None) -> None:
    page.wait_for_function(
        "([selector, before]) => { const img = document.querySelector(selector); return img && img.src !== before }",
        arg=[selector, before],
    )


def set_strength(page: Page, name: str, value: str) -> None:
    box = page.get_by_label(f"number input for {name}")
    box.fill(value)
    box.press("Tab")


def test_the_tab_opens_with_the_engines_masks(page: Page, planned: tuple[Translator, Plan]) -> None:
    open_tab(page)
    _, plan = planned
    seen = images.cut(images.open_picture(first_example()), 128)
    for selector, mask in zip(HEATS, masks.masks_of(plan).values(), strict=True):
        values = masks.strongest_map(mask)
        expected = masks.overlay(seen, masks.heatmap(values, 512, "viridis", masks.top_of(values)), 0.85)
        assert np.abs(fetch(page, page.locator(selector)) - np.asarray(expected, dtype=int)).max() <= 3
    caption = page.locator("#masks-channels .caption-label").first
    mask = masks.masks_of(plan)[16]
    strongest = masks.ranking(mask)[0]
    expect(caption).to_contain_text(f"ch {strongest} · {masks.channel_means(mask)[strongest]:.2f}")


def test_strength_0_is_the_picture_without_skips(page: Page) -> None:
    open_tab(page)
    without, with_skips = sides(page)
    assert np.abs(without - with_skips).mean() > 1
    set_strength(page, "Coarse skip, 16×16", "0")
    set_strength(page, "Fine skip, 32×32", "0")
    expect(page.locator("#masks-effect")).to_contain_text("by 0.0 of 255")
    off = sides(page)
    assert np.array_equal(off[0], without)
    assert np.array_equal(off[1], without)


def test_a_painted_place_switches_the_skips_off_there(page: Page) -> None:
    open_tab(page)
    without, before = sides(page)
    canvas = page.locator("#masks-canvas img")
    plain = fetch(page, canvas)
    compared = page.locator("#masks-compare img").nth(1).get_attribute("src")
    brush = page.locator("#masks-canvas .brush")
    brush.click()  # its middle
    expect(page.locator("#masks-effect")).to_contain_text("of the picture painted off")
    dabbed = np.abs(fetch(page, canvas) - plain).max(2) > 2
    rows, columns = dabbed.nonzero()
    assert (rows.mean(), columns.mean()) == pytest.approx((128, 128), abs=3)
    assert 0.02 < dabbed.mean() < 0.08, "a disc of 12 % of the side"
    page.wait_for_function("before => document.querySelectorAll('#masks-compare img')[1].src !== before", arg=compared)
    kept, painted = sides(page)
    assert np.array_equal(kept, without)
    assert not np.array_equal(painted, before)
    page.locator("#masks-undo").click()
    expect(page.locator("#masks-effect")).not_to_contain_text("painted off")
    assert np.array_equal(sides(page)[1], before)
    assert np.array_equal(fetch(page, canvas), plain)


def test_a_drag_paints_a_line_of_dabs_beside_its_result(page: Page) -> None:
    open_tab(page)
    brush, result = page.locator("#masks-canvas .brush").bounding_box(), page.locator("#masks-compare").bounding_box()
    assert brush is not None
    assert result is not None
    assert brush["x"] + brush["width"] <= result["x"], "side by side"
    canvas = page.locator("#masks-canvas img")
    plain, before = fetch(page, canvas), canvas.get_attribute("src")
    middle = brush["y"] + brush["height"] / 2
    page.mouse.move(brush["x"] + 0.2 * brush["width"], middle)
    page.mouse.down()
    page.mouse.move(brush["x"] + 0.8 * brush["width"], middle, steps=12)
    page.mouse.up()
    wait_for_another(page, "#masks-canvas img", before)
    painted = np.abs(fetch(page, canvas) - plain).max(2) > 2
    assert painted[128, 52:204].mean() > 0.95, "from a fifth to four fifths"
    assert not painted[:80].any()
    expect(page.locator("#masks-effect")).to_contain_text("of the picture painted off")


def test_a_clicked_channel_is_the_one_in_the_view(page: Page) -> None:
    open_tab(page)
    expect(page.locator("#masks-npz")).to_be_enabled()  # the last of what opening the tab makes
    channels = page.locator("#masks-channels .thumbnail-item")
    means = [
        float(text.split("·")[1].lstrip(" <"))
        for text in page.locator("#masks-channels .caption-label").all_inner_texts()
    ]
    assert means == sorted(means, reverse=True)
    number = page.locator("#masks-channels .caption-label").nth(1).inner_text().split()[1]
    heat = page.locator("#masks-heat-16 img").get_attribute("src")
    channels.nth(1).click()
    wait_for_another(page, "#masks-heat-16 img", heat)
    expect(page.locator("#masks-channel-16 input[type=number]")).to_have_value(number)


def test_another_style_leaves_the_masks(page: Page) -> None:
    open_tab(page)
    before = [fetch(page, page.locator(selector)) for selector in HEATS]
    styled = page.locator("#masks-styles img")
    pictures = [fetch(page, styled.nth(index)) for index in range(styled.count())]
    assert len(pictures) == 6
    source, compared = styled.first.get_attribute("src"), page.locator("#masks-compare img").first.get_attribute("src")
    seed = page.locator("#masks-seed input")
    seed.fill("5")
    seed.press("Tab")
    wait_for_another(page, "#masks-styles img", source)
    wait_for_another(page, "#masks-compare img", compared)
    others = [fetch(page, styled.nth(index)) for index in range(styled.count())]
    assert not any(np.array_equal(one, other) for one, other in zip(pictures, others, strict=True))
    after = [fetch(page, page.locator(selector)) for selector in HEATS]
    assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))


def test_coming_back_to_the_tab_draws_nothing_anew(page: Page) -> None:
    open_tab(page)
    expect(page.locator("#masks-npz")).to_be_enabled()  # the last of what opening the tab makes
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "queue/join" in request.url else None)
    compared = page.locator("#masks-compare img").first.get_attribute("src")
    styled = page.locator("#masks-styles img").first.get_attribute("src")
    page.get_by_role("tab", name="Translate").click()
    open_tab(page)
    seed = page.locator("#masks-seed input")
    seed.fill("5")
    seed.press("Tab")
    wait_for_another(page, "#masks-compare img", compared)
    wait_for_another(page, "#masks-styles img", styled)
    drawn = [json.loads(request)["data"] for request in asked if json.loads(request)["data"]]
    assert len(drawn) == 2, "the new seed's render and its styles"


def test_the_downloaded_masks_are_the_engines(page: Page, planned: tuple[Translator, Plan]) -> None:
    open_tab(page)
    link = page.locator("#masks-npz")
    expect(link).to_be_enabled()
    with page.expect_download() as download:
        link.click()
    with np.load(download.value.path()) as saved:
        for size, mask in masks.masks_of(planned[1]).items():
            np.testing.assert_allclose(saved[f"mask_{size}"], mask.numpy(), atol=1e-5)
