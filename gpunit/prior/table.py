"""The pretrained BigGANs: sizes, terms, copies, known sums.  Nothing here imports the library, which is slow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpunit import zoo

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "pytorch_model.bin"


@dataclass(frozen=True)
class Layer:
    """One layer that is told the code and the class: 0 is the linear layer that makes the first map.

    Attributes:
        number: in the order of the layers.
        size: side of its map.
        channels: of its map.
    """

    number: int
    size: int
    channels: int


@dataclass(frozen=True)
class Pretrained:
    """One pretrained model of the library.

    Attributes:
        resolution: side of its pictures in pixels.
        megabytes: size of its weights, in millions of bytes.
        hub_copy: a public copy on the Hugging Face Hub, owner/name, or empty.
    """

    resolution: int
    megabytes: int
    hub_copy: str = ""


PRETRAINED: Mapping[str, Pretrained] = {
    "biggan-deep-128": Pretrained(128, 211, "osanseviero/BigGAN-deep-128"),
    "biggan-deep-256": Pretrained(256, 234),
    "biggan-deep-512": Pretrained(512, 236),
}
TERMS = (
    "Apache-2.0 (DeepMind's weights, from TensorFlow Hub; Hugging Face's port is MIT); trained on ImageNet, whose "
    "pictures are for non-commercial research"
)
# sha256 of files that are known, by model, source and file; others are recorded at their first download.
KNOWN_SUMS: Mapping[tuple[str, str, str], str] = {
    ("biggan-deep-256", "bucket", WEIGHTS_NAME): "5900ef4065047e3aa0d1b66197b7f2664dceb59b27080e414ad57e203c485bc5",
    ("biggan-deep-256", "bucket", CONFIG_NAME): "edd106f65ff28ee1638491a978cfa6bc50dfa0344aab70749a7b8eb08bbec677",
    ("biggan-deep-128", "hub", WEIGHTS_NAME): "b86146a8cfcde4cda135adba4b2806f78b3abe2dac9d0fd090cc3ab318604ad9",
}


# Blocks of BigGAN-deep (appendix B): whether one doubles the size, and its width before and after, in channel widths.
_FIRST = ((False, 16, 16), (True, 16, 16), (False, 16, 16), (True, 16, 8), (False, 8, 8))
_LAST = ((True, 8, 4), (False, 4, 4), (True, 4, 2), (False, 2, 2), (True, 2, 1))
_DOUBLED = ((True, 8, 8), (False, 8, 8))
_BLOCKS: Mapping[int, tuple[tuple[bool, int, int], ...]] = {
    128: (*_FIRST, *_LAST),
    256: (*_FIRST, *_DOUBLED, *_LAST),
    512: (*_FIRST, *_DOUBLED, *_LAST, (False, 1, 1), (True, 1, 1)),
}


def config_of(name: str) -> dict[str, Any]:
    """The config of one of `PRETRAINED`, as the library's `BigGANConfig` takes it."""
    resolution = PRETRAINED[name].resolution
    return {"output_dim": resolution, "layers": [list(block) for block in _BLOCKS[resolution]]}


def layers_of(config: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The layers of a BigGAN with this config, as the library writes it."""
    width = int(config["channel_width"])
    found = [Layer(0, 4, 16 * width)]
    for doubles, _, factor in config["layers"]:
        found.append(Layer(len(found), found[-1].size * (2 if doubles else 1), int(factor) * width))
    return tuple(found)


def last_within(layers: Iterable[Layer], size: int = 8) -> int:
    """The number of the last of some layers whose map is at most so large; at 8x8, features tell parts of an object."""
    return max(layer.number for layer in layers if layer.size <= size)


def stored_files(folder: Path) -> tuple[Path, Path] | None:
    """Config and weights of a folder; None where one is missing."""
    found = folder / CONFIG_NAME, folder / WEIGHTS_NAME
    return found if all(path.is_file() for path in found) else None


def stored_config(name: str) -> Path | None:
    """The config of a prior among the checkpoints; None where the prior is not there."""
    found = stored_files(zoo.stored(name))
    return found[0] if found else None


def read_config(name: str) -> dict[str, Any] | None:
    """The config of a prior among the checkpoints, as it is written; None where the prior is not there."""
    path = stored_config(name)
    return dict(json.loads(path.read_bytes())) if path else None
