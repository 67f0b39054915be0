"""Translators and content encoders from their files, strictly.

A bundled translator is one safetensors file with the tensors of `generator.`, `style_encoder.`, `style_sampler.` and
`style_bank`.  Its header names its content encoder by file and sha256: with another content encoder, a generator would
render nonsense without an error.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from gpunit.engine.translator import Translator, TranslatorNetworks
from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder, ContentEncoderParams
from gpunit.networks.distiller import ShapeHead
from gpunit.networks.families import PUBLISHED, SMALL_DOMAINS, TranslatorParams
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.zoo import ledger, pretrained
from gpunit.zoo.downloading import convert_here
from gpunit.zoo.published import convert_published
from gpunit.zoo.table import CONTENT_ENCODER, DISTILLERS, FAMILIES, ModelSpec, all_models, find, stored
from gpunit.zoo.weights import ModelError, fill, read_header, read_weights, require_finite, shape_head_path


def files_of(name: str) -> list[Path]:
    """The safetensors files that a translator needs: its own and its content encoder's.

    Published files that lie among the checkpoints are converted first, once.

    Raises:
        ModelError: if it is unknown, not on this machine, damaged, or was changed since its download.
    """
    return _files_of(find(name))


def _files_of(spec: ModelSpec) -> list[Path]:
    name = spec.name
    if spec.folder:
        return [spec.path, spec.folder / pretrained.ENCODER_NAME]
    if spec.can_be_downloaded:
        if not spec.is_here:
            raise ModelError(f"{name} is not on this machine; download it first (`python -m gpunit download {name}`).")
        for file in (name, CONTENT_ENCODER):
            _check_unchanged(convert_here(file))
    return [spec.path, stored(f"{read_header(spec.path).get('content_encoder', '')}.safetensors")]


def _check_unchanged(path: Path) -> None:
    noted = ledger.recorded_sum(path.parent, path.name)
    if noted and digest(path) != noted:
        command = "" if path.stem == CONTENT_ENCODER else f" (`python -m gpunit download {path.stem}`)"
        raise ModelError(
            f"{path.name} has changed since it was downloaded (another sha256); "
            f"delete it and download it again{command}."
        )


def fingerprint(name: str) -> str:
    """The sha256 of a translator's weights, which saved styles and settings name.

    Raises:
        ModelError: as `files_of`.
    """
    path, _ = files_of(name)
    found = path.stat()
    return _digest_once(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=256)  # every picture that is written names its weights
def _digest_once(path: Path, modified_ns: int, size: int) -> str:
    return digest(path)


def require_same_weights(name: str, sha256: str, made: str) -> None:
    """Make sure that the weights here are those that something was made with.

    Args:
        name: of the translator.
        sha256: digest of the weights that it was made with.
        made: what was made, for the message.

    Raises:
        ModelError: if the translator is unknown, not on this machine, or has other weights.
    """
    if name not in all_models() and not pretrained.is_hub_name(name):
        raise ModelError(
            f"{made} was made with {name}, a model that is not known here; put its file among the checkpoints first."
        )
    if fingerprint(name) != sha256:
        raise ModelError(
            f"{made} was made with other weights of {name} (another sha256); restore those weights to make it again."
        )


def load(name: str, device: str = "auto", precision: str = "auto") -> Translator:
    """Load a translator, ready to use; published files that lie among the checkpoints are converted first, once.

    Raises:
        ModelError: if it is unknown, not on this machine, damaged, or its content encoder is another one.
        ValueError: for a device or precision that is not to be had.
    """
    return load_spec(find(name), device, precision)


def load_spec(spec: ModelSpec, device: str = "auto", precision: str = "auto") -> Translator:
    """Load the translator of a line of the table; arguments and errors as for `load`."""
    path, content_path = _files_of(spec)
    tensors, header = read_weights(path)
    content_encoder = load_content_encoder(content_path, spec.params.content_encoder)
    # Published files do not say which content encoder they were trained with: there is only one.
    if not spec.can_be_downloaded and digest(content_path) != header.get("content_encoder_sha256"):
        raise ModelError(
            f"{content_path.name} is not the content encoder that {spec.name} was trained with; restore both."
        )
    return _assemble(tensors, content_encoder, spec.params, path, device, precision)


def load_published(model: Path, content_encoder: Path, device: str = "auto", precision: str = "auto") -> Translator:
    """Load published .pt files as they are, without writing anything.

    Raises:
        ModelError: if one of them is missing, damaged, of the other kind, or of another shape.
        ValueError: for a device or precision that is not to be had.
    """
    encoder = ContentEncoder(PUBLISHED.content_encoder)
    encoder.load_state_dict(convert_published(content_encoder, "content_encoder")[1])
    _, tensors = convert_published(model, "translator")
    return _assemble(tensors, encoder, PUBLISHED, model, device, precision)


def _assemble(
    tensors: Mapping[str, Tensor],
    content_encoder: ContentEncoder,
    params: TranslatorParams,
    path: Path,
    device: str,
    precision: str,
) -> Translator:
    bank = tensors.get("style_bank")
    if bank is None or bank.ndim != 2 or bank.shape[1] != params.style_encoder.style_dim or not len(bank):
        raise ModelError(f"{path.name} has no style bank of this family; it does not belong to this model.")
    require_finite({"style_bank": bank}, path)
    networks = TranslatorNetworks(
        content_encoder,
        fill(Generator(params.generator), _under("generator.", tensors), path),
        fill(StyleEncoder(params.style_encoder), _under("style_encoder.", tensors), path),
        fill(StyleSampler(params.style_sampler), _under("style_sampler.", tensors), path),
    )
    return Translator(networks, bank, device, precision)


def load_content_encoder(path: Path, family: str | ContentEncoderParams | None = None) -> ContentEncoder:
    """Load a content encoder's file.

    Args:
        path: the file.
        family: key of `FAMILIES`, or the shape; by default the one that the file's tensors have.

    Raises:
        ModelError: if the file is missing, damaged or of another shape.
    """
    tensors, _ = read_weights(path)
    if family is None:
        params = _shape_of(tensors, path)
    else:
        params = FAMILIES[family].content_encoder if isinstance(family, str) else family
    return fill(ContentEncoder(params), tensors, path)


def _shape_of(tensors: Mapping[str, Tensor], path: Path) -> ContentEncoderParams:
    """The shape of the content encoder with these tensors, which ends in a map of 8x8."""
    stages = sum(key.startswith("stages.") and key.endswith(".0.conv.weight") for key in tensors)
    names = [*(f"stages.{number}.0.conv.weight" for number in range(stages)), f"stages.{stages - 1}.1.conv.weight"]
    if not stages or not all(name in tensors for name in names):
        raise ModelError(f"{path.name} is no content encoder; give the file of one.")
    return ContentEncoderParams(8 << stages, tuple(len(tensors[name]) for name in names))


def load_shape_head(content_encoder: Path, family: str) -> ShapeHead:
    """Load the shape head F_s that was trained with a content encoder, from the file beside the encoder's.

    Raises:
        ModelError: if the file is missing, damaged, of another shape, or belongs to another content encoder.
    """
    path = shape_head_path(content_encoder)
    tensors, header = read_weights(path)
    if digest(content_encoder) != header.get("content_encoder_sha256"):
        raise ModelError(f"{path.name} was not trained with {content_encoder.name}; restore both.")
    classes = len(shape_classes(content_encoder))
    return fill(ShapeHead(replace(DISTILLERS[family], domains=classes)), tensors, path)


def shape_classes(content_encoder: Path) -> tuple[str, ...]:
    """The classes of the shape head beside a content encoder's file, in the order of its labels."""
    header = read_header(shape_head_path(content_encoder))
    return tuple(json.loads(header["classes"])) if "classes" in header else SMALL_DOMAINS


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
