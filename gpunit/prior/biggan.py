"""BigGAN models of pytorch-pretrained-biggan: load strictly, draw from shared latent codes, invert.

A model is a folder with config.json and pytorch_model.bin, the library's own layout (Brock, Donahue and
Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019).  Pictures of
different classes drawn from ONE latent code share pose and layout: that is the generative prior.

The library interpolates its standing statistics with the two weights exchanged, so between two steps of the
truncation, and wherever rounding misses a step, it takes a neighbour's.  Here the nearest step is taken; at the
steps themselves both draw the same pictures.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from pytorch_pretrained_biggan.file_utils import PYTORCH_PRETRAINED_BIGGAN_CACHE
from pytorch_pretrained_biggan.model import (
    PRETRAINED_CONFIG_ARCHIVE_MAP,
    PRETRAINED_MODEL_ARCHIVE_MAP,
)
from torch import Tensor

from gpunit import zoo
from gpunit.engine.device import pick_device
from gpunit.files import digest, write_json, written_beside
from gpunit.imagenet import CLASS_NAMES
from gpunit.networks.code_encoder import CodeEncoder, CodeEncoderParams
from gpunit.prior.inference import FoldedGenerator
from gpunit.seeds import step_generator
from gpunit.zoo import weights
from gpunit.zoo.fetching import fetch

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "pytorch_model.bin"
ENCODER_NAME = "encoder.safetensors"
PRETRAINED = tuple(PRETRAINED_MODEL_ARCHIVE_MAP)
_LATENT_LIMIT = 2.0


class PriorError(weights.ModelError):
    """A prior that cannot be loaded or asked for; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class LatentCodes:
    """Latent codes (N, D) and the truncation they were drawn at, which picks the standing statistics."""

    codes: Tensor
    truncation: float = 1.0

    def __len__(self) -> int:
        return len(self.codes)


def class_numbers(names: Sequence[str], class_names: Sequence[str]) -> list[int]:
    """Where classes stand in a prior's list, by exact name or number.

    Raises:
        PriorError: for a name that is not in the list.
    """
    numbers = []
    for name in names:
        if name in class_names:
            numbers.append(class_names.index(name))
        elif name.isdigit() and int(name) < len(class_names):
            numbers.append(int(name))
        else:
            known = ", ".join(class_names[:8]) + (", …" if len(class_names) > 8 else "")
            raise PriorError(f"the prior has no class {name!r}; give exact names or numbers: it has {known}.")
    return numbers


def unit_latents(count: int, dim: int, seed: int, first: int = 0) -> Tensor:
    """Codes (count, dim) from the normal distribution cut off at ±2; code i depends on (seed, first + i) alone."""
    low, high = (0.5 * (1 + math.erf(side * _LATENT_LIMIT / math.sqrt(2))) for side in (-1, 1))
    rows = []
    for index in range(first, first + count):
        uniform = torch.rand(dim, generator=step_generator(seed, index, "latent"), dtype=torch.float64)
        rows.append(torch.special.ndtri(uniform * (high - low) + low).float())
    return torch.stack(rows)


