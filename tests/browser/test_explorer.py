"""Find the subject, hints, all targets, history, settings as files, and the page in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect

from gpunit import images, zoo
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.i18n import LABELS
from tests.browser.test_translate_tab import drawn, fetch, gallery, set_count, set_seed, upload
from tests.browser.waiting import settle
from tests.conftest import blobs


def example(name: str) -> Path:
    return next(path for path in EXAMPLES if path.stem == name)


def test_the_subject_is_found_and_a_picture_unlike_the_sources_is_hinted_at(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    expect(page.locator("#hint")).to_be_hidden()
    scene = blobs(3, 450, 300)
    scene.paste(images.cut(images.open_picture(example("dog-shepherd")), 160), (20, 30))
    upload(page, scene, tmp_path / "scene.png")
    frame, whole = page.locator("#picture .crop-frame"), page.locator("#picture .crop-shade")
    before = frame.bounding_box()
    page.locator("#find-subject").click()
    page.wait_for_function(
        "width => document.querySelector('#picture .crop-frame').getBoundingClientRect().width < width / 1.2",
        arg=before["width"] if before else 0,
    )
    found, picture = frame.bounding_box(), whole.bounding_box()
    assert found is not None
    assert picture is not None
    assert found["x"] - picture["x"] < 0.3 * (picture["width"] - found["width"])
    expect(page.locator("#hint")).to_be_hidden()
    upload(page, images.open_picture(example("cat-chelsea")), tmp_path / "cat.png")
    expect(page.locator("#hint")).to_contain_text("looks like a cat")
    assert len(drawn(page, "cat-to-cat", 6)) == 6, "a hint never blocks"


def test_all_targets_history_and_settings(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.locator("#to-all").click()
    here = [spec for spec in zoo.all_models().values() if spec.family == "small" and spec.is_here]
    expect(page.locator("#targets img")).to_have_count(4 * len(here))
    expect(page.locator("#targets .caption-label").first).to_have_text(f"{here[0].target} · style 1")

    sections = page.locator("#translate-sections").get_by_role("tab")
    sections.nth(1).click()
    expect(page.locator("#history-empty")).to_be_hidden()
    expect(page.locator("#history .caption-label")).to_have_text(["to-cat · z 7"])

    first = set_seed(page, 5, 6)
    expect(page.locator("#history img")).to_have_count(2)
    set_seed(page, 6, 6)
    expect(page.locator("#history .caption-label")).to_have_text(["to-cat · z 6", "to-cat · z 5", "to-cat · z 7"])
    page.locator("#history button").nth(1).click()
    page.locator("#history-pin").click()
    expect(page.locator("#history .caption-label")).to_have_text(["★ to-cat · z 5", "to-cat · z 6", "to-cat · z 7"])
    page.locator("#history-forget").click()
    expect(page.locator("#history img")).to_have_count(1)
    shown = page.locator("#gallery .grid-wrap img").first
    before = shown.get_attribute("src")
    page.locator("#history-again").click()
    page.wait_for_function("before => document.querySelector('#gallery .grid-wrap img').src !== before", arg=before)
    assert np.array_equal(fetch(page, shown), first[0])
    expect(page.locator("#seed input")).to_have_value("5")

    sections.nth(2).click()
    with page.expect_download() as download:
        page.locator("#share-save").click()
    assert download.value.suggested_filename == "translation-to-cat.json"
    path = tmp_path / "shared.json"
    download.value.save_as(path)
    page.reload()
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    before = shown.get_attribute("src")
    sections.nth(2).click()
    page.locator("#translate-sections input[type=file]").set_input_files(path)
    page.wait_for_function("before => document.querySelector('#gallery .grid-wrap img').src !== before", arg=before)
    assert np.array_equal(fetch(page, shown), first[0])
    expect(page.locator("#seed input")).to_have_value("5")


def test_a_link_opens_on_the_same_pictures(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    set_seed(page, 5, 6)
    set_count(page, 3)
    made = gallery(page)
    page.locator("#translate-sections").get_by_role("tab").nth(2).click()
    page.locator("#share-link").click()
    field = page.locator("#link textarea, #link input").first
    expect(field).to_have_value(re.compile("http.*picture=dog-husky"))
    page.goto(field.input_value())
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(3)
    expect(page.locator("#seed input")).to_have_value("5")
    for mine, theirs in zip(gallery(page), made, strict=True):
        assert np.array_equal(mine, theirs)


def test_a_link_that_says_nonsense_is_told_so(page: Page, address: str) -> None:
    page.goto(f"{address}/?seed=-4&model=cake")
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    expect(page.get_by_text("This link says something")).to_be_visible()


def test_a_chinese_browser_gets_a_chinese_page(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    for key in ("tab_translate", "tab_styles", "tab_prior", "tab_masks"):
        expect(page.get_by_role("tab", name=LABELS[key][1], exact=True).first).to_be_visible()
    expect(page.locator("#translate")).to_have_text(LABELS["translate"][1])
    expect(page.locator("#model input")).to_have_value("狗 / 鸟 / 汽车 → 猫  ·  128 px")
    expect(page.locator("#timing")).to_contain_text("毫秒")
    shown = page.locator("body").inner_text()
    assert "__i18n__" not in shown
    for key in ("count", "seed", "temperature", "seed_info", "find_subject", "to_styles", "download_all"):
        assert LABELS[key][1] in shown, key
        assert LABELS[key][0] not in shown, key
    context.close()


def test_a_tab_that_is_open_rests(page: Page) -> None:
    """No event of the tab wakes another for ever."""
    page.get_by_role("tab", name="Skip masks").click()
    expect(page.locator("#masks-npz")).to_be_enabled()
    settle(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    page.wait_for_timeout(3000)
    assert asked == []
