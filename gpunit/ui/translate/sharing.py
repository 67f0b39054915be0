"""A translation as a JSON file or a link, from which the page makes it again.

The file holds everything, with the pictures inside, and can be loaded on any machine.  The link names the examples that
were used and holds no pictures.  Neither leaves anything on the server.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from PIL import Image

from gpunit import images, zoo
from gpunit.engine import provenance
from gpunit.engine.provenance import SavedTranslation, SharedLink
from gpunit.images import PictureError
from gpunit.ui.translate.inputs import fits_controls
from gpunit.zoo.weights import ModelError

MAX_BYTES = 8 * 2**20
NO_SETTINGS = "this file holds no settings; give a JSON file that the Share section wrote."


def to_json(
    model_name: str, seen: Image.Image, exemplar: Image.Image | None, drawing: dict[str, Any]
) -> dict[str, Any]:
    """The contents of the file.

    Args:
        model_name: of the translator.
        seen: the square that the network sees.
        exemplar: the picture whose style is taken, if so guided.
        drawing: guidance, and count, seed and temperature of sampled styles.

    Raises:
        ModelError: if the model is not on this machine.
    """
    saved = SavedTranslation(
        model=model_name,
        sha256=zoo.fingerprint(model_name),
        picture=_encoded(seen),
        exemplar=None if exemplar is None else _encoded(exemplar),
        **drawing,
    )
    return saved.model_dump()


def from_json(path: Path) -> tuple[dict[str, Any], Image.Image, Image.Image | None]:
    """Read a file of `to_json`.

    Returns:
        The settings, of the types they were written with; the picture, and the exemplar or None.

    Raises:
        PictureError: if it is not such a file, or one of its pictures cannot be read.
        ModelError: if the model is not on this machine.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError
        # json finds out the encoding: editors change it.
        read = SavedTranslation.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        raise PictureError(f"{path.name}: {NO_SETTINGS}") from None
    spec = zoo.find(read.model)
    if not spec.is_here:
        raise ModelError(f"{path.name} was made with {spec.name}, which is not on this machine; download it first.")
    exemplar = None if read.exemplar is None else _decoded(read.exemplar, path.name)
    return read.model_dump(exclude={"format", "picture", "exemplar"}), _decoded(read.picture, path.name), exemplar


def is_same_model(settings: dict[str, Any]) -> bool:
    """Whether the weights here are those that the settings were saved with."""
    return bool(zoo.fingerprint(settings["model"]) == settings["sha256"])


class Link(SharedLink):
    """What a link says, to and from the address's query; see `SharedLink`."""

    def to_query(self) -> str:
        """The link's part behind its question mark."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return urlencode({name: value if name in _WORDS else f"{value:.12g}" for name, value in said.items()})

    @classmethod
    def of_query(cls, query: str, examples: Collection[str], models: Collection[str]) -> Link:
        """Read a link of `to_query`; parameters of other programs are passed over.

        Args:
            query: from behind the question mark.
            examples: stems of the bundled pictures.
            models: names of the translators that are offered.

        Raises:
            ValueError: for a value that no control of the page could have.
        """
        names = {field.name for field in fields(cls)}
        said: dict[str, Any] = {name: value for name, value in parse_qsl(query) if name in names}
        for name in said.keys() & _WORDS:
            if said[name] not in (models if name == "model" else examples):
                raise ValueError(said[name])
        if not fits_controls(float(said.get("count", 1)), float(said.get("temperature", 0))):
            raise ValueError(query)
        return cls(**said)


_WORDS = {"model", "picture", "exemplar"}


def _encoded(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=provenance.text_of(picture))
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _decoded(text: Any, name: str) -> Image.Image:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise PictureError(f"{name}: {NO_SETTINGS}") from None
    picture = images.open_picture(io.BytesIO(content), name=f"the picture in {name}")
    made = provenance.known(io.BytesIO(content))
    return picture if made is None else provenance.put(picture, made)
