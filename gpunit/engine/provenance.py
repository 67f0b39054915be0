"""How a translation was made: one schema for what PNGs, JSON files and links say, validated by pydantic.

A PNG holds the JSON of a `Provenance` in a text chunk: the model and the digest of its weights, the photo's digest and
the square that was cut out of it, and the style.  With the photo at hand, the same picture can be made again.  Nothing
in it tells where files lay or what they were called, and neither photo nor exemplar is in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal

import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from torch import Tensor

from gpunit import files
from gpunit.engine.device import PRECISIONS
from gpunit.engine.styles import MAX_NUMBER, StyleError
from gpunit.engine.translator import RENDER_BATCH, Translator
from gpunit.images import CENTRE, Crop, PictureError
from gpunit.images.reading import printable
from gpunit.seeds import MAX_SEED

KEYWORD = "gpunit"
FORMAT: Final = "gpunit-picture"
VERSION: Final = 1
MOST_CHARACTERS = 2**15
MOST_COUNT, MOST_TEMPERATURE = 64, 2.0
MOST_ZOOM = 4.0
_STRIP = 256  # rows
JSON_FORMAT: Final = "gpunit-translation-1"
# The key in `Image.info`.  No file can set it: what Pillow reads from one has text for its key.
_ATTACHED: Any = (KEYWORD, "provenance")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# A name, or that of a Hub repository (owner/name); never a path.
_PART = r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,254}"
ModelName = Annotated[str, Field(pattern=rf"^{_PART}(/{_PART})?$", max_length=255)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Count = Annotated[int, Field(ge=1, le=MOST_COUNT)]
Temperature = Annotated[Finite, Field(ge=0, le=MOST_TEMPERATURE)]
Zoom = Annotated[Finite, Field(ge=1, le=MOST_ZOOM)]
Place = Annotated[Finite, Field(ge=0, le=1)]
Numbers = Annotated[
    tuple[Annotated[Finite, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)], ...], Field(min_length=1, max_length=512)
]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Photo(_Said):
    """Which photo was translated.

    Attributes:
        sha256: of its upright 8-bit RGB pixels, see `digest_of`: the same whatever file they are in.
        width, height: in pixels.
    """

    sha256: Digest
    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @classmethod
    def of(cls, picture: Image.Image) -> Photo:
        """The photo with these upright RGB pixels."""
        return cls(sha256=digest_of(picture), width=picture.width, height=picture.height)


class Square(_Said):
    """The square that was cut out of the photo; see `images.Crop`."""

    zoom: Zoom = 1.0
    across: Place = 0.5
    down: Place = 0.5

    @property
    def crop(self) -> Crop:
        """The same for `images.cut`."""
        return Crop(self.zoom, self.across, self.down)


class SampledStyle(_Said):
    """One of `count` styles that `Translator.sample` gives; `number` is its place among them, from 1."""

    kind: Literal["sampled"] = "sampled"
    count: Count
    seed: Seed
    temperature: Temperature
    number: Count


class CodedStyle(_Said):
    """A style by its code, D numbers.

    Attributes:
        numbers: the code.
        exemplar: the digest (`digest_of`) of the picture whose style it is, if it is one's.
    """

    kind: Literal["code"] = "code"
    numbers: Numbers
    exemplar: Digest | None = None

    @classmethod
    def of(cls, code: Tensor, exemplar: str | None = None) -> CodedStyle:
        """The style of a code (D,) or (1, D)."""
        return cls(numbers=tuple(code.flatten().tolist()), exemplar=exemplar)


StyleSource = SampledStyle | CodedStyle
_PRECISIONS: dict[torch.dtype, Any] = {dtype: name for name, dtype in PRECISIONS.items()}


class Provenance(_Said):
    """How one picture was made.

    Attributes:
        model: the translator's name.
        sha256: digest of its weights file.
        precision: the number format that it was rendered in.
        photo, square, style: what was translated, and how.
    """

    format: Literal["gpunit-picture"] = FORMAT
    version: Literal[1] = VERSION
    model: ModelName
    sha256: Digest
    precision: Literal["fp32", "bf16", "fp16"]
    photo: Photo
    square: Square
    style: Annotated[StyleSource, Field(discriminator="kind")]

    def styles(self, translator: Translator) -> tuple[Tensor, int]:
        """The style codes that were rendered together, (B, D), and which of them is this picture's.

        On a CPU, B is 1; elsewhere a picture's last bits may depend on what is rendered beside it.

        Raises:
            StyleError: if the code is not of the translator's length.
        """
        if isinstance(self.style, SampledStyle):
            codes = translator.sample(self.style.count, self.style.seed, self.style.temperature)
            index = min(self.style.number, self.style.count) - 1
            side_by_side = 1 if translator.device.type == "cpu" else RENDER_BATCH
            first = index - index % side_by_side
            return codes[first : first + side_by_side], index - first
        length = translator.style_bank.shape[1]
        if len(self.style.numbers) != length:
            raise StyleError(f"a style of {self.model} has {length} numbers, not {len(self.style.numbers)}.")
        return torch.tensor(self.style.numbers)[None], 0

    def code(self, translator: Translator) -> Tensor:
        """The picture's own style code (1, D)."""
        codes, index = self.styles(translator)
        return codes[index : index + 1]


