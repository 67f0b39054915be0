"""Weights files: safetensors are read and written, pickles are read, networks are filled strictly."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from gpunit.files import written_beside
from gpunit.networks.frozen.arcface import IdentityNet
from gpunit.zoo.fetching import is_web_page

Network = TypeVar("Network", bound=nn.Module)


class ModelError(ValueError):
    """A model that cannot be loaded; the message says why and what to do, in one sentence."""


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (fp32) and header of a safetensors file.

    Raises:
        ModelError: if the file is missing or damaged.
    """
    with _opened(path) as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        header = dict(file.metadata() or {})
    return {key: t.float() if t.is_floating_point() else t for key, t in tensors.items()}, header


def read_header(path: Path) -> dict[str, str]:
    """The header alone of a safetensors file.

    Raises:
        ModelError: if the file is missing or damaged.
    """
    with _opened(path) as file:
        return dict(file.metadata() or {})


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    if not path.is_file():
        raise ModelError(f"the weights {path.name} are not in {path.parent}; put the file there and try again.")
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path.name} is damaged ({error}); restore it and try again.") from None


def shape_head_path(content_encoder: Path) -> Path:
    """The file of the shape head that was trained with a content encoder, beside the encoder's file."""
    return content_encoder.with_name(f"{content_encoder.stem}-shape.safetensors")


def write_weights(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, object], half: bool = True) -> None:
    """Write a safetensors file.

    Args:
        path: the file.
        tensors: by name.
        header: written as strings; anything but a string as JSON.
        half: store floating-point tensors as fp16; one with numbers that are too large for that stays as it is.

    Raises:
        ModelError: for a tensor with NaN or infinite numbers.
    """
    for key, t in tensors.items():
        if not bool(torch.isfinite(t).all()):
            raise ModelError(f"{path.name} was not written: {key} has numbers that are NaN or infinite; train it anew.")
    ready = {key: (_halved(t) if half else t).detach().cpu().contiguous() for key, t in tensors.items()}
    with written_beside(path) as partial:
        try:
            save_file(ready, partial, {k: v if isinstance(v, str) else json.dumps(v) for k, v in header.items()})
        except SafetensorError as error:
            raise _as_os_error(error, path) from None
        partial.chmod(0o644)  # safetensors makes files that only their owner may read


def _halved(tensor: Tensor) -> Tensor:
    """A floating-point tensor as fp16, unless that would make a number infinite; any other as it is."""
    fits = tensor.is_floating_point() and bool(torch.isfinite(tensor.half()).all())
    return tensor.half() if fits else tensor


def _as_os_error(error: SafetensorError, path: Path) -> Exception:
    """What the system refused, where safetensors tells it in its own words only ("... (os error 28)")."""
    found = re.search(r"os error (\d+)", str(error))
    return OSError(int(found[1]), os.strerror(int(found[1])), str(path)) if found else error


def read_pickle(path: Path) -> Any:
    """The content of torch's .pt or .bin file; code in it is refused, not run.

    Raises:
        ModelError: if the file is missing, a web page, damaged, or holds more than tensors in plain containers.
    """
    if not path.is_file():
        raise ModelError(f"there is no file {path}; check the path.")
    if is_web_page(path):
        raise ModelError(
            f"{path.name} is a web page, not weights (a failed download saved under that name); get it again."
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the bytes lead it to
        raise ModelError(
            f"{path.name} is damaged or holds code instead of weights ({type(error).__name__}); get it again."
        ) from None


def fill(network: Network, tensors: Mapping[str, Tensor], path: Path) -> Network:
    """Load tensors into a network, strictly.

    Raises:
        ModelError: naming the first missing, extra, mis-shaped or not finite tensor of the file `path`.
    """
    wanted = network.state_dict()
    missing = [k for k in wanted if k not in tensors and not k.endswith("num_batches_tracked")]
    extra = [k for k in tensors if k not in wanted]
    shapes = [k for k in wanted if k in tensors and wanted[k].shape != tensors[k].shape]
    for what, keys in (("lacks", missing), ("has the unknown tensor", extra), ("has another shape for", shapes)):
        if keys:
            raise ModelError(f"{path.name} {what} {keys[0]} ({len(keys)} in all): it does not belong to this model.")
    require_finite({key: tensors[key] for key in wanted if key in tensors}, path)
    network.load_state_dict(tensors, strict=False)
    return network


def require_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights that hold NaN or infinity, which would render black pictures without a word.

    Raises:
        ModelError: naming the first such tensor of the file `path`.
    """
    broken = next((key for key, tensor in tensors.items() if not tensor.isfinite().all()), None)
    if broken is not None:
        raise ModelError(
            f"{path.name} holds numbers that are not finite (in {broken}), from a training that went wrong; "
            "restore the file, or train it anew."
        )


def load_identity_net(path: Path) -> IdentityNet:
    """ArcFace IR-SE50 from the file of its published weights (model_ir_se50.pth), frozen.

    Raises:
        ModelError: if the file is missing, damaged or of another network.
    """
    tensors = read_pickle(path)
    if not isinstance(tensors, dict):
        raise ModelError(f"{path.name} holds no tensors by name; give ArcFace's model_ir_se50.pth.")
    return fill(IdentityNet(), tensors, path)
