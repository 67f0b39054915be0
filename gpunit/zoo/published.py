"""The published checkpoints: their layout, and their import into this project's files.

A published translator is a torch pickle {"g_ema": generator and style encoder, "sampler": style sampler}; the content
encoder that all of them share is a bare state dict.  They hold spectrally normalised convolutions as `weight_orig`,
`weight_u`, `weight_v`; the weight these stand for is weight_orig / (uᵀ W v).  `convert` folds them and renames every
tensor, so that the result loads strictly into this package's networks; `import_published` writes it as safetensors in
fp32, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
from gpunit.zoo.table import CONTENT_ENCODER
from gpunit.zoo.weights import ModelError, fill, read_pickle, write_weights

BANK_SIZE = 512
_FOUND = {"translator": "a translator", "content_encoder": "the content encoder", "": "no published GP-UNIT weights"}


_Replacement = str | Callable[[re.Match[str]], str]
_RULES: dict[str, tuple[tuple[str, _Replacement], ...]] = {
    "content_encoder": (
        (r"layer6\.(\d)\.conv", r"to_content.\1.conv"),
        (r"layer(\d)\.(\d)\.conv", lambda m: f"stages.{int(m[1]) - 1}.{m[2]}.conv"),
    ),
    "generator": (
        (r"model\.(\d)\.reslayer\.", r"levels.\1.blocks.0."),
        (r"model\.(\d)\.postlayer\.", r"levels.\1.blocks.1."),
        (r"model\.(\d)\.rgblayer\.", r"levels.\1.to_rgb."),
        (r"model\.1\.skiplayer\.", "skips.16."),
        (r"model\.2\.skiplayer\.", "skips.32."),
        (r"(skips\.\d+)\.trans\.", r"\1.to_candidate."),
        (r"(skips\.\d+)\.reset\.", r"\1.to_reset."),
        (r"(skips\.\d+)\.mask\.", r"\1.to_mask."),
        (r"(skips\.\d+)\.update\.", r"\1.to_feature."),
        (r"\.conv_0\.", ".conv_in."),
        (r"\.conv_1\.", ".conv_out."),
        (r"\.conv_s\.", ".conv_shortcut."),
        (r"\.norm_0\.style\.", ".norm_in.to_scale_shift."),
        (r"\.norm_1\.style\.", ".norm_out.to_scale_shift."),
        (r"\.norm_s\.style\.", ".norm_shortcut.to_scale_shift."),
    ),
    "style_encoder": ((r"^model\.", "convolutions."),),
    "sampler": (
        (r"^lin(\d)\.", r"linear_\1."),
        (r"^bn(\d)\.", r"norm_\1."),
        (r"^lin_out\.", "to_style."),
    ),
    "discriminator": (
        (r"^model\.0\.", "stem."),
        (r"^model\.8\.", "to_hidden."),
        (r"^linear\.", "to_logit."),
        (r"^model\.(\d)\.", lambda m: f"blocks.{int(m[1]) - 1}."),
        (r"\.conv_0\.", ".conv_in."),
        (r"\.conv_1\.", ".conv_out."),
        (r"\.conv_s\.", ".conv_shortcut."),
    ),
    "distiller": (
        (r"^contentE\.layer6\.(\d)\.conv", r"content_encoder.to_content.\1.conv"),
        (r"^contentE\.layer(\d)\.(\d)\.conv", lambda m: f"content_encoder.stages.{int(m[1]) - 1}.{m[2]}.conv"),
        (r"^styleE\.layer(\d)\.conv", lambda m: f"appearance_encoder.convolutions.{int(m[1]) - 1}"),
        (r"^embed\.", "decoder.shape_head.embedding."),
        (r"^fc\.conv\.", "decoder.shape_head.from_content."),
        (r"^G\.layer1\.", "decoder.shape_head.at_content_size."),
        (r"^G\.layer2\.", "decoder.shape_head.at_content_size.3."),
        (r"^G\.layer3\.", "decoder.shape_head.at_shape_size."),
        (r"^G\.layer7\.conv\.", "decoder.to_rgb."),
        (r"^G\.layer(\d)\.conv\.", lambda m: f"decoder.appearance_convolutions.{int(m[1]) - 4}."),
        (r"^G\.tomask\.conv\.", "decoder.shape_head.to_shape."),
        (r"\.norm\.style\.", ".norm.to_scale_shift."),
        (r"^C\.layer(\d)\.conv\.", r"classifier.conv_\1."),
        (r"^C\.fc3\.", "classifier.to_logits."),
    ),
}


def fold_legacy_spectral_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each `weight_orig`, `weight_u`, `weight_v` by the `weight` they stand for."""
    folded = {}
    for name, tensor in state.items():
        if name.endswith(("weight_u", "weight_v")):
            continue
        if name.endswith("weight_orig"):
            stem = name.removesuffix("_orig")
            matrix = tensor.flatten(1).double()
            sigma = state[stem + "_u"].double() @ matrix @ state[stem + "_v"].double()
            folded[stem] = (tensor.double() / sigma).to(tensor.dtype)
        else:
            folded[name] = tensor
    return folded


def convert(network: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename one published network's tensors to this package's names, spectral norm folded.

    Args:
        network: "content_encoder", "generator", "style_encoder", "sampler", "discriminator" or
            "distiller" (all of stage I).
        state: the published tensors by name.  A published "generator" also holds the style encoder, under
            the prefix "style_encoder.": split it with `split_style_encoder` first.
    """
    converted = {}
    for name, tensor in fold_legacy_spectral_norm(state).items():
        for pattern, replacement in _RULES[network]:
            name = re.sub(pattern, replacement, name)
        converted[name] = tensor
    return converted


def split_style_encoder(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Split a published generator's state into those of the generator itself and of the style encoder."""
    prefix = "style_encoder."
    style_encoder = {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
    return {name: t for name, t in state.items() if not name.startswith(prefix)}, style_encoder


def as_tensors(arrays: Mapping[str, object]) -> dict[str, Tensor]:
    """Numpy arrays by name -> tensors by name."""
    return {name: torch.as_tensor(array) for name, array in arrays.items()}


def kind_of(state: Any) -> str:
    """Kind of a published file by its content: "translator", "content_encoder", or "" if it is neither."""
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
        and a `style_bank` sampled from the style sampler; of the content encoder, its own.

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
    generator_state, style_state = split_style_encoder(state["g_ema"])
    parts = {
        "generator": _checked(Generator(params.generator), "generator", generator_state, path),
        "style_encoder": _checked(StyleEncoder(params.style_encoder), "style_encoder", style_state, path),
    }
    sampler = StyleSampler(params.style_sampler)
    parts["style_sampler"] = _checked(sampler, "sampler", state["sampler"], path)
    tensors = {f"{part}.{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
    # Published files hold no style codes; samples of the style sampler take their place, for the mean style.
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
        tensors = convert(name, state)
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
