"""The generative prior: a BigGAN that renders pictures of several classes from shared latent codes.

Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019.  Pictures
of different classes rendered from ONE latent code share pose and layout: that is the prior (section 3).

The library (pytorch-pretrained-biggan) interpolates its standing statistics with the two weights exchanged, so between
two steps of the truncation, and wherever rounding misses a step, it takes a neighbour's.  Here the nearest step is
taken; at the steps themselves both render the same pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from torch import Tensor

from gpunit.engine.device import pick_device
from gpunit.networks.code_encoder import CodeEncoder
from gpunit.prior.inference import FoldedGenerator
from gpunit.seeds import step_generator
from gpunit.zoo.weights import ModelError

_LATENT_LIMIT = 2.0


class PriorError(ModelError):
    """A prior that cannot be loaded or asked for; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class LatentCodes:
    """Latent codes (N, D) and the truncation they were sampled at, which picks the standing statistics."""

    codes: Tensor
    truncation: float = 1.0

    def __len__(self) -> int:
        return len(self.codes)


def class_numbers(names: Sequence[str], class_names: Sequence[str]) -> list[int]:
    """Numbers of classes, which are their places in a prior's list, by exact name or number.

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
    """A BigGAN ready to render; nothing in it changes after construction.

    Args:
        model: the library's model.
        class_names: one name per class.
        encoder: infers latent codes from photographs, where one was trained.
        device: "auto", "cuda", "mps" or "cpu".
        batch: pictures a forward pass; by default 4 on a CPU, whose caches hold no more, and 16 elsewhere.
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
        """Whether latent codes can be inferred from photographs."""
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
        """The codes that `latents` samples, by (seed, index)."""
        codes = [unit_latents(1, self.latent_dim, seed, index) for seed, index in names]
        return LatentCodes(torch.cat(codes) * truncation, truncation)

    @torch.inference_mode()
    def render(self, latents: LatentCodes, labels: Sequence[int]) -> Tensor:
        """One picture per code and label, paired up: (N, 3, S, S) float32 in [-1, 1], on the CPU.

        Raises:
            PriorError: where there are not as many labels as codes, or the truncation is not in (0, 1].
        """
        pictures = [self._generator(condition, step).float().cpu() for condition, step in self._parts(latents, labels)]
        return torch.cat(pictures)

    @torch.inference_mode()
    def features(self, latents: LatentCodes, labels: Sequence[int], size: int = 16) -> Tensor:
        """The generator's last feature of one size, for codes and labels paired up: (N, C, size, size), on the CPU.

        Raises:
            PriorError: as for `render`, and for a size that the generator does not pass through.
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
        return self.render(repeated, list(labels) * rows).unflatten(0, (rows, columns))

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
    """Spherical interpolation (slerp) of codes (D,): the one at `place` in [0, 1] on their great circle."""
    cosine = torch.dot(start, end) / (start.norm() * end.norm()).clamp_min(1e-12)
    angle = float(torch.arccos(cosine.clamp(-1, 1)))
    if angle < 1e-4 or angle > math.pi - 1e-4:
        return torch.lerp(start, end, place)
    return (math.sin((1 - place) * angle) * start + math.sin(place * angle) * end) / math.sin(angle)


def walk(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` codes (steps, D) along the great circle from one code (D,) to another, both ends included."""
    return torch.stack([great_circle(start, end, place) for place in torch.linspace(0, 1, steps).tolist()])