class Prior:
    """A BigGAN ready to draw; nothing in it changes after construction.

    Args:
        model: the library's model.
        class_names: one name per class; ImageNet's by default for 1000 classes.
        encoder: infers latent codes of photographs, where one was trained.
        device: "auto", "cuda", "mps" or "cpu".
        batch: pictures a forward pass; by default 4 on a CPU, whose caches larger maps leave, and 16 elsewhere.
    """

    def __init__(
        self,
        model: BigGAN,
        class_names: Sequence[str],
        encoder: CodeEncoder | None = None,
        device: str = "auto",
        batch: int | None = None,
    ) -> None:
        self.config: BigGANConfig = model.config
        if len(class_names) != self.config.num_classes:
            raise PriorError(f"the prior has {self.config.num_classes} classes but {len(class_names)} names.")
        self.class_names = tuple(class_names)
        self.device = pick_device(device)
        generator = FoldedGenerator(model, rewrites=self.device.type == "cpu")
        self._generator = generator.to(self.device).to(memory_format=torch.channels_last)
        self._embeddings = model.embeddings.weight.detach().T.to(self.device, copy=True)
        self._encoder = encoder.eval().requires_grad_(False).to(self.device) if encoder is not None else None
        self._batch = batch or (4 if self.device.type == "cpu" else 16)

    @property
    def resolution(self) -> int:
        """Side of the pictures in pixels."""
        return int(self.config.output_dim)

    @property
    def latent_dim(self) -> int:
        """Length of a latent code."""
        return int(self.config.z_dim)

    @property
    def can_invert(self) -> bool:
        """Whether photographs can be turned into latent codes."""
        return self._encoder is not None

    def labels(self, names: Sequence[str]) -> list[int]:
        """Class numbers by exact name or number.

        Raises:
            PriorError: for a name that the prior does not have.
        """
        return class_numbers(names, self.class_names)

    def latents(self, count: int, seed: int, truncation: float = 1.0, first: int = 0) -> LatentCodes:
        """Codes from the normal distribution cut off at ±2, times the truncation.

        Code i depends on (seed, first + i) alone: more rows leave the earlier ones as they are.
        """
        return LatentCodes(unit_latents(count, self.latent_dim, seed, first) * truncation, truncation)

    def named_latents(self, names: Sequence[tuple[int, int]], truncation: float = 1.0) -> LatentCodes:
        """The codes that `latents` gives for (seed, index) pairs."""
        codes = [unit_latents(1, self.latent_dim, seed, index) for seed, index in names]
        return LatentCodes(torch.cat(codes) * truncation, truncation)

    @torch.inference_mode()
    def draw(self, latents: LatentCodes, labels: Sequence[int]) -> Tensor:
        """One picture per code and label, paired up: (N, 3, S, S) float32 in [-1, 1], on the CPU.

        Raises:
            PriorError: where there are not as many labels as codes, or the truncation is not in (0, 1].
        """
        pictures = [self._generator(condition, step).float().cpu() for condition, step in self._parts(latents, labels)]
        return torch.cat(pictures)

    @torch.inference_mode()
    def features(self, latents: LatentCodes, labels: Sequence[int], size: int = 16) -> Tensor:
        """The generator's own last feature of one size, for codes and labels paired up: (N, C, size, size), on the CPU.

        Raises:
            PriorError: as for `draw`, and for a size that the generator does not pass through.
        """
        answers = []
        for condition, step in self._parts(latents, labels):
            feature = None
            for x in self._generator.maps(condition, step):
                if x.shape[-1] > size:
                    break
                feature = x
            if feature is None or feature.shape[-1] != size:
                raise PriorError(f"the prior has no feature of size {size}; ask for 4, 8, 16, …, {self.resolution}.")
            answers.append(feature.float().cpu())
        return torch.cat(answers)

    def _parts(self, latents: LatentCodes, labels: Sequence[int]) -> Iterator[tuple[Tensor, int]]:
        """Condition vectors, a batch at a time, and the step of the standing statistics."""
        if len(labels) != len(latents):
            raise PriorError(f"{len(latents)} codes need as many classes, not {len(labels)}.")
        if not 0 < latents.truncation <= 1:
            raise PriorError(f"the truncation must be above 0 and at most 1, not {latents.truncation}.")
        step = round(latents.truncation * (self.config.n_stats - 1))
        for codes, some in zip(
            latents.codes.split(self._batch), torch.as_tensor(labels).split(self._batch), strict=True
        ):
            yield torch.cat([codes.to(self.device), self._embeddings[some.to(self.device)]], dim=1), step

    def grid(self, latents: LatentCodes, labels: Sequence[int]) -> Tensor:
        """Every code in every class: (rows, columns, 3, S, S) in [-1, 1]; rows share a code, columns a class."""
        rows, columns = len(latents), len(labels)
        repeated = LatentCodes(latents.codes.repeat_interleave(columns, 0), latents.truncation)
        return self.draw(repeated, list(labels) * rows).unflatten(0, (rows, columns))

    @torch.inference_mode()
    def invert(self, pictures: Tensor) -> LatentCodes:
        """The codes that the encoder infers from photographs (B, 3, H, W) in [-1, 1].

        Raises:
            PriorError: if this prior has no encoder.
        """
        if self._encoder is None:
            raise PriorError("this prior has no encoder to invert a photo with; choose prior-small.")
        mean, _ = self._encoder(pictures.to(self.device))
        return LatentCodes(mean.cpu(), 1.0)


def great_circle(start: Tensor, end: Tensor, place: float) -> Tensor:
    """The code (D,) at `place` in [0, 1] of the way from one code (D,) to another along the great circle (slerp)."""
    cosine = torch.dot(start, end) / (start.norm() * end.norm()).clamp_min(1e-12)
    angle = float(torch.arccos(cosine.clamp(-1, 1)))
    if angle < 1e-4 or angle > math.pi - 1e-4:
        return torch.lerp(start, end, place)
    return (math.sin((1 - place) * angle) * start + math.sin(place * angle) * end) / math.sin(angle)


