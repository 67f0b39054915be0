"""Good, odd and bad picture files, made from seeds: what a public page is sent sooner or later."""

from __future__ import annotations

import functools
import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, PngImagePlugin

from gpunit.images import MAX_BYTES
from tests.conftest import blobs


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        name: of the file, as its sender calls it.
        content: its bytes.
        accepted: whether it must be translated; None where decoders may differ.
    """

    name: str
    content: bytes
    accepted: bool | None


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@functools.cache
def corpus() -> list[Case]:
    """At least 200 files; the same ones every time, but for the times that AVIF notes."""
    return [*_good(), *_odd(), *_cut(), *_noisy(), *_foreign(), *_bombs()]


def _good() -> Iterator[Case]:
    for number, (kind, suffix) in enumerate(KINDS.items()):
        yield Case(f"plain.{suffix}", encoded(blobs(number, 80, 60), kind), True)
        yield Case(f"small-{number}.{suffix}", encoded(blobs(number, 1, 1), kind), True)
    modes = ("1", "L", "LA", "P", "RGB", "RGBA")
    for mode in modes:
        yield Case(f"mode-{mode}.png", encoded(blobs(3).convert(mode), "PNG"), True)
    for mode in ("1", "L", "RGB", "CMYK", "RGBA"):
        yield Case(f"mode-{mode}.tif", encoded(blobs(4).convert(mode), "TIFF"), True)
    for mode in ("L", "RGB", "CMYK"):
        for progressive in (False, True):
            content = encoded(blobs(5).convert(mode), "JPEG", progressive=progressive, quality=80)
            yield Case(f"mode-{mode}-{progressive}.jpg", content, True)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield Case(f"turned-{orientation}.jpg", encoded(blobs(6, 60, 40), "JPEG", exif=exif), True)
        yield Case(f"turned-{orientation}.webp", encoded(blobs(6, 60, 40), "WEBP", exif=exif), True)
    names = (
        "Ärger mit Ümläuten.png",
        "猫と犬.png",
        "صورة.png",
        "🐶🐱.png",
        "a" * 120 + ".png",
        "with spaces and 'quotes'.png",
        "two..dots.png",
        "-dash.png",
        "percent%2e%2e.png",
        "noending",
        ".hidden.png",
        "e\u0301combining.png",
        "new\nline.png",
        "tab\there.png",
    )
    for number, name in enumerate(names):
        yield Case(name, encoded(blobs(number), "PNG"), True)


KINDS = {
    "PNG": "png",
    "JPEG": "jpg",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tif",
    "PPM": "ppm",
    "JPEG2000": "jp2",
    "AVIF": "avif",
}


def _odd() -> Iterator[Case]:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64)
    yield Case("sixteen.png", encoded(Image.fromarray(ramp.astype(np.uint16)), "PNG"), True)
    yield Case("sixteen.tif", encoded(Image.fromarray(ramp.astype(np.uint16)), "TIFF"), True)
    yield Case("thirtytwo.tif", encoded(Image.fromarray(ramp.astype(np.int32)), "TIFF"), True)
    yield Case("float.tif", encoded(Image.fromarray((ramp / 65535).astype(np.float32)), "TIFF"), True)
    holes = (ramp / 65535).astype(np.float32)
    holes[::2], holes[1::8] = np.nan, np.inf
    yield Case("holes.tif", encoded(Image.fromarray(holes), "TIFF"), True)
    for number, size in enumerate(
        [(20_000, 10), (10, 20_000), (1, 3000), (3000, 1), (2, 2), (65_000, 1), (4000, 3000)]
    ):
        yield Case(f"shape-{number}.png", encoded(Image.new("RGB", size, (90, 140, 60)), "PNG"), True)
    frames = [blobs(number, 48, 48) for number in range(5)]
    for kind, suffix in (("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png"), ("TIFF", "tif"), ("AVIF", "avif")):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        yield Case(f"animated.{suffix}", content, True)
    clear = blobs(7).quantize(16)
    yield Case("palette-clear.png", encoded(clear, "PNG", transparency=3), True)
    yield Case("palette-clear.gif", encoded(clear, "GIF", transparency=3), True)
    yield Case("palette-bytes.png", encoded(clear, "PNG", transparency=bytes(range(0, 256, 16))), True)
    yield Case("grey-clear.png", encoded(blobs(7).convert("L"), "PNG", transparency=9), True)
    # Named for another format than they are: the bytes decide.
    for number, (kind, suffix) in enumerate(
        [
            ("PNG", "jpg"),
            ("JPEG", "png"),
            ("WEBP", "jpg"),
            ("GIF", "png"),
            ("AVIF", "png"),
            ("TIFF", "jpg"),
            ("BMP", "txt"),
        ]
    ):
        yield Case(f"mislabelled-{number}.{suffix}", encoded(blobs(number), kind), True)
    photo = encoded(blobs(8, 90, 70), "JPEG")
    for number, exif in enumerate(
        [b"", b"Exif\x00\x00", b"Exif\x00\x00MM\x00*\xff\xff\xff\xff", b"Exif\x00\x00" + b"\x7f" * 60]
    ):
        segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        yield Case(f"broken-exif-{number}.jpg", photo[:2] + segment + photo[2:], True)
    yield Case("trailing.jpg", photo + b"\x00garbage" * 50, True)
    yield Case("broken-profile.jpg", encoded(blobs(8), "JPEG", icc_profile=b"no profile" * 30), True)
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "a" * 3000)
    yield Case("with-text.png", encoded(blobs(8), "PNG", pnginfo=text), True)
    long_text = PngImagePlugin.PngInfo()
    long_text.add_text("comment", "a" * 40_000_000, zip=True)
    yield Case("text-bomb.png", encoded(blobs(8), "PNG", pnginfo=long_text), None)


def _cut() -> Iterator[Case]:
    """Files that end too early."""
    for number, (kind, suffix) in enumerate(KINDS.items()):
        whole = encoded(blobs(10 + number, 80, 80), kind)
        for part in (0.02, 0.2, 0.5, 0.8, 0.97):
            must = False if part < 0.6 and kind in ("PNG", "JPEG", "WEBP", "BMP", "PPM", "AVIF") else None
            yield Case(f"cut-{part}.{suffix}", whole[: int(part * len(whole))], must)


def _noisy() -> Iterator[Case]:
    """Files with some bytes changed, and noise behind a right beginning."""
    for number, (kind, suffix) in enumerate(KINDS.items()):
        rng = np.random.default_rng(number)
        whole = encoded(blobs(20 + number, 64, 64), kind)
        for share in (0.001, 0.02, 0.3):
            bytes_ = np.frombuffer(whole, np.uint8).copy()
            places = rng.choice(len(bytes_), max(1, int(share * len(bytes_))), replace=False)
            bytes_[places] = rng.integers(0, 256, len(places))
            yield Case(f"noisy-{share}.{suffix}", bytes_.tobytes(), None)
        yield Case(f"beginning.{suffix}", whole[:24] + rng.bytes(3000), None)
    for number, size in enumerate((1, 2, 16, 1000, 50_000)):
        yield Case(f"random-{number}.png", np.random.default_rng(100 + number).bytes(size), False)


def _foreign() -> Iterator[Case]:
    """Files that are no pictures."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("picture.png", encoded(blobs(1), "PNG"))
    brand = b"\x00\x00\x00\x18ftyp%b\x00\x00\x00\x00mif1heic" + bytes(400)
    contents = {
        "empty.png": b"",
        "text.png": b"I am a text, and no picture.\n" * 20,
        "page.jpg": b"<!DOCTYPE html><html><body>Quota exceeded</body></html>",
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "script.png": b"#!/bin/sh\nrm -rf /\n",
        "paper.pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "drawing.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n(%pipe%id) (w) file\nshowpage\n",
        "phone.heic": brand.replace(b"%b", b"heic"),
        "phone.jpg": brand.replace(b"%b", b"mif1"),
        "archive.png": archive.getvalue(),
        "data.json": json.dumps({"picture": None}).encode(),
        "code.png": pickle.dumps({"a": 1}),
        "nulls.png": bytes(5000),
        "sound.png": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
        "film.png": b"\x00\x00\x00\x20ftypisom" + bytes(500),
        "utf16.png": "no picture".encode("utf-16") * 30,
        "weights.png": struct.pack("<Q", 2) + b"{}",
        "photoshop.png": b"8BPS\x00\x01" + bytes(60),
        "targa.png": bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 24, 0]) + bytes(48),
    }
    for name, content in contents.items():
        yield Case(name, content, False)


def _bombs() -> Iterator[Case]:
    """Little files of many pixels, and files that are too large themselves."""
    for number, (width, height) in enumerate(
        [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (12_000, 12_000), (200_000, 400)]
    ):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        content = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(2000)))
        yield Case(f"bomb-{number}.png", content + _chunk(b"IEND", b""), False)
    header = struct.pack(">IIBBBBB", 0, 10, 8, 2, 0, 0, 0)
    yield Case("no-width.png", b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IEND", b""), False)
    yield Case("bomb.gif", b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\x00\x00" + bytes(60), False)
    yield Case("real-bomb.png", encoded(Image.new("1", (9000, 9000)), "PNG"), False)
    small = encoded(blobs(1), "PNG")
    yield Case("heavy.png", small + bytes(MAX_BYTES), False)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
