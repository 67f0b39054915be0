from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from playwright.sync_api import Page, Position, expect

from gpunit import images, zoo
from gpunit.engine.styles import Style
from gpunit.engine.translator import Plan, Translator
from gpunit.ui.examples import first_example
from tests.browser.test_prior_tab import changed
from tests.browser.test_translate_tab import fetch
from tests.browser.waiting import settle

RESULT = "#styles-result img"
GRID = "#styles-grid img"
PITCH = 132  # a cell of 128 pixels and a gap of 4


@pytest.fixture(scope="module")
def translator() -> Translator:
    return zoo.load("to-cat", "cpu", "fp32")


@pytest.fixture(scope="module")
def plan(translator: Translator) -> Plan:
    return translator.plan(images.open_picture(first_example()))


def as_array(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=int)


def open_tab(page: Page) -> np.ndarray:
    page.get_by_role("tab", name="Styles").click()
    expect(page.locator(RESULT)).to_be_visible()
    expect(page.locator("#styles-axis-1")).to_contain_text("%")
    expect(page.locator("#styles-row img")).to_have_count(1)
    return fetch(page, page.locator(RESULT))


def source_of(page: Page, selector: str) -> str | None:
    return page.locator(selector).get_attribute("src")


def after(page: Page, action: Callable[[], object]) -> np.ndarray:
    """The picture in the current style, once an action has changed it."""
    before = source_of(page, RESULT)
    action()
    return changed(page, RESULT, before)


def type_axis(page: Page, number: int, value: float) -> None:
    box = page.locator(f"#styles-axis-{number} input[type=number]")
    box.fill(str(value))
    box.press("Tab")


def test_the_tab_opens_with_the_mean_style(page: Page, translator: Translator, plan: Plan) -> None:
    shown = open_tab(page)
    (expected,) = translator.render(plan, translator.mean_style())
    assert np.abs(shown - as_array(expected)).max() <= 1
    expect(page.locator("#styles-row img")).to_have_count(1)


def test_a_dragged_axis_moves_the_picture_and_reset_brings_it_back(
    page: Page, translator: Translator, plan: Plan
) -> None:
    mean = open_tab(page)
    moved = after(page, lambda: type_axis(page, 1, 1.5))
    space = translator.style_space
    code = space.mean + 1.5 * space.deviations[0] * space.axes[0]
    assert np.abs(moved - as_array(translator.render(plan, code[None])[0])).max() <= 1
    assert np.abs(moved - mean).mean() > 0.5

    track = page.locator("#styles-axis-2 input[type=range]")
    before = source_of(page, RESULT)
    box = track.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=4)
    changed(page, RESULT, before)  # live: the button is still down
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert np.array_equal(after(page, lambda: page.locator("#styles-reset").click()), mean)
    expect(page.locator("#styles-axis-1 input[type=number]")).to_have_value("0")


def test_a_drawn_style_is_drawn_as_it_is_and_the_mean_comes_back(
    page: Page, translator: Translator, plan: Plan
) -> None:
    mean = open_tab(page)
    drawn = after(page, lambda: page.get_by_label("A drawn style").click())
    (expected,) = translator.render(plan, translator.sample(1, 0))
    assert np.abs(drawn - as_array(expected)).max() <= 1
    first = round(translator.style_space.coordinates(translator.sample(1, 0))[0, 0].item(), 2)
    expect(page.locator("#styles-axis-1 input[type=number]")).to_have_value(f"{first:g}")
    after(page, lambda: type_axis(page, 1, first - 1))
    assert np.array_equal(after(page, lambda: type_axis(page, 1, first)), drawn)
    assert np.array_equal(after(page, lambda: page.get_by_label("The mean").click()), mean)


def test_every_axis_stands_between_the_pictures_of_its_ends(page: Page, translator: Translator, plan: Plan) -> None:
    open_tab(page)
    space = translator.style_space
    for number in (1, 2):
        expect(page.locator(f"#styles-ends-{number} img")).to_have_count(2)
        for place, end in ((0, -2), (1, 2)):
            source = page.locator(f"#styles-ends-{number} img").nth(place).get_attribute("src") or ""
            shown = as_array(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))
            code = space.mean + end * space.deviations[number - 1] * space.axes[number - 1]
            expected = translator.render(plan, code[None])[0].resize(shown.shape[:2], Image.Resampling.LANCZOS)
            assert np.abs(shown - as_array(expected)).mean() < 8, "as far as JPEG keeps it"


def test_hidden_axes_stay_where_they_are(page: Page, translator: Translator, plan: Plan) -> None:
    open_tab(page)
    after(page, lambda: type_axis(page, 6, 2))
    count = page.get_by_label("number input for Axes shown")
    count.fill("2")
    count.press("Tab")
    expect(page.locator("#styles-axis-6")).not_to_be_visible()
    moved = after(page, lambda: type_axis(page, 1, 1))
    space = translator.style_space
    code = space.mean + space.deviations[0] * space.axes[0] + 2 * space.deviations[5] * space.axes[5]
    assert np.abs(moved - as_array(translator.render(plan, code[None])[0])).max() <= 1


