"""On a Chinese page nothing that is seen is English, apart from what has no Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_accessibility import READY, states
from tests.browser.waiting import settle

# Names of works, people, methods and formats; units, keys and symbols; names of models as commands take them.
NAMES = {
    *(
        "GP-UNIT",
        "Explorer",
        "BigGAN",
        "GANSpace",
        "ImageNet",
        "AdaIN",
        "Gradio",
        "Hugging Face",
        "Hub",
        "DeepMind",
        "Apache",
    ),
    *("AFHQ", "CUB-200-2011", "Stanford Cars", "S-Lab License", "GCompris", "GPL", "Tux Paint", "CC0", "Chelsea"),
    *("Unsupervised Image-to-Image Translation with Generative Prior", "CVPR", "Yang", "Jiang", "Liu", "Loy", "arXiv"),
    *("Stéfan van der Walt", "API", "JSON", "PNG", "ZIP", "NPZ", "MP4", "WebM", "GIF", "JPEG", "WebP", "PDF", "Shift"),
    *("Ctrl", "Esc", "sha256", "min", "tanh", "relu", "srec", "dis", "px", "MB", "cpu", "float32", "python -m gpunit"),
    *("viridis", "to-cat", "to-dog", "to-bird", "to-car", "prior-small", "biggan-deep", "photo.png", "recipe.json"),
    *("GAN Dissection", "male2female"),
}
# What stands as it is stored: a style's file, a mixture as commands take it; and what is over and not seen any more.
AS_STORED = ".json-holder, #prior-written, [data-testid=status-tracker].hide"

SEEN = """(stored) => {
    const texts = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const box = node.parentElement;
        if (!node.data.trim() || box.closest(`script, style, ${stored}`)) continue;
        if (box.checkVisibility({ visibilityProperty: true })) texts.push(node.data.trim());
    }
    for (const node of document.querySelectorAll("[aria-label], [title], [alt], [placeholder], input")) {
        if (!node.checkVisibility() || node.closest(stored)) continue;
        for (const name of ["aria-label", "title", "alt", "placeholder"]) texts.push(node.getAttribute(name) ?? "");
        if (["text", "search"].includes(node.type)) texts.push(node.value);
    }
    return [...new Set(texts)];
}"""
KNOWN = re.compile("|".join(re.escape(name) for name in sorted(NAMES, key=len, reverse=True)))


def english(page: Page) -> list[str]:
    """What is seen, or read aloud, and has an English word in it."""
    return [text for text in page.evaluate(SEEN, AS_STORED) if re.search(r"[A-Za-z]{3}", KNOWN.sub("", text))]


@pytest.fixture
def chinese(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    yield page
    context.close()


@pytest.mark.parametrize("tab", READY)
def test_no_state_of_a_tab_shows_english(chinese: Page, tab: str) -> None:
    found = {state: words for state in states(chinese, tab) if (words := english(chinese))}
    assert found == {}


def test_choices_offers_and_terms_are_chinese(chinese: Page) -> None:
    chinese.locator("#more").click()
    chinese.locator("#model input").click()
    expect(chinese.locator("[role=option]").first).to_be_visible()
    assert english(chinese) == []
    chinese.locator("[role=option]", has_text="↓").first.click()
    expect(chinese.locator("#download-offer")).to_contain_text("许可：S-Lab License 1.0：仅限非商业用途")
    settle(chinese)
    assert english(chinese) == []
    chinese.locator("[role=tab][data-tab-id=prior]").click()
    expect(chinese.locator("#prior-grid img")).to_be_visible()
    chinese.locator("#prior-name input").click()
    chinese.locator("[role=option]", has_text="biggan-deep-256").click()
    expect(chinese.locator("#prior-offer")).to_contain_text("条款")
    settle(chinese)
    assert english(chinese) == []


def test_refusals_are_chinese(chinese: Page, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("no picture")
    chinese.locator("#picture input[type=file]").set_input_files(tmp_path / "photo.png")
    expect(chinese.locator(".toast-body")).to_contain_text("不是可以读取的图片")
    assert english(chinese) == []
    chinese.locator(".toast-close").click()
    chinese.locator("#translate-sections [role=tab]").nth(2).click()
    (tmp_path / "recipe.json").write_text('{"eggs": 3}')
    with chinese.expect_file_chooser() as chooser:
        chinese.locator("#share-load").click()
    chooser.value.set_files(tmp_path / "recipe.json")
    expect(chinese.locator(".toast-body")).to_contain_text("不含设置")
    assert english(chinese) == []
