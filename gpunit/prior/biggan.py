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
from gpunit.prior.classes import Column, Mixture, Part, PriorError, class_numbers, columns_of
from gpunit.prior.inference import Edit, FoldedGenerator
from gpunit.prior.table import Layer
from gpunit.seeds import step_generator

_LATENT_LIMIT = 2.0


@dataclass(frozen=True)
class LatentCodes:
    """Latent codes and the truncation they were sampled at, which picks the standing statistics.

    Attributes:
        codes: (N, D), the same for all layers; or (N, layers, D), one for each.
        truncation: in (0, 1].
    """

    codes: Tensor
    truncation: float = 1.0

    def __len__(self) -> int:
        return len(self.codes)


def unit_latents(count: int, dim: int, seed: int, first: int = 0) -> Tensor:
    """Codes (count, dim) from the normal distribution cut off at ±2; code i depends on (seed, first + i) alone."""
    low, high = (0.5 * (1 + math.erf(side * _LATENT_LIMIT / math.sqrt(2))) for side in (-1, 1))
    rows = []
    for index in range(first, first + count):
        uniform = torch.rand(dim, generator=step_generator(seed, index, "latent"), dtype=torch.float64)
        rows.append(torch.special.ndtri(uniform * (high - low) + low).float())
    return torch.stack(rows)


# The most pictures of a forward pass, and the bytes that its largest map may take; a few such maps are held at once.
_LIMITS = {"cpu": (4, 2**25), "other": (16, 2**27)}


