"""The page that `export --format web` writes, in a real Chromium: the app's pictures, and no network once loaded."""

from __future__ import annotations

import functools
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from gpunit import images, zoo
from gpunit.engine.styles import Style
from gpunit.images import Crop
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.web import export_web
from gpunit.zoo.web.runtime import find_runtime
from tests.browser.conftest import FLAGS
from tests.conftest import blobs

# Of 255: what rounding to 8 bits can make of differences in the sixth digit.
MOST_DIFFERENCE = 1
# In drawings without grain, instance norm divides rounding errors by the small deviations of flat areas.
MOST_OF_FLAT = 8
PIXELS = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"

UNTIL_REMOVED = """async (name) => {
  while ((await caches.keys()).includes(name)) await new Promise((done) => setTimeout(done, 50));
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Hands out files, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with two models."""
    try:
        find_runtime()
    except DownloadError as error:
        pytest.skip(f"needs onnxruntime-web: {error}")
    return export_web(["to-cat", "to-dog"], tmp_path_factory.mktemp("web") / "page").folder


@contextmanager
def serving(folder: Path) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(folder: Path) -> Iterator[ThreadingHTTPServer]:
    """A server that has the page, not at its root."""
    with serving(folder.parent) as server:
        yield server


@pytest.fixture(scope="module")
def chromium(browser: Browser) -> Iterator[Browser]:
    """Chromium with a webcam that shows a moving test picture."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    flags = [*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    chromium = browser.browser_type.launch(executable_path=path, args=flags)
    yield chromium
    chromium.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True, locale="en-GB")
    context.set_default_timeout(90_000)
    yield context
    context.close()


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/page/"


@pytest.fixture
def page(context: BrowserContext, server: ThreadingHTTPServer) -> Page:
    """The page with its first translation, and everything kept for later."""
    page = context.new_page()
    page.goto(address(server))
    expect(page.locator("#network")).to_have_text("Works offline from now on")
    wait_until_rested(page)
    return page


def wait_until_rested(page: Page) -> None:
    """Wait until nothing is left to translate."""
    expect(page.locator("#compare")).to_have_attribute("data-shown", re.compile("[1-9]"))
    expect(page.locator("html")).to_have_attribute("data-busy", "false")


def choose(page: Page, target: str) -> None:
    page.locator("#targets label", has_text=target).click()


def pixels(canvas: Locator) -> np.ndarray:
    found = np.array(canvas.evaluate(PIXELS), dtype=np.uint8)
    side = round((len(found) / 4) ** 0.5)
    return found.reshape(side, side, 4)[..., :3]


def difference(canvas: Locator, picture: Image.Image) -> int:
    """The largest one, in levels of 255."""
    return int(np.abs(pixels(canvas).astype(int) - np.asarray(picture, dtype=int)).max())


def saved_style(page: Page, model: str) -> Style:
    """The style that is shown, as the app reads it."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the style").click()
    text = download.value.path().read_bytes()
    return Style.from_json(text, model, zoo.fingerprint(model), 64)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph that has to be averaged and filtered, with fine detail."""
    path = tmp_path / "photo.png"
    grain = np.random.default_rng(0).integers(-20, 20, (700, 903, 3))
    smooth = np.asarray(blobs(4, 903, 700), dtype=int)
    Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8)).save(path)
    return path


def test_pictures_are_those_of_the_app(page: Page, photo: Path) -> None:
    translator = zoo.load("to-cat", "cpu", "fp32")
    page.locator("#file").set_input_files(photo)
    wait_until_rested(page)
    picture = Image.open(photo)
    steps = [
        lambda: page.get_by_role("button", name="The mean style").click(),
        lambda: page.get_by_role("button", name="Random style 2", exact=True).click(),
        lambda: page.get_by_role("slider", name="Axis 1").fill("-1.5"),
    ]
    codes = []
    for step in steps:
        step()
        wait_until_rested(page)
        assert difference(page.locator("#before"), images.cut(picture, 128)) == 0
        codes.append(saved_style(page, "to-cat").code)
        rendered = translator.render(translator.plan(picture), codes[-1][None])[0]
        assert difference(page.locator("#after"), rendered) <= MOST_DIFFERENCE
    assert codes[0].tolist() == translator.mean_style()[0].tolist()
    assert translator.style_space.coordinates(codes[2])[0].item() == pytest.approx(-1.5, abs=1e-4)


def test_the_frame_cuts_squares_as_the_app_does(page: Page, photo: Path) -> None:
    page.locator("#file").set_input_files(photo)
    wait_until_rested(page)
    page.get_by_role("slider", name="Zoom").fill("1.75")
    page.locator("#frame").press("ArrowLeft")
    page.locator("#frame").press("ArrowDown")
    wait_until_rested(page)
    crop = Crop(1.75, 0.5 - 0.04, 0.5 + 0.04)
    assert difference(page.locator("#before"), images.cut(Image.open(photo), 128, crop)) == 0


def test_it_works_without_a_network_once_loaded(page: Page, server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()
    page.context.set_offline(True)
    for where in ("in the open page", "opened again"):
        before = pixels(page.locator("#after"))
        choose(page, "dog")
        wait_until_rested(page)
        page.get_by_role("button", name="Example: car").last.click()
        wait_until_rested(page)
        assert not np.array_equal(pixels(page.locator("#after")), before), where
        style = saved_style(page, "to-dog")
        translator = zoo.load("to-dog", "cpu", "fp32")
        seen = Image.fromarray(pixels(page.locator("#before")))
        rendered = translator.render(translator.plan(seen), style.code[None])[0]
        assert difference(page.locator("#after"), rendered) <= MOST_DIFFERENCE, where
        page.reload()
        wait_until_rested(page)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_new_export_takes_the_place_of_the_old_one(context: BrowserContext, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "page", ignore=shutil.ignore_patterns("*.wasm", "*.onnx"))
    for path in [*folder.rglob("*.wasm"), *folder.rglob("*.onnx")]:
        (tmp_path / "page" / path.relative_to(folder)).symlink_to(path)
    with serving(tmp_path) as server:
        page = context.new_page()
        page.goto(address(server))
        expect(page.locator("#network")).to_have_text("Works offline from now on")
        (old,) = [name for name in page.evaluate("caches.keys()") if not name.endswith("/")]
        changes = {"texts.js": ("New random styles", "Other styles"), "sw.js": (old.split(" ")[-1], "0" * 16)}
        for name, (before, after) in changes.items():
            path = tmp_path / "page" / name
            path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        page.reload()
        page.evaluate(UNTIL_REMOVED, old)
        page.reload()
        expect(page.get_by_role("button", name="Other styles")).to_be_visible()


def test_nothing_is_asked_of_other_hosts(context: BrowserContext, server: ThreadingHTTPServer) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(address(server))
    expect(page.locator("#network")).to_have_text("Works offline from now on")
    assert any(url.endswith(".wasm") for url in asked)
    assert [url for url in asked if not url.startswith((address(server), "blob:", "data:"))] == []
    assert [url for url in asked if url.endswith("/webgpu.wasm")] == []


def test_new_styles_are_sampled_and_a_model_keeps_its_own(page: Page) -> None:
    first = saved_style(page, "to-cat").code
    page.get_by_role("button", name="New random styles").click()
    wait_until_rested(page)
    drawn = saved_style(page, "to-cat").code
    assert not (drawn == first).any()
    expect(page.get_by_role("button", name="Random style 1", exact=True)).to_have_attribute("aria-pressed", "true")
    choose(page, "dog")
    wait_until_rested(page)
    assert not (saved_style(page, "to-dog").code == drawn).any()
    choose(page, "cat")
    wait_until_rested(page)
    assert (saved_style(page, "to-cat").code == drawn).all()


def test_the_webcam_is_translated_until_it_is_stopped(page: Page) -> None:
    page.context.grant_permissions(["camera"])
    page.get_by_role("button", name="Webcam").click()
    for _ in range(3):
        shown = page.locator("#compare").get_attribute("data-shown")
        expect(page.locator("#compare")).not_to_have_attribute("data-shown", shown or "")
    page.get_by_role("button", name="Stop the webcam").click()
    wait_until_rested(page)
    translator = zoo.load("to-cat", "cpu", "fp32")
    plan = translator.plan(Image.fromarray(pixels(page.locator("#before"))))
    rendered = translator.render(plan, translator.mean_style())[0]
    assert difference(page.locator("#after"), rendered) <= MOST_OF_FLAT


def test_what_is_no_picture_is_refused_in_a_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    before = pixels(page.locator("#after"))
    page.locator("#file").set_input_files(tmp_path / "notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("not a picture that the browser can read")
    assert np.array_equal(pixels(page.locator("#after")), before)


def test_keys_do_what_the_mouse_does(page: Page) -> None:
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("Turn it into a dog. Keep the pose.")
    wait_until_rested(page)
    split = page.get_by_role("slider", name="Before and after")
    at = float(split.input_value())
    split.press("ArrowRight")
    assert float(split.input_value()) > at
    style = saved_style(page, "to-dog").code
    page.get_by_role("slider", name="Axis 2").press("ArrowRight")
    wait_until_rested(page)
    assert not (saved_style(page, "to-dog").code == style).all()
    page.get_by_role("button", name="Reset").press("Enter")
    wait_until_rested(page)
    assert (saved_style(page, "to-dog").code == style).all()


def test_it_speaks_chinese_and_has_a_dark_look_and_remembers_both(page: Page) -> None:
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("变成猫，姿态不变。")
    page.get_by_role("button", name="浅色或深色").click()
    page.reload()
    expect(page.get_by_role("button", name="保存图片")).to_be_enabled()
    assert page.locator("html").get_attribute("data-look") == "dark"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_it_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_without_webgpu_the_page_that_asks_for_it_takes_webassembly(
    context: BrowserContext, server: ThreadingHTTPServer
) -> None:
    page = context.new_page()
    page.goto(f"{address(server)}?backend=webgpu")
    expect(page.locator("#timing")).to_contain_text("WebAssembly")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_files_that_are_missing_are_told_of_in_a_sentence(
    context: BrowserContext, server: ThreadingHTTPServer, folder: Path
) -> None:
    encoder = json.loads((folder / "models.json").read_text())["models"][0]["files"]["encoder"]
    page = context.new_page()
    context.route(f"**/{encoder}", lambda route: route.fulfill(status=404))
    page.goto(address(server))
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
