"""Picture files become upright 8-bit RGB in sRGB, whatever their format, depth, profile and orientation."""

from __future__ import annotations

import functools
import io
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_BYTES = 32 * 2**20
MAX_PIXELS = 50_000_000
HEIC_SUFFIXES = (".heic", ".heif", ".hif")
# What is read, by Pillow's names, and the suffixes of such files.  Pillow's other readers stay shut: EPS starts an
# interpreter, some know no header, and ICO decodes what is inside before it can say how large that is.
FORMATS: Mapping[str, tuple[str, ...]] = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}

_SHOWN_BY_BROWSERS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "AVIF")
_BACKGROUND = (255, 255, 255)
_ADVICE = "save it as PNG, JPEG or WebP and try again"
_MEGAPIXELS = f"more than {MAX_PIXELS // 10**6} megapixels; make it smaller and try again"
# The brands that HEIC files carry behind "ftyp"; phones write them.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_log = logging.getLogger(__name__)

Read = TypeVar("Read")


class PictureError(ValueError):
    """A picture that cannot be used; the message says why and what to do, in one sentence."""


def open_picture(source: str | os.PathLike[str] | BinaryIO, name: str | None = None) -> Image.Image:
    """Read a picture file as upright 8-bit RGB; of an animation or a stack of pages, the first.

    The file's own bytes say what it is, not its name.

    Args:
        source: a path or an open file.
        name: what messages call it; the path itself by default.

    Raises:
        PictureError: if the file is missing, not a picture, damaged, or too large.
    """
    if isinstance(source, str | os.PathLike):
        return _read_path(Path(source), printable(name or str(source)), to_rgb)
    return _read(source, printable(name or "the upload"), to_rgb)


def require_picture(path: Path, name: str | None = None) -> None:
    """Make sure that a file claims to be a picture of a format and size that are read; its pixels are not decoded.

    Args:
        path: the file.
        name: what messages call it; the path itself by default.

    Raises:
        PictureError: if it does not.
    """
    _read_path(path, printable(name or str(path)), _require_size)


def is_shown_by_browsers(path: Path) -> bool:
    """Whether a picture file is of a format that browsers show.

    Raises:
        PictureError: if it is no picture that is read.
    """
    return _read_path(path, printable(path.name), lambda picture: picture.format in _SHOWN_BY_BROWSERS)


def _read_path(path: Path, name: str, use: Callable[[Image.Image], Read]) -> Read:
    try:
        if path.is_dir():
            raise PictureError(f"{name}: this is a folder; give a picture in it.")
        if not path.is_file():
            what = "no ordinary file (a pipe or a device)" if path.exists() else "there is no such file"
            raise PictureError(f"{name}: {what}; check the path.")
        size = path.stat().st_size
        if size == 0:
            raise PictureError(f"{name}: not a picture but an empty file; export or download the picture again.")
        if size > MAX_BYTES:
            raise PictureError(f"{name}: larger than {MAX_BYTES >> 20} MB; make it smaller and try again.")
        with path.open("rb") as file:
            return _read(file, name, use)
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise PictureError(
            f"{name}: the file cannot be opened ({reason}); check its path and its permissions."
        ) from None


@functools.cache
def _formats() -> Mapping[str, tuple[str, ...]]:
    """`FORMATS`, and HEIC where pillow-heif is installed."""
    try:
        import pillow_heif
    except ImportError:  # not installed, or a library that it needs is not
        return FORMATS
    pillow_heif.register_heif_opener()
    return {**FORMATS, "HEIF": HEIC_SUFFIXES}


def picture_suffixes() -> tuple[str, ...]:
    """The suffixes of files that are read as pictures, in small letters, with their dots."""
    return tuple(suffix for suffixes in _formats().values() for suffix in suffixes)


