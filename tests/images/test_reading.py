from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

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
    monkeypatch.setattr(images.reading, "MAX_PIXELS", 100)
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


@pytest.mark.parametrize(
    ("top", "white"),
    [(0.5, 1), (1.0, 1), (1.2, 1), (8.0, 1), (255, 255), (300, 255), (4095, 4095), (65535, 65535), (1e6, 1e6)],
)
def test_float_greyscale_is_neither_black_nor_cut_off(top: float, white: float) -> None:
    ramp = np.linspace(0, top, 256, dtype=np.float32).reshape(1, 256)
    read = pixels(through_file(Image.fromarray(ramp), "TIFF"))[0, :, 0]
    assert np.abs(read - np.clip(ramp[0] / white, 0, 1) * 255).max() <= 0.51


def test_values_that_are_no_numbers_blacken_no_picture() -> None:
    values = np.full((2, 2), 0.5, dtype=np.float32)
    values[0] = np.nan, np.inf
    assert pixels(through_file(Image.fromarray(values), "TIFF"))[..., 0].tolist() == [[0, 255], [128, 128]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("top", [255, 4095, 65535])
def test_greyscale_of_8_12_and_16_bits_in_16_reaches_white(kind: str, top: int) -> None:
    ramp = np.linspace(0, top, 256).reshape(1, 256).round().astype(np.uint16)
    read = pixels(through_file(Image.fromarray(ramp), kind))[0, :, 0]
    assert np.abs(read - np.arange(256)).max() <= 1


def swapped_profile() -> bytes:
    """An ICC profile whose red is sRGB's green and the other way round: that it was applied cannot be overlooked."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at + 4 for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = (profile[tags[name] : tags[name] + 8] for name in (b"rXYZ", b"gXYZ"))
    profile[tags[b"rXYZ"] : tags[b"rXYZ"] + 8], profile[tags[b"gXYZ"] : tags[b"gXYZ"] + 8] = green, red
    return bytes(profile).replace("sRGB built-in".encode("utf-16-be"), "swapped-space".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_the_embedded_profile_is_converted_to_srgb(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    read = through_file(Image.new("RGB", (16, 16), (200, 80, 60)), kind, icc_profile=swapped_profile(), **options)
    assert np.abs(pixels(read) - (80, 200, 60)).max() <= 6
    assert "icc_profile" not in read.info  # or what is saved of it would be converted again


def test_a_profile_goes_with_transparency_and_greyscale() -> None:
    clear = Image.new("RGBA", (4, 4), (200, 80, 60, 255))
    clear.putpixel((0, 0), (200, 80, 60, 0))
    read = pixels(through_file(clear, "PNG", icc_profile=swapped_profile()))
    assert read[0, 0].tolist() == [255, 255, 255]
    assert np.abs(read[1, 1] - (80, 200, 60)).max() <= 2
    grey = through_file(Image.new("L", (4, 4), 99), "PNG", icc_profile=swapped_profile())  # of another kind
    assert pixels(grey)[0, 0].tolist() == [99, 99, 99]


@given(st.binary(min_size=1, max_size=200))
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    picture = blobs(1, 8, 8)
    assert np.array_equal(pixels(through_file(picture, "PNG", icc_profile=profile)), pixels(picture))


def test_srgb_pictures_stay_as_they_are() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = blobs(1, 8, 8)
    assert np.array_equal(pixels(through_file(picture, "PNG", icc_profile=profile)), pixels(picture))


def test_heic_is_read_where_its_reader_is_installed() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    read = through_file(blobs(1, 64, 48), "HEIF", quality=95)
    assert np.abs(pixels(read) - pixels(blobs(1, 64, 48))).mean() < 8


def test_without_its_reader_heic_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.reading, "_formats", lambda: images.FORMATS)
    with pytest.raises(PictureError, match="a HEIC picture, which cannot be read here; save it as PNG"):
        images.open_picture(io.BytesIO(b"\0\0\0\x18ftypheic" + bytes(100)))
