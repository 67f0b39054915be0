from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from gpunit import images
from tests.conftest import blobs


def fetch(page: Page, image: Locator) -> np.ndarray:
    """The pixels of a picture on the page, as the server sent them."""
    address = image.get_attribute("src")
    assert address
    response = page.request.get(address)
    assert response.ok
    return np.asarray(Image.open(io.BytesIO(response.body())).convert("RGB"), dtype=int)


def gallery(page: Page) -> list[np.ndarray]:
    shown = page.locator("#gallery .grid-wrap img")
    return [fetch(page, shown.nth(index)) for index in range(shown.count())]


def drawn(page: Page, name: str, count: int | None = None) -> list[np.ndarray]:
    """The gallery, once its pictures' files are called so: source, model and seed are in their names."""
    page.wait_for_function(
        "name => document.querySelector('#gallery .grid-wrap img')?.src.split('/').pop().includes(name)", arg=name
    )
    shown = page.locator("#gallery .grid-wrap img")
    if count is not None:
        expect(shown).to_have_count(count)
    return gallery(page)


def upload(page: Page, picture: Image.Image, path: Path) -> None:
    """Replace the picture, and wait until it is translated: by then the page has it."""
    picture.save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    drawn(page, f"{path.stem}-to-")


def set_count(page: Page, count: int) -> None:
    box = page.get_by_label("number input for How many styles")
    box.fill(str(count))
    box.press("Tab")
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(count)


def set_seed(page: Page, seed: int, count: int) -> list[np.ndarray]:
    """Give a seed by the keyboard; the pictures follow."""
    page.locator("#seed input").fill(str(seed))
    page.locator("#seed input").press("Enter")
    return drawn(page, f"-seed-{seed}-", count)


def translate(page: Page, count: int) -> list[np.ndarray]:
    """Click Translate, and wait for its answer: the line on time is another one, or the same pictures came again."""
    with page.expect_response(lambda response: "queue/join" in response.url):
        page.locator("#translate").click()
    expect(page.locator("#gallery [data-testid=status-tracker]")).to_have_class(re.compile(r"\bhide\b"))
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(count)
    return gallery(page)


def test_the_page_opens_with_a_translated_example(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    expect(page.locator("#picture .crop-frame")).to_be_visible()
    expect(page.locator("#compare img").first).to_be_visible()
    expect(page.locator("#timing")).to_contain_text("ms a style")
    pictures = gallery(page)
    assert all(picture.shape == (128, 128, 3) for picture in pictures)


COVERED = """() => {
    const area = ({ width, height }) => width * height;
    const parts = [...document.querySelectorAll("#tool > .column")].map((part) => area(part.getBoundingClientRect()));
    return parts.reduce((sum, part) => sum + part) / area(document.getElementById("tool").getBoundingClientRect());
}"""


@pytest.mark.parametrize("width", [1600, 1440, 1024, 768])
def test_the_tool_leaves_no_part_of_its_ground_empty(page: Page, width: int) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.locator("#timing")).to_contain_text("px on")
    assert page.evaluate(COVERED) > 0.75
    thumbnails = page.locator("#gallery .thumbnail-item").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect()).map(({ width, height }) => width / height)"
    )
    assert thumbnails == pytest.approx([1] * 6, abs=0.05)


def test_a_phone_has_narrow_margins_and_room_for_fingers(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    box = page.locator("#picture").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(390 - 2 * 16, abs=1)
    for button in ("#upload", "#to-styles", "#dice"):
        size = page.locator(button).bounding_box()
        assert size is not None
        assert size["height"] >= 44


def test_opening_the_app_asks_no_other_machine(page: Page, asked_outside: Path) -> None:
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url))
    page.reload()
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    assert [url for url in outside if not url.startswith(("http://127.0.0.1", "data:", "blob:"))] == []
    assert not asked_outside.exists(), asked_outside.read_text()


