from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gpunit import files, images
from gpunit.images import Crop, PictureError
from tests.conftest import blobs


def through_file(picture: Image.Image, kind: str, **options: object) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    buffer.seek(0)
    return images.open_picture(buffer)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=int)


def test_exif_rotation_is_applied() -> None:
    upright = blobs(3, 60, 40)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held turned by 90 degrees
    read = through_file(upright.rotate(90, expand=True), "PNG", exif=exif)
    assert np.array_equal(pixels(read), pixels(upright))


def test_transparency_is_laid_on_white() -> None:
    picture = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    assert np.all(pixels(through_file(picture, "PNG")) == 255)
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert np.all(np.abs(pixels(through_file(half, "PNG")) - 127) <= 1)


def test_palette_with_transparency() -> None:
    picture = blobs(1).quantize(8)
    picture.info["transparency"] = 0
    assert through_file(picture, "PNG", transparency=0).mode == "RGB"


def test_sixteen_bit_greyscale_keeps_its_range() -> None:
    ramp = np.linspace(0, 65535, 256).reshape(1, 256).astype(np.uint16)
    read = pixels(through_file(Image.fromarray(ramp), "PNG"))
    assert np.abs(read[0, :, 0] - np.arange(256)).max() <= 1
    assert np.array_equal(read[..., 0], read[..., 2])


def test_cmyk_and_greyscale() -> None:
    picture = blobs(2)
    cmyk = through_file(picture.convert("CMYK"), "TIFF")
    assert np.abs(pixels(cmyk) - pixels(picture)).mean() < 3
    grey = pixels(through_file(picture.convert("L"), "PNG"))
    assert np.array_equal(grey[..., 0], grey[..., 1])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.png", b"<html>quota exceeded</html>", "not a picture"),
        ("cut.png", None, "damaged"),
        ("empty.jpg", b"", "not a picture"),
    ],
)
def test_unusable_files_are_explained(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    path = tmp_path / name
    if content is None:
        buffer = io.BytesIO()
        blobs(1).save(buffer, "PNG")
        content = buffer.getvalue()[:300]
    path.write_bytes(content)
    with pytest.raises(PictureError, match=words):
        images.open_picture(path)


def test_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file"):
        images.open_picture(tmp_path / "nothing.png")


def test_too_many_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 100)
    with pytest.raises(PictureError, match="megapixels"):
        through_file(blobs(1), "PNG")


@given(
    width=st.integers(1, 3000),
    height=st.integers(1, 3000),
    zoom=st.floats(1, 8),
    x=st.floats(-1, 2),
    y=st.floats(-1, 2),
)
def test_a_crop_is_a_square_inside_the_picture(width: int, height: int, zoom: float, x: float, y: float) -> None:
    left, top, right, bottom = Crop(zoom, x, y).box(width, height)
    assert right - left == bottom - top >= 1
    assert left >= 0
    assert top >= 0
    assert right <= width
    assert bottom <= height


def test_the_default_crop_is_the_centre_and_does_not_squash() -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste(Image.new("RGB", (100, 100), "blue"), (100, 0))
    assert np.all(pixels(images.cut(wide, 32)) == (0, 0, 255))


def test_pictures_survive_the_way_to_tensors_and_back(picture: Image.Image) -> None:
    tensor = images.to_tensor(picture)
    assert tensor.min() >= -1
    assert tensor.max() <= 1
    assert np.array_equal(pixels(images.to_pictures(tensor)[0]), pixels(picture))


def test_sheet_holds_every_picture() -> None:
    cells = [[blobs(2 * row + column, 16, 16) for column in range(2)] for row in range(2)]
    sheet = images.sheet(cells, 16, gap=2)
    assert np.array_equal(pixels(sheet.crop((20, 20, 36, 36))), pixels(cells[1][1]))


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    class Broken(Image.Image):
        def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
            Path(fp).write_bytes(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.save_png(Broken(), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_values_outside_the_range_are_clipped() -> None:
    wild = torch.tensor([-5.0, 5.0, 0.0]).view(1, 3, 1, 1)
    assert images.to_pictures(wild)[0].getpixel((0, 0)) == (0, 255, 128)
