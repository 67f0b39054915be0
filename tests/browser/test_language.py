"""Every kind of Chinese gets the Chinese page, whatever the browser calls it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from gpunit.ui.i18n import LABELS

CHINESE = ("zh-CN", "zh-TW", "zh-HK", "zh-MO", "zh-SG", "zh", "zh-Hans", "zh-Hans-CN", "zh-Hant-TW", "zh-Hans-HK")


@pytest.mark.parametrize("locale", [*CHINESE, "en-GB", "fr", "zha"])
def test_the_page_is_in_chinese_for_every_chinese_locale(browser: Browser, address: str, locale: str) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    try:
        page.goto(address)
        english, chinese = LABELS["translate"]
        expect(page.locator("#translate")).to_have_text(chinese if locale in CHINESE else english)
    finally:
        context.close()


@pytest.mark.parametrize(("locale", "words"), [("zh-HK", "設定"), ("zh-Hant", "設定"), ("zh-Hans-HK", "设置")])
def test_what_gradio_says_is_written_as_the_visitor_writes(
    browser: Browser, address: str, locale: str, words: str
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    try:
        page.goto(address)
        expect(page.locator("footer")).to_contain_text(words)
    finally:
        context.close()