def test_upload_translate_compare_download(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    photo = blobs(5, 240, 160)
    upload(page, photo, tmp_path / "photo.png")
    set_count(page, 4)
    pictures = translate(page, 4)
    assert all(picture.shape == (128, 128, 3) for picture in pictures)
    for index, picture in enumerate(pictures):
        for other in pictures[:index]:
            assert not np.array_equal(picture, other)

    # The slider holds input and first output; a click in the gallery changes the output.
    expect(page.locator("#compare img")).to_have_count(2)

    def compared() -> list[np.ndarray]:
        sides = page.locator("#compare img")
        return [fetch(page, sides.nth(index)) for index in range(2)]

    source = np.asarray(images.cut(photo, 128), dtype=int)
    for chosen in (0, 2):
        if chosen:
            before = [page.locator("#compare img").nth(index).get_attribute("src") for index in range(2)]
            page.locator("#gallery .grid-wrap button").nth(chosen).click()
            page.wait_for_function(
                "before => [...document.querySelectorAll('#compare img')].some(img => !before.includes(img.src))",
                arg=before,
            )
        sides = compared()
        assert any(np.array_equal(side, source) for side in sides)
        assert any(np.array_equal(side, pictures[chosen]) for side in sides)

    with page.expect_download() as download:
        page.locator("#download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["source.png", *(f"style-{index:02d}.png" for index in range(1, 5))]
        first = np.asarray(Image.open(archive.open("style-01.png")), dtype=int)
    assert np.array_equal(first, pictures[0])

    # Another seed gives other pictures, the same seed the same again.
    first_seed = int(page.locator("#seed input").input_value())
    others = set_seed(page, 77, 4)
    assert not any(np.array_equal(one, two) for one, two in zip(pictures, others, strict=True))
    again = set_seed(page, first_seed, 4)
    assert all(np.array_equal(one, two) for one, two in zip(pictures, again, strict=True))


def test_the_style_of_a_picture(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.get_by_label("From a picture").click()
    expect(page.locator("#exemplar")).to_be_visible()
    assert len(drawn(page, "-exemplar-", 1)) == 1


def test_a_refused_file_is_one_toast_and_leaves_everything(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    shown, before = gallery(page), page.locator("#picture img").get_attribute("src")
    assert before is not None
    fake = tmp_path / "photo.png"
    fake.write_bytes(b"<html>quota exceeded</html>")
    page.locator("#picture input[type=file]").set_input_files(fake)
    expect(page.locator(".toast-body.error")).to_have_count(1)
    expect(page.locator(".toast-body.error")).to_contain_text("photo.png: not a picture")
    expect(page.locator("#picture img")).to_have_attribute("src", before)
    expect(page.locator("[data-testid=status-tracker] .error:visible")).to_have_count(0)
    assert all(np.array_equal(one, two) for one, two in zip(gallery(page), shown, strict=True))


def test_translate_without_a_picture_says_what_to_do(page: Page) -> None:
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)
    page.locator("#picture button[aria-label='Remove Image']").click()
    page.locator("#translate").click()
    expect(page.locator(".toast-body.error")).to_contain_text("Give a picture first")
    expect(page.locator("[data-testid=status-tracker] .error:visible")).to_have_count(0)
    expect(page.locator("#gallery .grid-wrap img")).to_have_count(6)


def test_a_tiff_is_shown_and_translated(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    blobs(5, 60, 40).save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    page.wait_for_function("""() => {
        const shown = document.querySelector("#picture img");
        return shown && shown.complete && shown.naturalWidth === 60 && shown.naturalHeight === 40;
    }""")


def test_a_heic_picture_is_read_or_refused_in_a_sentence_of_this_page(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    page.locator("#picture input[type=file]").set_input_files(path)
    expect(page.get_by_text("IMG_1.HEIC").first).to_contain_text("save it as PNG, JPEG or WebP")
    expect(page.get_by_text("Invalid file type")).to_have_count(0)


# A browser that does not know a file's kind gives it none.
HAND_OVER = """([how, name, content]) => {
    const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
    const place = document.querySelector("#picture input[type=file]").parentElement;
    const options = { bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files };
    place.dispatchEvent(how === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options));
}"""


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_files_can_be_dropped_and_pasted_whether_the_browser_knows_their_kind_or_not(page: Page, how: str) -> None:
    def hand_over(name: str, content: bytes) -> None:
        page.evaluate(HAND_OVER, [how, name, base64.b64encode(content).decode()])

    expect(page.locator("#picture .crop-frame")).to_be_visible()
    hand_over("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + bytes(100))
    expect(page.get_by_text("IMG_1.HEIC").first).to_contain_text("save it as PNG, JPEG or WebP")
    expect(page.get_by_text("Invalid file type")).to_have_count(0)
    picture = io.BytesIO()
    blobs(5, 60, 40).save(picture, format="TIFF")
    hand_over("scan.tif", picture.getvalue())
    page.wait_for_function("""() => {
        const shown = document.querySelector("#picture img");
        return shown && shown.complete && shown.naturalWidth === 60 && shown.naturalHeight === 40;
    }""")
