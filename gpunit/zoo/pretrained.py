"""A translator as a folder, the form that it has on the Hugging Face Hub.

    config.json                  for the Hub and for people: kind, domains, size, licence
    model.safetensors            the translator's file
    content_encoder.safetensors  the content encoder that it was trained with
    README.md                    its model card

A name with a slash, "owner/name", is that of a Hub repository; what was fetched before lies in the Hub's own cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from huggingface_hub import constants, try_to_load_from_cache
from pydantic import BaseModel, Field, StringConstraints

CONFIG_NAME = "config.json"
MODEL_NAME = "model.safetensors"
ENCODER_NAME = "content_encoder.safetensors"
CARD_NAME = "README.md"
# What has to be there; in this order, so that a folder with the last of them has all.
WEIGHTS = (CONFIG_NAME, ENCODER_NAME, MODEL_NAME)

_HUB_NAME = re.compile(r"(?!.*(?:\.\.|--))[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_CACHED = "models--"
_Line = Annotated[str, StringConstraints(max_length=300)]


class Config(BaseModel):
    """A repository's config.json, as far as people ask for it.

    Attributes:
        target: the domain that pictures are translated to.
        sources: the domains that it was trained to translate from.
        resolution: side of its pictures in pixels.
        licence: terms of the weights.
    """

    target: _Line
    sources: Annotated[list[_Line], Field(min_length=1, max_length=100)]
    resolution: Annotated[int, Field(ge=1)]
    licence: _Line = "not stated"


def is_hub_name(name: str) -> bool:
    """Whether a name is that of a Hub repository.

    Examples:
        >>> is_hub_name("owner/to-cat"), is_hub_name("to-cat"), is_hub_name("../to-cat"), is_hub_name("a/b/c")
        (True, False, False, False)
    """
    return _HUB_NAME.fullmatch(name) is not None


def cached_folder(name: str) -> Path | None:
    """The folder of a Hub repository in the Hub's cache, without a request; None if it is not there as a whole."""
    paths = [try_to_load_from_cache(name, file) for file in WEIGHTS]
    whole = [Path(path) for path in paths if isinstance(path, str)]
    return whole[-1].parent if len(whole) == len(WEIGHTS) else None


def cached_folders() -> Iterator[tuple[str, Path]]:
    """The Hub repositories in the Hub's cache that have a translator's files: their names, and where the files lie."""
    for folder in sorted(Path(constants.HF_HUB_CACHE).glob(f"{_CACHED}*--*")):
        name = folder.name.removeprefix(_CACHED).replace("--", "/", 1)
        if is_hub_name(name) and (found := cached_folder(name)):
            yield name, found