class SavedTranslation(BaseModel):
    """A JSON file of the page: a square with all that translates it; pictures are PNG in base64."""

    model_config = ConfigDict(frozen=True)

    format: Literal["gpunit-translation-1"] = JSON_FORMAT
    model: ModelName
    sha256: str = Field(max_length=64)
    guidance: str = Field(max_length=100)
    count: Count
    seed: Seed
    temperature: Temperature
    picture: str
    exemplar: str | None


@dataclass(frozen=True)
class SharedLink:
    """What a link says of a translation; controls that it does not name stay as they are.

    Attributes:
        model: name of a translator.
        picture: stem of the example that is translated, such as dog-shepherd.
        exemplar: stem of the example whose style is taken, instead of sampled ones.
        zoom, across, down: of the square.
        count, seed, temperature: of the sampled styles.
    """

    model: str | None = None
    picture: str | None = None
    exemplar: str | None = None
    zoom: Zoom | None = None
    across: Place | None = None
    down: Place | None = None
    count: Count | None = None
    seed: Seed | None = None
    temperature: Temperature | None = None


def digest_of(picture: Image.Image) -> str:
    """sha256 of a picture's size and its 8-bit RGB pixels, in hexadecimal."""
    width, height = picture.size
    # In strips: a whole photo would be copied.
    strips = (picture.crop((0, top, width, min(top + _STRIP, height))) for top in range(0, height, _STRIP))
    pixels = (strip.convert("RGB").tobytes() for strip in strips)
    return files.digest_of(chain([f"{width}x{height}:".encode()], pixels))


def sampled(count: int, seed: int, temperature: float) -> list[StyleSource]:
    """The styles of `Translator.sample`, one by one."""
    return [SampledStyle(count=count, seed=seed, temperature=temperature, number=number + 1) for number in range(count)]


