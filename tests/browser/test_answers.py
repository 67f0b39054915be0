"""The page as a stranger meets it: what is seen at a glance, and that results follow whatever is done."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from gpunit import images, zoo
from gpunit.images import Crop
from tests.browser.test_translate_tab import drawn, gallery, set_count
from tests.conftest import blobs

RESULTS = "#gallery .grid-wrap img"


def open_at(browser: Browser, address: str, width: int, height: int) -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    expect(page.locator(RESULTS)).to_have_count(6)
    return page


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"]


def test_picture_targets_results_and_comparison_lie_on_one_screen(browser: Browser, address: str) -> None:
    page = open_at(browser, address, 1440, 900)
    for selector in ("#picture", "#targets-choice", "#translate", "#gallery", "#compare", "#hero-strip", "#dice"):
        assert bottom(page, selector) <= 900, selector
    page.context.close()


def test_on_a_phone_nothing_is_wider_and_results_come_within_two_screens(browser: Browser, address: str) -> None:
    page = open_at(browser, address, 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert bottom(page, "#gallery") <= 2 * 844
    tops = page.locator("#examples label").evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
    assert len(set(tops)) == 1, "examples are one row"
    page.context.close()


def test_a_wide_screen_is_used(browser: Browser, address: str) -> None:
    page = open_at(browser, address, 1800, 1000)
    box = page.locator("#tool").bounding_box()
    assert box is not None
    assert box["width"] > 1600
    page.context.close()


def test_examples_and_targets_have_names_and_redraw(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    page.get_by_role("radio", name="Pickup truck").check()
    drawn(page, "car-pickup-to-cat", 6)
    page.get_by_role("radio", name="Bird", exact=True).check()
    drawn(page, "car-pickup-to-bird", 6)
    page.locator("#more").click()
    expect(page.locator("#model input")).to_have_value("cat / dog / car → bird  ·  128 px")


def test_seed_count_and_dice_redraw(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    page.locator("#seed input").fill("31")
    page.locator("#seed input").press("Enter")
    drawn(page, "-seed-31-", 6)
    set_count(page, 2)
    page.locator("#dice").click()
    expect(page.locator("#seed input")).not_to_have_value("31")
    drawn(page, f"-seed-{page.locator('#seed input').input_value()}-", 2)


@pytest.mark.parametrize(("suffix", "name"), [("png", "mine"), ("tif", "image")])
def test_an_upload_runs_every_event_once(page: Page, tmp_path: Path, suffix: str, name: str) -> None:
    """Also of a kind that browsers do not show, in whose place comes a PNG."""
    expect(page.locator("#timing")).to_contain_text("px")
    asked: list[int] = []
    page.on(
        "request",
        lambda request: (
            asked.append(json.loads(request.post_data or "{}")["fn_index"]) if "queue/join" in request.url else None
        ),
    )
    path = tmp_path / f"mine.{suffix}"
    blobs(4, 90, 60).save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    drawn(page, f"{name}-to-cat", 6)
    page.wait_for_timeout(2000)  # the last events
    assert [number for number, count in Counter(asked).items() if count > 1] == []


def test_a_refused_heic_is_one_message(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    before = page.locator("#picture img").get_attribute("src") or ""
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    page.locator("#picture input[type=file]").set_input_files(path)
    expect(page.locator(".toast-body.error")).to_contain_text("save it as PNG, JPEG or WebP")
    page.wait_for_timeout(2000)
    expect(page.locator(".toast-body")).to_have_count(1)
    expect(page.locator("#picture img")).to_have_attribute("src", before)
    assert len(drawn(page, "dog-husky-to-cat", 6)) == 6


def test_dragged_and_wheeled_the_frame_is_what_is_translated(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    photo, path = blobs(4, 300, 150), tmp_path / "mine.png"
    photo.save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    before = drawn(page, "mine-to-cat", 6)
    frame, whole = page.locator("#picture .crop-frame"), page.locator("#picture .crop-shade")
    box, picture = frame.bounding_box(), whole.bounding_box()
    assert box is not None
    assert picture is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    source = page.locator(RESULTS).first.get_attribute("src")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + picture["width"], middle[1], steps=3)  # as far right as it goes
    page.mouse.up()
    page.wait_for_function(f"before => document.querySelector('{RESULTS}').src !== before", arg=source)
    translator = zoo.load("to-cat", "cpu", "fp32")
    seed = int(page.locator("#seed input").input_value())

    def expected(crop: Crop) -> np.ndarray:
        plan = translator.plan(images.cut(photo, translator.resolution, crop))
        return np.asarray(translator.render(plan, translator.sample(1, seed))[0], dtype=int)

    shown = gallery(page)[0]
    assert not np.array_equal(shown, before[0])
    assert np.abs(shown - expected(Crop(1, 1, 0.5))).max() <= 3
    source = page.locator(RESULTS).first.get_attribute("src")
    page.mouse.move(*middle)
    page.mouse.wheel(0, -250)
    page.wait_for_function(f"before => document.querySelector('{RESULTS}').src !== before", arg=source)
    zoom, across, down = (
        float(page.locator(f"#{name} input[type=number]").input_value()) for name in ("zoom", "across", "down")
    )
    assert zoom > 1
    assert np.abs(gallery(page)[0] - expected(Crop(zoom, across, down))).max() <= 3


def test_a_new_picture_resets_the_frame(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    frame = page.locator("#picture .crop-frame")
    frame.focus()
    for _ in range(4):
        page.keyboard.press("+")
    source = page.locator(RESULTS).first.get_attribute("src")
    page.wait_for_function(f"before => document.querySelector('{RESULTS}').src !== before", arg=source)
    assert float(page.locator("#zoom input[type=number]").input_value()) > 1.3
    page.get_by_role("radio", name="Fox").check()
    drawn(page, "dog-fox-to-cat", 6)
    expect(page.locator("#zoom input[type=number]")).to_have_value("1")


def test_find_the_subject_says_when_there_is_none(page: Page, tmp_path: Path) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    path = tmp_path / "mine.png"
    blobs(4, 90, 60).save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    drawn(page, "mine-to-cat", 6)
    page.locator("#find-subject").click()
    expect(page.get_by_text("No animal or car was recognised")).to_be_visible()


def test_twelve_pictures_are_shown_without_a_box_that_scrolls(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    set_count(page, 12)
    sizes = "each => [each.clientHeight, each.scrollHeight]"
    clientside, whole = page.locator("#gallery .grid-wrap").evaluate(sizes)
    assert whole <= clientside + 1
    set_count(page, 1)
    box = page.locator(RESULTS).bounding_box()
    assert box is not None
    assert box["width"] <= 3 * 128


def test_a_single_result_is_downloaded_under_its_own_name(page: Page) -> None:
    expect(page.locator(RESULTS)).to_have_count(6)
    before = page.locator("#compare img").nth(1).get_attribute("src")
    page.locator("#gallery .grid-wrap button").nth(1).click()
    page.wait_for_function("before => document.querySelectorAll('#compare img')[1].src !== before", arg=before)
    with page.expect_download() as download:
        page.locator("#compare a[download]").click()
    seed = page.locator("#seed input").input_value()
    assert download.value.suggested_filename == f"dog-husky-to-cat-seed-{seed}-2.png"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_texts_stand_out_from_their_ground(browser: Browser, address: str, look: str) -> None:
    """WCAG 2.1, 1.4.3: at least 4.5 to 1."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{address}?__theme={look}")
    expect(page.locator(RESULTS)).to_have_count(6)
    places = ("#translate", "#hero-line p", "#timing p", "[role=tab].selected", "#tool-style .has-info", "#about p")
    assert {place: ratio for place in places if (ratio := page.evaluate(CONTRAST, place)) < 4.5} == {}
    page.context.close()


CONTRAST = """selector => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b]
        .map((part) => part / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const element = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
    let ground = element;
    while (ground && (numbers(getComputedStyle(ground).backgroundColor)[3] ?? 1) < 1) ground = ground.parentElement;
    const [a, b] = [getComputedStyle(element).color, getComputedStyle(ground ?? document.body).backgroundColor]
        .map((colour) => luminance(numbers(colour)));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
