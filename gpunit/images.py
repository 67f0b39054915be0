"""Pictures in and out.

The only module in which a file becomes pixels (`open_picture`, upright 8-bit RGB) and pixels become a tensor
(`to_tensor`, in [-1, 1]) or the other way round (`to_pictures`).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from torch import Tensor

MAX_BYTES = 32 * 2**20
MAX_PIXELS = 50_000_000
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
# What is read, by Pillow's names.  Its other readers stay shut: EPS starts an interpreter, some know no header, and
# ICO decodes what is inside before it can say how large that is.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000", "PPM")

_BACKGROUND = (255, 255, 255)
_ADVICE = "save it as PNG, JPEG or WebP and try again"
_MEGAPIXELS = f"more than {MAX_PIXELS // 10**6} megapixels; make it smaller and try again"
# The brands that HEIC files carry behind "ftyp"; phones write them.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

Read = TypeVar("Read")


class PictureError(ValueError):
    """A picture that cannot be used; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Crop:
    """A square cut out of a picture.

    Attributes:
        zoom: 1 takes the largest square that fits, 2 one of half that side.
        x, y: where the square sits between the left (top) and right (bottom) border, from 0 to 1.
    """

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels, for a picture of this width and height."""
        side = max(1, round(min(width, height) / max(1.0, self.zoom)))
        left = round((width - side) * min(max(self.x, 0.0), 1.0))
        top = round((height - side) * min(max(self.y, 0.0), 1.0))
        return left, top, left + side, top + side


CENTRE = Crop()


def open_picture(source: str | os.PathLike[str] | BinaryIO, name: str | None = None) -> Image.Image:
    """Read a picture file as upright 8-bit RGB; of an animation or a stack of pages, the first.

    The file's own bytes say what it is, not its name.

    Args:
        source: a path or an open file.
        name: what messages call it; the path itself by default.

    Raises:
        PictureError: if the file is missing, not a picture, damaged, or too large.
    """
    if name is None:
        name = str(source) if isinstance(source, str | os.PathLike) else "the upload"
    name = _printable(name)
    if not isinstance(source, str | os.PathLike):
        return _read(source, name, to_rgb)
    path = Path(source)
    try:
        if path.is_dir():
            raise PictureError(f"{name}: this is a folder; give a picture in it.")
        if not path.is_file():
            raise PictureError(f"{name}: there is no such file; check the path.")
        size = path.stat().st_size
        if size == 0:
            raise PictureError(f"{name}: not a picture but an empty file; export or download the picture again.")
        if size > MAX_BYTES:
            raise PictureError(f"{name}: larger than {MAX_BYTES >> 20} MB; make it smaller and try again.")
        with path.open("rb") as file:
            return _read(file, name, to_rgb)
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise PictureError(
            f"{name}: the file cannot be opened ({reason}); check its path and its permissions."
        ) from None


def require_picture(path: Path) -> None:
    """Make sure that a file claims to be a picture of a format and size that are read; its pixels are not decoded.

    Raises:
        PictureError: if it does not.
    """
    with path.open("rb") as file:
        _read(file, path.name, _require_size)


def _read(file: BinaryIO, name: str, use: Callable[[Image.Image], Read]) -> Read:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sizes that are refused, and metadata that is not used
            with Image.open(file, formats=FORMATS) as picture:
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
        reason = _printable(str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__)
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


def _printable(text: str) -> str:
    """Text that every terminal and page can show, on one line and not too long."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= 200 else f"{shown[:80]}…{shown[-80:]}"


def to_rgb(picture: Image.Image) -> Image.Image:
    """Make any PIL picture upright 8-bit RGB: EXIF rotation applied, transparency laid on white, 16-bit scaled.

    Raises:
        PictureError: if the picture has no pixels or more than `MAX_PIXELS`.
    """
    _require_size(picture)
    picture = _upright(picture)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return _from_wide(picture)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, (*_BACKGROUND, 255))
        return Image.alpha_composite(ground, picture).convert("RGB")
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
    """16-bit, 32-bit and float greyscale: PIL would clip them at 255 instead of scaling."""
    values = np.nan_to_num(np.array(picture, dtype=np.float32), posinf=255.0, neginf=0.0)
    top = values.max()
    if picture.mode == "F" and top <= 1.0:
        values *= np.float32(255)
    elif top > 255:
        values /= np.float32(257)
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")


def cut(picture: Image.Image, size: int, crop: Crop = CENTRE) -> Image.Image:
    """The square that the network sees, size x size pixels; never squashed."""
    return picture.crop(crop.box(*picture.size)).resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)


def to_tensor(picture: Image.Image) -> Tensor:
    """A picture as a tensor (1, 3, H, W) float32 in [-1, 1].

    >>> to_tensor(Image.new("RGB", (2, 1), (0, 255, 0))).tolist()
    [[[[-1.0, -1.0]], [[1.0, 1.0]], [[-1.0, -1.0]]]]
    """
    return from_uint8(_pixels(picture.convert("RGB")))[None]