def walk(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` codes (steps, D) along the great circle from one code (D,) to another, both ends included."""
    return torch.stack([great_circle(start, end, place) for place in torch.linspace(0, 1, steps).tolist()])


def load_prior(
    source: str | os.PathLike[str],
    device: str = "auto",
    download: bool = False,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Prior:
    """Load a prior, ready to draw.

    Args:
        source: a folder; or the name of one, looked for among the checkpoints, then in the library's cache.
        device: where to draw.
        download: fetch a pretrained model (biggan-deep-128, -256, -512) that is not on this machine.
        report: called with (bytes so far, bytes in all) during a download.

    Raises:
        PriorError: if the model is unknown, not here, damaged, or its tensors do not fit its config.
        DownloadError: if a download fails.
    """
    model, names, folder = load_biggan(source, download, report)
    encoder_path = folder / ENCODER_NAME
    encoder = None
    if encoder_path.is_file():
        tensors, header = weights.read_weights(encoder_path)
        encoder = weights.fill(CodeEncoder(_encoder_params(header)), tensors, encoder_path)
    return Prior(model, names, encoder, device)


def load_biggan(
    source: str | os.PathLike[str],
    download: bool = False,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[BigGAN, tuple[str, ...], Path]:
    """The library's model itself, its class names and its folder; arguments and errors as for `load_prior`."""
    config_path, weights_path = _find(os.fspath(source), download, report)
    try:
        settings = json.loads(config_path.read_text(encoding="utf-8"))
        config = BigGANConfig.from_dict(settings)
        model = BigGAN(config)
    except (ValueError, KeyError, TypeError) as error:
        raise PriorError(f"{config_path} is not a BigGAN's config ({error}); restore it.") from None
    tensors = weights.read_pickle(weights_path)
    weights.fill(model, tensors, weights_path)
    names = settings.get("class_names") or (CLASS_NAMES if config.num_classes == len(CLASS_NAMES) else None)
    if names is None:
        names = [f"class {i}" for i in range(config.num_classes)]
    return model.eval(), tuple(names), config_path.parent


def save_biggan(
    model: BigGAN, class_names: Sequence[str], folder: Path, encoder: CodeEncoder | None = None, half: bool = True
) -> None:
    """Write a folder that `BigGAN.from_pretrained(folder)` and `load_prior(folder)` load; `half` stores fp16."""
    settings = {**model.config.to_dict(), "class_names": list(class_names)}
    tensors = {key: t.half() if half and t.is_floating_point() else t for key, t in model.state_dict().items()}
    with written_beside(folder / WEIGHTS_NAME) as partial:
        torch.save(tensors, partial)
    write_json(folder / CONFIG_NAME, settings)
    if encoder is not None:
        header = {"kind": "code_encoder", "params": asdict(encoder.params)}
        weights.write_weights(folder / ENCODER_NAME, encoder.state_dict(), header, half)


def fingerprint(source: str | os.PathLike[str]) -> str:
    """The sha256 of a prior's weights; arguments and errors as for `load_prior`, without a download."""
    return digest(_find(os.fspath(source), False, lambda done, total: None)[1])


def is_here(name: str) -> bool:
    """Whether a prior of this name, or in this folder, can be loaded without a download."""
    return _search(name) is not None


def _search(name: str) -> tuple[Path, Path] | None:
    for folder in (Path(name), zoo.stored(name)):
        found = folder / CONFIG_NAME, folder / WEIGHTS_NAME
        if all(path.is_file() for path in found):
            return found
    return _search_cache(name)


def _find(name: str, download: bool, report: Callable[[int, int], None]) -> tuple[Path, Path]:
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
    fetch_pretrained(name, report)
    folder = zoo.checkpoints_folder() / name
    return folder / CONFIG_NAME, folder / WEIGHTS_NAME


def fetch_pretrained(name: str, report: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Download one of `PRETRAINED` into the checkpoints; `report` is called with (bytes so far, bytes in all).

    Raises:
        DownloadError: if it fails.
    """
    folder = zoo.checkpoints_folder() / name
    fetch(PRETRAINED_CONFIG_ARCHIVE_MAP[name], folder / CONFIG_NAME)
    fetch(PRETRAINED_MODEL_ARCHIVE_MAP[name], folder / WEIGHTS_NAME, report)


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