def test_the_grids_corners_are_the_four_styles_and_a_click_goes_on_from_a_cell(
    page: Page, translator: Translator, plan: Plan
) -> None:
    mean = open_tab(page)
    page.get_by_role("tab", name="Grid").click()
    expect(page.locator(GRID)).to_be_visible()
    grid = fetch(page, page.locator(GRID))
    cells = [grid[4 + PITCH * row :, 4 + PITCH * column :][:128, :128] for row in (0, 6) for column in (0, 6)]
    drawn = translator.render(plan, translator.sample(3, 1))
    for cell, expected in zip(cells, [mean, *map(as_array, drawn)], strict=True):
        assert np.abs(cell - expected).max() <= 1

    box = page.locator(GRID).bounding_box()
    assert box
    scale = box["width"] / grid.shape[1]
    place: Position = {"x": scale * (4 + PITCH * 5 + 64), "y": scale * (4 + PITCH * 2 + 64)}
    top = "each => each.getBoundingClientRect().top + window.scrollY"
    before = page.locator(GRID).evaluate(top)
    chosen = after(page, lambda: page.locator(GRID).click(position=place))
    assert page.locator(GRID).evaluate(top) == pytest.approx(before, abs=1), "the page stays where it is"
    assert np.abs(chosen - grid[4 + PITCH * 2 :, 4 + PITCH * 5 :][:128, :128]).max() <= 1


def test_a_and_b_are_the_ends_of_the_strip_and_of_the_mixture(page: Page) -> None:
    mean = open_tab(page)
    page.locator("#styles-to-a").click()
    expect(page.locator("#styles-mixed img")).to_have_count(1)
    settle(page)
    moved = after(page, lambda: type_axis(page, 1, -2))
    before = source_of(page, "#styles-mixed img")
    page.locator("#styles-to-b").click()
    mixed = changed(page, "#styles-mixed img", before)
    strip = fetch(page, page.locator("#styles-strip img"))
    for sheet, last in ((strip, 8), (mixed, 2)):
        assert np.abs(sheet[4:132, 4:132] - mean).max() <= 1
        assert np.abs(sheet[4:132, 4 + PITCH * last :][:, :128] - moved).max() <= 1
    before = source_of(page, "#styles-mixed img")
    page.locator("#styles-band-fine").get_by_label("A").click()
    all_from_a = changed(page, "#styles-mixed img", before)
    assert np.abs(all_from_a[4:132, 4 + PITCH :][:, :128] - mean).max() <= 1


@pytest.mark.parametrize(("kind", "suffix", "shown"), [("GIF", ".gif", "#styles-gif img"), ("MP4", ".mp4", "video")])
def test_the_animation_goes_there_and_back(page: Page, kind: str, suffix: str, shown: str) -> None:
    open_tab(page)
    page.get_by_role("tab", name="A and B").click()
    page.locator("#styles-kind").get_by_label(kind).click()
    page.locator("#styles-animate").click()
    expect(page.locator(shown)).to_be_visible()
    with page.expect_download() as download:
        page.locator("#styles-animation-file").click()
    path = Path(download.value.path())
    assert download.value.suggested_filename == f"styles-to-cat{suffix}"
    if kind == "GIF":
        with Image.open(path) as animation:
            assert isinstance(animation, GifImageFile)
            assert animation.n_frames == 46
            assert animation.info["loop"] == 0
    else:
        assert path.read_bytes()[4:8] == b"ftyp"


def test_a_style_saved_and_loaded_is_the_same(page: Page, translator: Translator, tmp_path: Path) -> None:
    open_tab(page)
    saved = after(page, lambda: type_axis(page, 1, 1.37))
    page.get_by_role("tab", name="Save and load").click()
    with page.expect_download() as download:
        page.locator("#styles-save").click()
    path = tmp_path / "style.json"
    download.value.save_as(path)
    read = json.loads(path.read_text())
    space = translator.style_space
    expected = space.mean + 1.37 * space.deviations[0] * space.axes[0]
    assert Style.from_json(path.read_text(), "to-cat", read["sha256"], len(expected)).code.allclose(expected, atol=1e-5)
    after(page, lambda: page.locator("#styles-reset").click())
    loaded = after(page, lambda: page.locator("input[type=file][accept='.json']").set_input_files(path))
    assert np.array_equal(loaded, saved)


def test_a_file_that_is_no_style_is_explained(page: Page, tmp_path: Path) -> None:
    open_tab(page)
    page.get_by_role("tab", name="Save and load").click()
    (tmp_path / "recipe.json").write_text('{"eggs": 3}')
    page.locator("input[type=file][accept='.json']").set_input_files(tmp_path / "recipe.json")
    expect(page.get_by_text("not a saved style").first).to_be_visible()
