"""The table of models, and loading them: name -> file, shapes, domains, licence.

A bundled translator is one safetensors file with the tensors of `generator.`, `style_encoder.`,
`style_sampler.` and `style_bank`, and a header that names its content encoder by file and sha256: a
generator read with another content encoder would draw nonsense without an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import DistillerParams, ShapeHead
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.recipes import PUBLISHED, SMALL, SMALL_DISTILLER, TranslatorParams
from gpunit.translator import Translator, TranslatorNetworks
from gpunit.weights import ModelError, digest, fill, read_weights

CHECKPOINTS = Path(os.environ.get("GPUNIT_CHECKPOINTS") or Path(__file__).resolve().parent.parent / "checkpoints")
FAMILIES: Mapping[str, TranslatorParams] = {"small": SMALL, "published": PUBLISHED}
DISTILLERS: Mapping[str, DistillerParams] = {"small": SMALL_DISTILLER, "published": DistillerParams()}
DATA_LICENCE = "non-commercial research use (trained on AFHQ, CUB-200-2011, Stanford Cars and a dog photo collection)"


@dataclass(frozen=True)
class ModelSpec:
    """One line of the table.

    Attributes:
        name: what the user types.
        target: the domain that pictures are translated to.
        sources: the domains it was trained to translate from.
        family: key of `FAMILIES`, the shapes of its networks.
        licence: terms of the weights.
    """

    name: str
    target: str
    sources: tuple[str, ...]
    family: str
    licence: str

    @property
    def path(self) -> Path:
        """Where the weights lie, or would lie."""
        return CHECKPOINTS / f"{self.name}.safetensors"

    @property
    def is_here(self) -> bool:
        """Whether the weights are on this machine."""
        return self.path.is_file()

    @property
    def resolution(self) -> int:
        """Side of its pictures in pixels."""
        return FAMILIES[self.family].resolution

    @property
    def title(self) -> str:
        """The domain pair, for people."""
        return f"{' / '.join(self.sources)} → {self.target}"


MODELS: Mapping[str, ModelSpec] = {
    spec.name: spec for spec in (ModelSpec("to-cat", "cat", ("dog", "bird", "car"), "small", DATA_LICENCE),)
}


def find(name: str) -> ModelSpec:
    """The table's line for a model.

    Raises:
        ModelError: for a name that is not in the table.
    """
    if name not in MODELS:
        raise ModelError(f"there is no model {name!r}; the models are: {', '.join(MODELS)}.")
    return MODELS[name]


def load(name: str, device: str = "auto", precision: str = "auto") -> Translator:
    """Load a translator, ready to use.

    Raises:
        ModelError: if it is unknown, not on this machine, damaged, or its content encoder is another one.
        ValueError: for a device or precision that is not to be had.
    """
    spec = find(name)
    tensors, header = read_weights(spec.path)
    content_path = CHECKPOINTS / f"{header.get('content_encoder', '')}.safetensors"
    content_encoder = load_content_encoder(content_path, spec.family)
    if digest(content_path) != header.get("content_encoder_sha256"):
        raise ModelError(f"{content_path.name} is not the content encoder that {name} was trained with; restore both.")
    params = FAMILIES[spec.family]
    networks = TranslatorNetworks(
        content_encoder,
        fill(Generator(params.generator), _under("generator.", tensors), spec.path),
        fill(StyleEncoder(params.style_encoder), _under("style_encoder.", tensors), spec.path),
        fill(StyleSampler(params.style_sampler), _under("style_sampler.", tensors), spec.path),
    )
    return Translator(networks, tensors["style_bank"], device, precision)


def load_content_encoder(path: Path, family: str) -> ContentEncoder:
    """Load a content encoder's file, in the shapes of a family, spectral norm folded.

    Raises:
        ModelError: if the file is missing, damaged or of another shape.
    """
    tensors, _ = read_weights(path)
    return fill(ContentEncoder(FAMILIES[family].content_encoder), tensors, path)


def load_shape_head(content_encoder: Path, family: str) -> ShapeHead:
    """Load the shape head F_s that was trained with a content encoder, from the file beside the encoder's.

    Raises:
        ModelError: if the file is missing, damaged, of another shape, or belongs to another content encoder.
    """
    path = content_encoder.with_name(f"{content_encoder.stem}-shape.safetensors")
    tensors, header = read_weights(path)
    if digest(content_encoder) != header.get("content_encoder_sha256"):
        raise ModelError(f"{path.name} was not trained with {content_encoder.name}; restore both.")
    return fill(ShapeHead(DISTILLERS[family]), tensors, path)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
