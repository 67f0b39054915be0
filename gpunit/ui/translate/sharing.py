"""A translation as a JSON file or a link, from which the page makes it again.

The file holds everything, with the pictures inside, and can be loaded on any machine.  The link names the examples that
were used and holds no pictures.  Neither leaves anything on the server.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from PIL import Image

from gpunit import images, zoo
from gpunit.images import PictureError
from gpunit.seeds import MAX_SEED
from gpunit.ui.translate.inputs import MOST_STYLES, MOST_TEMPERATURE
from gpunit.zoo.weights import ModelError

FORMAT = "gpunit-translation-1"
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
    return {
        "format": FORMAT,
        "model": model_name,
        "sha256": zoo.fingerprint(model_name),
        **drawing,
        "picture": _encoded(seen),
        "exemplar": None if exemplar is None else _encoded(exemplar),
    }


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
        read = json.loads(path.read_bytes())  # which finds out the encoding: editors change it
        if read["format"] != FORMAT:
            raise ValueError
        settings: dict[str, Any] = {
            "model": str(read["model"]),
            "sha256": str(read["sha256"]),
            "guidance": str(read["guidance"]),
            **{key: float(read[key]) for key in ("count", "seed", "temperature")},
        }
        if not all(math.isfinite(settings[key]) for key in ("count", "seed", "temperature")):
            raise ValueError
        pictures = [read["picture"], read["exemplar"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise PictureError(f"{path.name}: {NO_SETTINGS}") from None
    spec = zoo.find(settings["model"])
    if not spec.is_here:
        raise ModelError(f"{path.name} was made with {spec.name}, which is not on this machine; download it first.")
    if pictures[0] is None:
        raise PictureError(f"{path.name}: {NO_SETTINGS}")
    picture, exemplar = (None if each is None else _decoded(each, path.name) for each in pictures)
    assert picture is not None
    return settings, picture, exemplar


def is_same_model(settings: dict[str, Any]) -> bool:
    """Whether the weights here are those that the settings were saved with."""
    return bool(zoo.fingerprint(settings["model"]) == settings["sha256"])


@dataclass(frozen=True)
class Link:
    """What a link says of a translation; controls that it does not name stay as they are.

    Attributes:
        model: name of a translator.
        picture: stem of the example that is translated, such as dog-shepherd.
        exemplar: stem of the example whose style is taken, instead of drawn ones.
        zoom, across, down: of the square.
        count, seed, temperature: of the drawn styles.
    """

    model: str | None = None
    picture: str | None = None
    exemplar: str | None = None
    zoom: float | None = None
    across: float | None = None
    down: float | None = None
    count: float | None = None
    seed: float | None = None
    temperature: float | None = None

    def to_query(self) -> str:
        """The link's part behind its question mark."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return urlencode({name: f"{value:.12g}" if name in _RANGES else value for name, value in said.items()})

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
        said: dict[str, Any] = {}
        for name, value in parse_qsl(query):
            if name in _RANGES:
                low, high = _RANGES[name]
                if not low <= (number := float(value)) <= high:  # nor is NaN
                    raise ValueError(value)
                said[name] = number
            elif name in ("model", "picture", "exemplar"):
                if value not in (models if name == "model" else examples):
                    raise ValueError(value)
                said[name] = value
        return cls(**said)


_RANGES: dict[str, tuple[float, float]] = {
    "zoom": (1, 4),
    "across": (0, 1),
    "down": (0, 1),
    "count": (1, MOST_STYLES),
    "seed": (0, MAX_SEED),
    "temperature": (0, MOST_TEMPERATURE),
}


def _encoded(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _decoded(text: Any, name: str) -> Image.Image:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise PictureError(f"{name}: {NO_SETTINGS}") from None
    return images.open_picture(io.BytesIO(content), name=f"the picture in {name}")
