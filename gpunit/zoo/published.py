"""The layout of the published checkpoints, and how its tensors are called here.

The published files hold spectrally normalised convolutions as `weight_orig`, `weight_u`, `weight_v`; the
weight they stand for is weight_orig / (uᵀ W v).  `convert` folds them and renames every tensor, so that
the result loads strictly into this package's networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

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
            the prefix "style_encoder.": take it apart with `split_style_encoder` first.
    """
    converted = {}
    for name, tensor in fold_legacy_spectral_norm(state).items():
        for pattern, replacement in _RULES[network]:
            name = re.sub(pattern, replacement, name)
        converted[name] = tensor
    return converted


def split_style_encoder(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Take a published generator's state apart: (generator proper, style encoder)."""
    prefix = "style_encoder."
    style_encoder = {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
    return {name: t for name, t in state.items() if not name.startswith(prefix)}, style_encoder


def as_tensors(arrays: Mapping[str, object]) -> dict[str, Tensor]:
    """Numpy arrays by name -> tensors by name."""
    return {name: torch.as_tensor(array) for name, array in arrays.items()}
