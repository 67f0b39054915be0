"""Published checkpoints into this project's files: recognised by their tensors, checked strictly, converted once.

A published translator is a torch pickle {"g_ema": generator and style encoder, "sampler": style sampler}; the
content encoder that all of them share is a bare state dict.  Both become safetensors with spectral norm
folded, in fp32, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.families import PUBLISHED, TranslatorParams
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.zoo import published
from gpunit.zoo.weights import ModelError, fill, read_pickle, write_weights

CONTENT_ENCODER = "content_encoder"
BANK_SIZE = 512
_FOUND = {"translator": "a translator", "content_encoder": "the content encoder", "": "no published GP-UNIT weights"}


def kind_of(state: Any) -> str:
    """ "translator" or "content_encoder", by what a published file holds; "" if it is neither."""
    if not isinstance(state, Mapping):
        return ""
    if {"g_ema", "sampler"} <= state.keys():
        return "translator"
    if "layer1.0.conv.weight_orig" in state:
        return "content_encoder"
    return ""


def convert_published(
    path: Path, wanted: str = "", params: TranslatorParams = PUBLISHED
) -> tuple[str, dict[str, Tensor]]:
    """The tensors of a published file under this project's names, checked against the networks.

    Args:
        path: the .pt file.
        wanted: "translator" or "content_encoder"; either, where empty.
        params: shapes of the networks.

    Returns:
        Its kind, and its tensors: of a translator, those of `generator.`, `style_encoder.`, `style_sampler.`
        and a `style_bank` drawn from the sampler; of the content encoder, its own.

    Raises:
        ModelError: if the file is damaged, holds code, is of another kind, or lacks, adds or changes a tensor.
    """
    state = read_pickle(path)
    kind = kind_of(state)
    if not kind or (wanted and kind != wanted):
        asked = {"translator": "a published translator, such as dog2cat.pt", "content_encoder": "content_encoder.pt"}
        raise ModelError(
            f"{path.name} holds {_FOUND[kind]}; give {asked[wanted] if wanted else ' or '.join(asked.values())}."
        )
    if kind == "content_encoder":
        return kind, _checked(ContentEncoder(params.content_encoder), "content_encoder", state, path)
    generator_state, style_state = published.split_style_encoder(state["g_ema"])
    parts = {
        "generator": _checked(Generator(params.generator), "generator", generator_state, path),
        "style_encoder": _checked(StyleEncoder(params.style_encoder), "style_encoder", style_state, path),
    }
    sampler = StyleSampler(params.style_sampler)
    parts["style_sampler"] = _checked(sampler, "sampler", state["sampler"], path)
    tensors = {f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
    # Published files keep no style codes; the sampler's own stand in, so that a mean style is to be had.
    latent = torch.randn(BANK_SIZE, params.style_sampler.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        tensors["style_bank"] = sampler.eval()(latent).clone()
    return kind, tensors


def _checked(network: nn.Module, name: str, state: Any, path: Path) -> dict[str, Tensor]:
    """Converted tensors that have been loaded strictly into their network."""
    is_state = isinstance(state, Mapping) and all(isinstance(tensor, Tensor) for tensor in state.values())
    if not is_state:
        raise ModelError(f"{path.name} holds no tensors where the {name} should be; get the file again.")
    try:
        tensors = published.convert(name, state)
    except KeyError as missing:
        raise ModelError(f"{path.name} lacks {missing.args[0]}: it does not belong to this model.") from None
    fill(network, tensors, path)
    return tensors


def import_published(path: Path, folder: Path, wanted: str = "", params: TranslatorParams = PUBLISHED) -> Path:
    """Convert one published file to a safetensors file of the same name in a folder.

    Args:
        path: the .pt file, of either kind.
        folder: where the new file goes; an existing file of that name is kept and returned.
        wanted: "translator" or "content_encoder"; either, where empty.
        params: shapes of the networks.

    Returns:
        The new file's path.

    Raises:
        ModelError: as `convert_published`.
    """
    target = folder / f"{path.stem}.safetensors"
    if target.exists():
        return target
    kind, tensors = convert_published(path, wanted, params)
    header: dict[str, object] = {"kind": kind, "family": "published", "imported_sha256": digest(path)}
    if kind == "translator":
        header["content_encoder"] = CONTENT_ENCODER
    write_weights(target, tensors, header, half=False)
    return target
