"""What `translate` is asked for: which translator, in which styles, and what the results say of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import typer
from PIL import Image
from torch import Tensor

from gpunit import files, images, zoo
from gpunit.commands.shared import UsageError
from gpunit.engine import batch, provenance
from gpunit.engine.device import pick_device
from gpunit.engine.provenance import Photo, Provenance, Signature, StyleSource
from gpunit.engine.translator import Translator

_SAID_BY_LIKE = ("input", "count", "seed", "temperature", "exemplar")


@dataclass(frozen=True)
class Styles:
    """The styles of a run.

    Attributes:
        codes: (B, D), rendered together.
        sources: what the results say of them.
        chosen: which of them are written.
    """

    codes: Tensor
    sources: list[StyleSource]
    chosen: slice = field(default_factory=lambda: slice(None))


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        model: name of the translator, or the path of a published file.
        content_encoder: the path of the published content encoder that goes with such a file.
        styles_of: the styles, given the translator and its signature.
        headings: one for each style, on the sheet.
        crop: the square that is cut out of every picture.
        signs: whether results say how they were made.
        made, like: of what the results shall be like, and the file that says so.
    """

    model: str
    content_encoder: Path | None
    styles_of: Callable[[Translator, Signature], Styles]
    headings: list[str]
    crop: images.Crop
    signs: bool
    made: Provenance | None = None
    like: Path | None = None

    def precision(self, given: str, device: str) -> str:
        """The precision to render in: that of `made` where nothing else is asked for and the device has it."""
        if self.made is None or given != "auto":
            return given
        has_it = self.made.precision != "fp16" or pick_device(device).type != "cpu"
        return self.made.precision if has_it else given

    @property
    def weights(self) -> list[Path]:
        """The files of the translator."""
        return [Path(self.model), self.content_encoder] if self.content_encoder else zoo.files_of(self.model)

    def load(self, device: str, precision: str) -> tuple[Translator, Signature]:
        """The translator, and what its results say of it.

        Raises:
            ModelError: if it cannot be loaded, or has other weights than those that are asked for.
        """
        if self.made and not self.content_encoder:
            zoo.require_same_weights(self.model, self.made.sha256, str(self.like))
        if self.content_encoder:
            path = Path(self.model)
            translator = zoo.load_published(path, self.content_encoder, device, precision)
            name, sha256 = path.stem, files.digest(path)
            if self.made and self.made.sha256 != sha256:
                raise zoo.ModelError(f"{self.like} was made with other weights than {path}; give the file of those.")
        else:
            translator = zoo.load(self.model, device, precision)
            name, sha256 = self.model, zoo.fingerprint(self.model)
        return translator, Signature.of(translator, name, sha256)

    def sign(self, signature: Signature, styles: Styles) -> batch.Sign:
        """What lets results of a picture say how they were made."""

        def sign(results: Sequence[Image.Image], picture: Image.Image) -> None:
            if self.signs:
                signature.sign(results, styles.sources, Photo.of(picture), self.crop)

        return sign


def require_like(context: typer.Context, like: Path, model: str) -> Provenance:
    """What a file says of how it was made, where nothing else that was typed says otherwise."""
    made = provenance.require(like)
    typed = [name for name in _SAID_BY_LIKE if getattr(context.get_parameter_source(name), "name", "") != "DEFAULT"]
    if typed:
        raise UsageError(f"--like takes the style from its file, for PICTURES; leave --{typed[0]} out.")
    if model and Path(model).stem != made.model:
        raise UsageError(f"{like} was made with {made.model}; leave --model out.")
    return made


def request_like(context: typer.Context, like: Path, model: str, content_encoder: Path | None, signs: bool) -> Request:
    """What is asked for by a result that others shall be like.

    Raises:
        PictureError: if the file does not say how it was made.
        UsageError: if something else that was typed says otherwise.
    """
    made = require_like(context, like, model)
    styles_of, heading = styles_like(made), like.stem[:18]
    return Request(model or made.model, content_encoder, styles_of, [heading], made.square.crop, signs, made, like)


def styles_like(made: Provenance) -> Callable[[Translator, Signature], Styles]:
    """The style that a result was made with."""

    def styles_of(translator: Translator, signature: Signature) -> Styles:
        codes, index = made.styles(translator)
        return Styles(codes, [made.style], slice(index, index + 1))

    return styles_of


def styles_of_exemplars(paths: list[Path]) -> Callable[[Translator, Signature], Styles]:
    """The styles of target pictures."""

    def styles_of(translator: Translator, signature: Signature) -> Styles:
        found = [signature.style_of(translator, images.open_picture(path), provenance.known(path)) for path in paths]
        return Styles(torch.cat([code for code, _ in found]), [source for _, source in found])

    return styles_of


def sampled_styles(count: int, seed: int, temperature: float) -> Callable[[Translator, Signature], Styles]:
    """Styles that the sampler draws."""

    def styles_of(translator: Translator, signature: Signature) -> Styles:
        codes = translator.sample(count, seed, temperature)
        return Styles(codes, provenance.sampled(count, seed, temperature))

    return styles_of
