"""BigGANs from their files: found, downloaded, loaded strictly, saved.

A model is a folder with config.json and pytorch_model.bin, the layout of the library (pytorch-pretrained-biggan).  This
project adds class names to the config and, beside it, an encoder that infers latent codes from photographs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from pytorch_pretrained_biggan import BigGAN
from pytorch_pretrained_biggan.file_utils import PYTORCH_PRETRAINED_BIGGAN_CACHE
from pytorch_pretrained_biggan.model import PRETRAINED_CONFIG_ARCHIVE_MAP, PRETRAINED_MODEL_ARCHIVE_MAP

from gpunit import zoo
from gpunit.files import digest, write_json, written_beside
from gpunit.networks.code_encoder import CodeEncoder, CodeEncoderParams
from gpunit.prior.biggan import Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.reading import build_biggan
from gpunit.prior.sources import fetch_pretrained
from gpunit.prior.table import CONFIG_NAME, PRETRAINED, WEIGHTS_NAME, stored_files
from gpunit.zoo.weights import fill, read_weights, write_weights

ENCODER_NAME = "encoder.safetensors"


def load_prior(
    source: str | os.PathLike[str],
    device: str = "auto",
    download: bool = False,
    report: Callable[[int, int], None] = lambda done, total: None,
    mirror: str = "",
) -> Prior:
    """Load a prior, ready to render.

    Args:
        source: a folder; or the name of one, looked for among the checkpoints, then in the library's cache.
        device: see `pick_device`.
        download: fetch a pretrained model (biggan-deep-128, -256, -512) that is not on this machine.
        report: called with (bytes so far, bytes in all) during a download.
        mirror: where to download from first, see `sources_of`.

    Raises:
        PriorError: if the model is unknown, not here, damaged, or its tensors do not fit its config.
        DownloadError: if a download fails.
    """
    model, names, folder = load_biggan(source, download, report, mirror)
    encoder_path = folder / ENCODER_NAME
    encoder = None
    if encoder_path.is_file():
        tensors, header = read_weights(encoder_path)
        encoder = fill(CodeEncoder(_encoder_params(header)), tensors, encoder_path)
    return Prior(model, names, encoder, device)


def load_biggan(
    source: str | os.PathLike[str],
    download: bool = False,
    report: Callable[[int, int], None] = lambda done, total: None,
    mirror: str = "",
) -> tuple[BigGAN, tuple[str, ...], Path]:
    """The library's model itself, its class names and its folder; arguments and errors as for `load_prior`."""
    config_path, weights_path = _find(os.fspath(source), download, report, mirror)
    return *build_biggan(config_path, weights_path), config_path.parent


def save_biggan(
    model: BigGAN, class_names: Sequence[str], folder: Path, encoder: CodeEncoder | None = None, half: bool = True
) -> None:
    """Write a folder that `BigGAN.from_pretrained` and `load_prior` load; `half` stores fp16."""
    settings = {**model.config.to_dict(), "class_names": list(class_names)}
    tensors = {key: t.half() if half and t.is_floating_point() else t for key, t in model.state_dict().items()}
    with written_beside(folder / WEIGHTS_NAME) as partial:
        torch.save(tensors, partial)
    write_json(folder / CONFIG_NAME, settings)
    if encoder is not None:
        header = {"kind": "code_encoder", "params": asdict(encoder.params)}
        write_weights(folder / ENCODER_NAME, encoder.state_dict(), header, half)


def fingerprint(source: str | os.PathLike[str]) -> str:
    """The sha256 of a prior's weights; arguments and errors as for `load_prior`, without a download."""
    return digest(_find(os.fspath(source), False, lambda done, total: None)[1])


def is_here(name: str) -> bool:
    """Whether a prior of this name, or in this folder, can be loaded without a download."""
    return _search(name) is not None


def _search(name: str) -> tuple[Path, Path] | None:
    for folder in (Path(name), zoo.stored(name)):
        if found := stored_files(folder):
            return found
    return _search_cache(name)


def _find(name: str, download: bool, report: Callable[[int, int], None], mirror: str = "") -> tuple[Path, Path]:
    found = _search(name)
    if found is not None:
        return found
    if name not in PRETRAINED:
        raise PriorError(
            f"{name} is neither a folder with {CONFIG_NAME} and {WEIGHTS_NAME} nor a known prior; "
            f"choose from prior-small, {', '.join(PRETRAINED)}."
        )
    if not download:
        raise PriorError(f"{name} is not on this machine; download it first (`python -m gpunit download {name}`).")
    folder = fetch_pretrained(name, report, mirror)
    return folder / CONFIG_NAME, folder / WEIGHTS_NAME


def _search_cache(name: str) -> tuple[Path, Path] | None:
    """The library's own cache, read without its request to the server: each file has a .json that names its address."""
    if name not in PRETRAINED:
        return None
    wanted = (PRETRAINED_CONFIG_ARCHIVE_MAP[name], PRETRAINED_MODEL_ARCHIVE_MAP[name])
    addresses = {}
    for note in sorted(Path(PYTORCH_PRETRAINED_BIGGAN_CACHE).glob("*.json")):
        cached = note.with_suffix("")
        try:
            address = json.loads(note.read_text(encoding="utf-8"))["url"]
        except (ValueError, KeyError, OSError, TypeError):
            continue
        if cached.is_file():
            addresses[address] = cached
    if all(address in addresses for address in wanted):
        return addresses[wanted[0]], addresses[wanted[1]]
    return None


def _encoder_params(header: Mapping[str, str]) -> CodeEncoderParams:
    params = json.loads(header["params"])
    return CodeEncoderParams(params["latent_dim"], params["resolution"], tuple(params["widths"]))