@dataclass(frozen=True)
class Signature:
    """What all pictures that a translator renders say of it.

    Attributes:
        model, sha256: its name, and the digest of its weights file.
        precision: its number format.
    """

    model: ModelName
    sha256: Digest
    precision: Literal["fp32", "bf16", "fp16"]

    @classmethod
    def of(cls, translator: Translator, model: str, sha256: str) -> Signature:
        """The signature of a translator that has this name and digest."""
        return cls(model, sha256, _PRECISIONS[translator.dtype])

    def sign(
        self, results: Sequence[Image.Image], styles: Sequence[StyleSource], photo: Photo, crop: Crop = CENTRE
    ) -> None:
        """Let rendered pictures say how they were made; `text_of` writes it.

        Args:
            results: the pictures.
            styles: the style of each.
            photo: what was translated.
            crop: what was cut out of it.
        """
        made: dict[str, Any] = {"model": self.model, "sha256": self.sha256, "precision": self.precision}
        square = Square(zoom=crop.zoom, across=crop.x, down=crop.y)
        for result, style in zip(results, styles, strict=True):
            put(result, Provenance(**made, photo=photo, square=square, style=style))

    def style_of(
        self, translator: Translator, exemplar: Image.Image, made: Provenance | None = None, digest: str | None = None
    ) -> tuple[Tensor, StyleSource]:
        """The style of a target picture: its code (1, D), and what results say of it.

        Args:
            translator: whose signature this is.
            exemplar: the picture, upright RGB; of one that is not square, the centre counts.
            made: how it was made.  A result of the same weights has its own style, exactly; others get E_s(y).
            digest: `digest_of` the whole picture, where `exemplar` is only its square.
        """
        if made is not None and made.sha256 == self.sha256:
            return made.code(translator), made.style
        code = translator.style_of(exemplar)
        return code, CodedStyle.of(code, digest or digest_of(exemplar))


def attached(picture: Image.Image) -> Provenance | None:
    """What `Signature.sign` or `keep` put to a picture."""
    found = picture.info.get(_ATTACHED)
    return found if isinstance(found, Provenance) else None


def keep(picture: Image.Image) -> Image.Image:
    """Let a picture that was read from one of our PNGs, and not changed since, go on saying how it was made."""
    text = picture.info.get(KEYWORD)
    if isinstance(text, str) and attached(picture) is None:
        with suppress(PictureError):
            put(picture, parse(text))
    return picture


def put(picture: Image.Image, made: Provenance) -> Image.Image:
    """Let a picture say that it was made so; `text_of` writes it."""
    picture.info[_ATTACHED] = made
    return picture


def text_of(picture: Image.Image) -> PngInfo | None:
    """Pillow's `pnginfo` for a picture's PNG; None if nothing is known of it."""
    made = attached(picture)
    if made is None:
        return None
    info = PngInfo()
    info.add_text(KEYWORD, made.model_dump_json())
    return info


def known(source: str | os.PathLike[str] | BinaryIO) -> Provenance | None:
    """What a file says of how it was made; None if it says nothing that this version understands."""
    try:
        return read(source)
    except PictureError:
        return None


def read(source: str | os.PathLike[str] | BinaryIO, name: str | None = None) -> Provenance | None:
    """What a file says of how it was made; None if it says nothing.

    Args:
        source: path of any file, or an open one.
        name: what messages call it; the path itself by default.

    Raises:
        PictureError: if it says something that this version does not understand.
    """
    try:
        with Image.open(source, formats=("PNG",)) as picture:
            text = picture.info.get(KEYWORD)
    except Exception:  # no PNG, or a damaged one: it says nothing, and who opens its pixels says why
        return None
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except PictureError as error:
        raise PictureError(f"{printable(name or str(source))} {error}") from None


def require(path: str | os.PathLike[str], name: str | None = None) -> Provenance:
    """`read` for a file that must say how it was made.

    Raises:
        PictureError: if it does not.
    """
    made = read(path, name)
    if made is None:
        called = printable(name or str(path))
        if not Path(path).is_file():
            raise PictureError(f"{called}: there is no such file; check the path.")
        raise PictureError(
            f"{called} does not say how it was made; give a PNG as it was saved here (other programs, and messengers, "
            "may have dropped that)."
        )
    return made


def parse(text: str) -> Provenance:
    """Read the JSON of a text chunk.

    Raises:
        PictureError: for what is too long, damaged, or of a newer version; the message lacks the file's name.
    """
    damaged = PictureError("says how it was made in a way that is damaged; give the PNG as it was saved here.")
    if len(text) > MOST_CHARACTERS:
        raise damaged
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged from None
    version = said.get("version") if isinstance(said, dict) else None
    if type(version) is int and version > VERSION:
        raise PictureError("was written by a newer version of GP-UNIT Explorer; update this one and try again.")
    try:
        return Provenance.model_validate_json(text)
    except (ValidationError, RecursionError):
        raise damaged from None