def batch_of(layers: Sequence[Layer], most: int, limit: int) -> int:
    """How many pictures a forward pass renders: as many as keep its largest map below a limit, one at least.

    Args:
        layers: of the generator.
        most: at most so many.
        limit: bytes of the largest map, in fp32.
    """
    largest = max(4 * layer.channels * layer.size**2 for layer in layers)
    return max(1, min(most, limit // largest))


class Prior:
    """A BigGAN ready to render; nothing in it changes after construction.

    Args:
        model: the library's model.
        class_names: one name per class.
        encoder: infers latent codes from photographs, where one was trained.
        device: "auto", "cuda", "mps" or "cpu".
        batch: pictures a forward pass; by default 4 on a CPU, whose caches hold no more, and 16 elsewhere, and fewer
            where maps are large (see `batch_of`), so that 512 px fit a card with 6 GB.
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
        self._batch = batch or batch_of(self.layers, *_LIMITS["cpu" if self.device.type == "cpu" else "other"])

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

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that are told the code and the class, in their order."""
        return self._generator.numbered

    def columns(self, names: Sequence[str]) -> list[Column]:
        """Classes by name or number, and mixtures as `columns_of` reads them.

        Raises:
            PriorError: for a class that the prior does not have, or a mixture that leaves a layer out.
        """
        columns = columns_of(names, self.class_names)
        for column in columns:
            if isinstance(column, Mixture):
                column.weights(len(self.class_names), len(self.layers))
        return columns

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
    def render(self, latents: LatentCodes, labels: Sequence[Column], edit: Edit | None = None) -> Tensor:
        """One picture per code and column, paired up: (N, 3, S, S) float32 in [-1, 1], on the CPU.

        Args:
            latents: the codes.
            labels: class numbers or mixtures.
            edit: changes a layer's map, see `FoldedGenerator`.

        Raises:
            PriorError: where there are not as many labels as codes, or the truncation is not in (0, 1].
        """
        parts = self._parts(latents, labels)
        return torch.cat([self._generator(condition, step, edit).float().cpu() for condition, step in parts])

    @torch.inference_mode()
    def features(
        self, latents: LatentCodes, labels: Sequence[Column], size: int = 16, layer: int | None = None
    ) -> Tensor:
        """The generator's last feature of one size, or that of one layer, for codes and columns paired up.

        Args:
            latents: the codes.
            labels: class numbers or mixtures.
            size: side of the feature, unless a layer is given.
            layer: number of one of `layers`.

        Returns:
            (N, C, size, size), on the CPU.

        Raises:
            PriorError: as for `render`, and for a size or layer that the generator does not have.
        """
        numbers = [each.number for each in self.layers if layer == each.number or (layer is None and size == each.size)]
        if not numbers:
            raise PriorError(
                f"the prior has no feature of size {size}; ask for 4, 8, 16, …, {self.resolution}."
                if layer is None
                else f"the prior has no layer {layer}; ask for 0 to {len(self.layers) - 1}."
            )
        answers = []
        for condition, step in self._parts(latents, labels):
            *_, (_, feature) = self._generator.maps(condition, step, last=numbers[-1])
            answers.append(feature.float().cpu())
        return torch.cat(answers)

    def first_weight(self) -> Tensor:
        """The weights of the first layer, which is linear, for the code: (features, D), on the CPU."""
        return self._generator.gen_z.weight[:, : self.latent_dim].detach().cpu()

    def generate(self, codes: Tensor, embeddings: Tensor, truncation: float = 1.0) -> Tensor:
        """Pictures through which gradients pass to codes and class embeddings, on the prior's device.

        Args:
            codes: (N, D) or (N, layers, D), on the device.
            embeddings: as `embeddings_of` gives them; both of as many dimensions.
            truncation: picks the standing statistics.

        Returns:
            (N, 3, S, S) in [-1, 1].
        """
        return self._generator(torch.cat([codes, embeddings], dim=-1), self._step(truncation))

    def embeddings_of(self, labels: Sequence[Column]) -> Tensor:
        """Class embeddings of columns: (N, D) where all are classes, else (N, layers, D); on the device."""
        numbers = [label for label in labels if isinstance(label, int)]
        if len(numbers) == len(labels):
            return self._embeddings[torch.as_tensor(numbers, device=self.device)]
        layers, classes = len(self.layers), len(self.class_names)
        mixtures = [label if isinstance(label, Mixture) else Mixture((Part(label),)) for label in labels]
        weights = [mixture.weights(classes, layers) for mixture in mixtures]
        return torch.stack(weights).to(self.device) @ self._embeddings

    def _parts(self, latents: LatentCodes, labels: Sequence[Column]) -> Iterator[tuple[Tensor, int]]:
        """Condition vectors, a batch at a time, and the step of the standing statistics."""
        if len(labels) != len(latents):
            raise PriorError(f"{len(latents)} codes need as many classes, not {len(labels)}.")
        if not 0 < latents.truncation <= 1:
            raise PriorError(f"the truncation must be above 0 and at most 1, not {latents.truncation}.")
        step = self._step(latents.truncation)
        for start in range(0, len(latents), self._batch):
            codes = latents.codes[start : start + self._batch].to(self.device)
            embeddings = self.embeddings_of(labels[start : start + self._batch])
            if codes.dim() != embeddings.dim():
                codes, embeddings = (
                    each if each.dim() == 3 else each[:, None].expand(-1, len(self.layers), -1)
                    for each in (codes, embeddings)
                )
            yield torch.cat([codes, embeddings], dim=-1), step

    def _step(self, truncation: float) -> int:
        """The step of the standing statistics that is nearest to a truncation."""
        return round(truncation * (self.config.n_stats - 1))

    def grid(self, latents: LatentCodes, labels: Sequence[Column], edit: Edit | None = None) -> Tensor:
        """Every code in every class: (rows, columns, 3, S, S) in [-1, 1]; rows share a code, columns a class."""
        rows, columns = len(latents), len(labels)
        repeated = LatentCodes(latents.codes.repeat_interleave(columns, 0), latents.truncation)
        return self.render(repeated, list(labels) * rows, edit).unflatten(0, (rows, columns))

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
    """Spherical interpolation (slerp) of codes (D,): the one at `place` in [0, 1] on their great circle.

    Codes (layers, D), one for each layer, are interpolated layer by layer.
    """
    if start.dim() == 2:
        return torch.stack([great_circle(*ends, place) for ends in zip(start, end, strict=True)])
    cosine = torch.dot(start, end) / (start.norm() * end.norm()).clamp_min(1e-12)
    angle = float(torch.arccos(cosine.clamp(-1, 1)))
    if angle < 1e-4 or angle > math.pi - 1e-4:
        return torch.lerp(start, end, place)
    return (math.sin((1 - place) * angle) * start + math.sin(place * angle) * end) / math.sin(angle)


def walk(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """`steps` codes (steps, D) along the great circle from one code (D,) to another, both ends included."""
    return torch.stack([great_circle(start, end, place) for place in torch.linspace(0, 1, steps).tolist()])