def _read(file: BinaryIO, name: str, use: Callable[[Image.Image], Read]) -> Read:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes that are refused, and metadata that is not used
            with Image.open(file, formats=tuple(_formats())) as picture:
                return use(picture)
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{name}: {_MEGAPIXELS}.") from None
    except UnidentifiedImageError:
        raise PictureError(f"{name}: {_what_it_is(file)}; {_ADVICE}.") from None
    except MemoryError:
        raise PictureError(f"{name}: there is not enough memory to read it; make it smaller and try again.") from None
    except Exception as error:  # decoders raise whatever the bytes lead them to
        reason = printable(str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__)
        raise PictureError(f"{name}: damaged or unsupported picture ({reason}); {_ADVICE}.") from None


def _what_it_is(file: BinaryIO) -> str:
    """What a file is that Pillow does not open, as far as its first bytes tell."""
    file.seek(0)
    start = file.read(512)
    if start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS:
        return "a HEIC picture, which cannot be read here"
    if start[4:8] == b"ftyp" and start[8:12] == b"avif":
        return "an AVIF picture, which is damaged or cannot be read here"
    if b"<svg" in start.lower():
        return "an SVG drawing, which has no pixels of its own"
    if start.startswith(b"%PDF"):
        return "a PDF document, not a picture"
    if start.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6")):
        return "a PostScript drawing, which is not read"
    return "not a picture that can be read"


def printable(text: str) -> str:
    """Text that every terminal and page can show, on one line and not too long."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= 200 else f"{shown[:80]}…{shown[-80:]}"


def to_rgb(picture: Image.Image) -> Image.Image:
    """Make any PIL picture upright 8-bit RGB in sRGB.

    EXIF rotation and colour profile are applied, transparency is laid on white, 16-bit and float greyscale is scaled.

    Raises:
        PictureError: if the picture has no pixels or more than `MAX_PIXELS`.
    """
    _require_size(picture)
    picture = _upright(picture)
    profile = picture.info.pop("icc_profile", None)  # what is written of these pixels must not name it again
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return _from_wide(picture)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        opaque = _to_srgb(picture.convert("RGB"), profile)
        ground = Image.new("RGB", picture.size, _BACKGROUND)
        return Image.composite(opaque, ground, picture.getchannel("A"))
    return _to_srgb(picture, profile)


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The RGB picture in sRGB that a picture with an embedded ICC profile shows; broken profiles are ignored."""
    if picture.mode not in ("L", "RGB", "CMYK", "LAB"):
        picture = picture.convert("RGB")
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            name = ImageCms.getProfileDescription(embedded).lower()
            if "srgb" not in name or "linear" in name:
                srgb = ImageCms.createProfile("sRGB")
                managed = ImageCms.profileToProfile(picture, embedded, srgb, outputMode="RGB")
                if managed is not None:
                    managed.info.pop("icc_profile", None)
                    return managed
        except Exception:  # of another kind of colour than the picture, or nonsense: it raises whatever that leads to
            _log.info("an ICC profile of %d bytes cannot be used", len(profile))
    return picture.convert("RGB")


def _require_size(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureError(f"{width}x{height} pixels are {_MEGAPIXELS}.")
    if width * height == 0:
        raise PictureError(f"the picture is empty; {_ADVICE}.")


def _upright(picture: Image.Image) -> Image.Image:
    """A copy turned as its EXIF says; broken EXIF, which says nothing, is no reason to refuse the pixels."""
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # the parser raises whatever the bytes lead it to
        return picture.copy()


def _from_wide(picture: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greyscale: PIL would clip them at 255 instead of scaling.

    Files seldom say which value is white.  Whole numbers fill 8, 12 or 16 bits, the fewest that suffice; floats go to
    1, 255, 4095 or 65535 and may exceed that a little; beyond, the largest value is white.
    """
    values = np.array(picture, dtype=np.float32)
    top = float(values.max(where=np.isfinite(values), initial=0))
    whites = {1: 16, 255: 2, 4095: 2, 65535: 1} if picture.mode == "F" else {255: 1, 4095: 1, 65535: 1}
    white = next((white for white, excess in whites.items() if top <= white * excess), top)
    values = np.nan_to_num(values * np.float32(255 / white), nan=0.0, posinf=255.0, neginf=0.0)
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")