def to_pictures(batch: Tensor) -> list[Image.Image]:
    """8-bit RGB pictures of a batch (B, 3, H, W) of any float dtype in [-1, 1]; values outside are clipped."""
    return [Image.fromarray(pixels) for pixels in to_uint8(batch).permute(0, 2, 3, 1).cpu().numpy()]


def to_uint8(batch: Tensor) -> Tensor:
    """Values of any float dtype in [-1, 1] as uint8 from 0 to 255, rounded and clipped.

    >>> to_uint8(torch.tensor([-1.0, 0.0, 1.0, 1.5])).tolist()
    [0, 128, 255, 255]
    """
    return ((batch.detach().float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def from_uint8(batch: Tensor) -> Tensor:
    """uint8 from 0 to 255 as float32 in [-1, 1]; `to_uint8` leads back.

    >>> from_uint8(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
    [-1.0, 1.0]
    """
    return batch.float() / 127.5 - 1


def to_square(picture: Image.Image, size: int) -> Tensor:
    """The centre square of a picture as a tensor (3, size, size) uint8."""
    return _pixels(cut(picture, size))


def load_square(path: Path, size: int) -> Tensor:
    """The centre square of a picture file as a tensor (3, size, size) uint8.

    Raises:
        PictureError: if the file cannot be used; see `open_picture`.
    """
    return to_square(open_picture(path), size)


def _pixels(picture: Image.Image) -> Tensor:
    """An RGB picture as (3, H, W) uint8."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def sheet(
    rows: Sequence[Sequence[Image.Image]],
    cell: int,
    headings: Sequence[str] = (),
    gap: int = 4,
    ground: tuple[int, int, int] = (255, 255, 255),
) -> Image.Image:
    """Lay pictures out in rows on one sheet, each scaled to cell x cell, with optional column headings."""
    columns = max(len(row) for row in rows)
    header = 22 if headings else 0
    picture = Image.new("RGB", (columns * (cell + gap) + gap, len(rows) * (cell + gap) + gap + header), ground)
    draw = ImageDraw.Draw(picture)
    for column, heading in enumerate(headings):
        draw.text((gap + column * (cell + gap) + cell / 2, gap + header / 2 - 2), heading, (60, 60, 60), anchor="mm")
    for line, row in enumerate(rows):
        for column, item in enumerate(row):
            scaled = item if item.size == (cell, cell) else item.resize((cell, cell), Image.Resampling.LANCZOS)
            picture.paste(scaled, (gap + column * (cell + gap), header + gap + line * (cell + gap)))
    return picture


def save_animation(pictures: Sequence[Image.Image], path: str | os.PathLike[str], frames_per_second: float) -> None:
    """Write pictures of one size as an animation: an endless GIF, or an MP4 (H.264), by the path's suffix.

    Raises:
        ValueError: for another suffix.
    """
    import imageio.v3 as imageio  # only who exports an animation needs it

    frames = np.stack([np.asarray(picture) for picture in pictures])
    path = Path(path)
    suffix = path.suffix
    if suffix == ".gif":
        imageio.imwrite(path, frames, plugin="pillow", duration=1000 / frames_per_second, loop=0)
    elif suffix == ".mp4":
        imageio.imwrite(path, frames, plugin="FFMPEG", fps=frames_per_second, codec="libx264", macro_block_size=2)
    else:
        raise ValueError(f"an animation is a .gif or an .mp4, not a {suffix or 'file without suffix'}")


def list_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """The picture files of a folder and its subfolders, sorted by path.

    Raises:
        PictureError: if the folder is missing or holds no picture.
    """
    root = Path(folder)
    if not root.is_dir():
        raise PictureError(f"{root}: there is no such folder.")
    found = (path for path in root.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    paths = sorted(path for path in found if not path.is_dir())
    if not paths:
        raise PictureError(f"{root}: the folder holds no pictures ({', '.join(PICTURE_SUFFIXES)}).")
    return paths


def read_batches(
    folder: str | os.PathLike[str], size: int, limit: int | None = None, batch: int = 32
) -> Iterator[Tensor]:
    """The centre squares of a folder's pictures in the order of their paths, as batches, one in memory at a time.

    Args:
        folder: with its subfolders.
        size: side of the squares in pixels.
        limit: read only this many pictures, spread evenly over the folder, because its first ones may all be of one
            kind.
        batch: B, pictures at a time; the last batch may be smaller.

    Yields:
        (B, 3, size, size) float32 in [-1, 1].

    Raises:
        PictureError: if the folder holds no picture, or one that cannot be used.
    """
    paths = list_pictures(folder)
    count = len(paths) if limit is None else min(limit, len(paths))
    paths = [paths[place * len(paths) // count] for place in range(count)]
    for start in range(0, len(paths), batch):
        yield from_uint8(torch.stack([load_square(path, size) for path in paths[start : start + batch]]))
