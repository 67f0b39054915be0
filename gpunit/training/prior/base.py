"""What both recipes of a small prior share: the networks, their averages and optimisers, and the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from PIL import Image
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from torch import Tensor, nn

from gpunit import images
from gpunit.networks.code_encoder import CodeEncoder, CodeEncoderParams
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.projected_discriminator import (
    BatchDeviation,
    ProjectedDiscriminator,
    ProjectedDiscriminatorParams,
)
from gpunit.prior.loading import ENCODER_NAME, WEIGHTS_NAME, load_biggan
from gpunit.training import losses
from gpunit.training.prior.statistics import batch_statistics
from gpunit.training.processes import Processes
from gpunit.training.shares import ALONE, Shares
from gpunit.training.trainer import Trainer, adam, update_ema, young_decay
from gpunit.zoo.weights import fill, read_weights

# (doubles, input width, output width) of every block, the widths in multiples of the channel width.
_BLOCKS = (
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
)
_LAST_BLOCKS = {64: ((False, 2, 1),), 128: ((False, 2, 2), (True, 2, 1))}


class BigGANShape(Protocol):
    """What a recipe says of its BigGAN: side of the pictures, number of classes, length of a code, channel width."""

    @property
    def resolution(self) -> int: ...  # noqa: D102

    @property
    def classes(self) -> int: ...  # noqa: D102

    @property
    def latent_dim(self) -> int: ...  # noqa: D102

    @property
    def width(self) -> int: ...  # noqa: D102


def make_biggan(recipe: BigGANShape) -> BigGAN:
    """An untrained BigGAN of the recipe's shape, without attention.

    Raises:
        ValueError: if the resolution is neither 64 nor 128.
    """
    if recipe.resolution not in _LAST_BLOCKS:
        raise ValueError(f"a prior of {recipe.resolution} px cannot be made: choose 64 or 128.")
    config = BigGANConfig(
        output_dim=recipe.resolution,
        z_dim=recipe.latent_dim,
        class_embed_dim=recipe.latent_dim,
        channel_width=recipe.width,
        num_classes=recipe.classes,
        layers=[list(block) for block in (*_BLOCKS, *_LAST_BLOCKS[recipe.resolution])],
        attention_layer_position=-1,
    )
    model = BigGAN(config)
    # Embeddings as long as a latent code: beside one, shorter embeddings would have little effect.
    nn.init.normal_(model.embeddings.weight)
    # The library leaves the last norm's weight and bias uninitialised.
    nn.init.ones_(model.generator.bn.weight)
    nn.init.zeros_(model.generator.bn.bias)
    return model


class BigGANRecipe(BigGANShape, Protocol):
    """What a recipe says besides: shape of the encoder, learning rates, decay of the average."""

    @property
    def encoder(self) -> CodeEncoderParams: ...  # noqa: D102

    @property
    def learning_rate(self) -> float: ...  # noqa: D102

    @property
    def discriminator_learning_rate(self) -> float: ...  # noqa: D102

    @property
    def ema(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Rendered:
    """The pictures of a step and their codes.

    Order: reconstructions of real pictures; pictures of new codes; then as another class, the partners of some
    reconstructions and of all new codes.  Each process has its rows of the originals, then those of the partners.

    Attributes:
        mean, log_variance: of the real pictures' codes (N, D).
        codes: (B, D).
        labels: (B,).
        paired: (P,) the place of every partner's original in the whole batch.
        pictures: (B, 3, S, S) in [-1, 1].
    """

    mean: Tensor
    log_variance: Tensor
    codes: Tensor
    labels: Tensor
    paired: Tensor
    pictures: Tensor

    @property
    def originals(self) -> int:
        """Number of pictures before the partners."""
        return len(self.pictures) - len(self.paired)


def with_partners(
    codes: Tensor, labels: Tensor, paired: Tensor, offsets: Tensor, classes: int
) -> tuple[Tensor, Tensor]:
    """Codes (B, D) and labels (B,), then the `paired` (P,) ones again, their classes moved on by `offsets` (P,)."""
    return torch.cat([codes, codes[paired]]), torch.cat([labels, (labels[paired] + offsets) % classes])


def structure_losses(rendered: Rendered, features: Mapping[int, Tensor], shares: Shares) -> Tensor:
    """How far partners' self-similarities are from their originals', both ways.

    Args:
        rendered: the pictures.
        features: the backbone's of them, by stride.
        shares: which rows of a batch they are.
    """
    # A partner's original may be another process's.
    first = {stride: shares.gathered(features[stride])[rendered.paired] for stride in (8, 16)}
    second = {stride: features[stride][rendered.originals :] for stride in (8, 16)}
    return (losses.structure_distance(first, second) + losses.structure_distance(second, first)) / 2


class BigGANTrainer(Trainer):
    """BigGAN, encoder, discriminator, their optimisers and averages.

    Args:
        recipe: shapes, rates and decay.
        discriminator: shape of the projected discriminator.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device.
        fused: of `torch.optim.Adam` on a CPU.
    """

    stateful = ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator", "optimizer_g", "optimizer_d")
    results = ("ema_generator", "ema_encoder")

    def __init__(
        self,
        recipe: BigGANRecipe,
        discriminator: ProjectedDiscriminatorParams,
        seed: int = 0,
        processes: Processes | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(processes)
        torch.manual_seed(seed)
        self._classes, self._ema_decay = recipe.classes, recipe.ema
        self.generator, self.ema_generator = (make_biggan(recipe) for _ in range(2))
        self.encoder, self.ema_encoder = (CodeEncoder(recipe.encoder) for _ in range(2))
        self.ema_generator.load_state_dict(self.generator.state_dict())
        self.ema_encoder.load_state_dict(self.encoder.state_dict())
        self.ema_generator.requires_grad_(False).eval()
        self.ema_encoder.requires_grad_(False).eval()
        self.backbone = EfficientNetLite0()
        self.discriminator = ProjectedDiscriminator(discriminator)
        add_spectral_norm(self.discriminator)
        networks = (self.generator, self.ema_generator, self.encoder, self.ema_encoder)
        for network in (*networks, self.backbone, self.discriminator):
            network.to(self.device).to(memory_format=torch.channels_last)
        trained = [*self.generator.parameters(), *self.encoder.parameters()]
        judging = self.discriminator.parameters()
        self.optimizer_g, self.optimizer_d = (
            adam(parameters, self.device, fused, lr=rate, betas=(0.0, 0.99))
            for parameters, rate in ((trained, recipe.learning_rate), (judging, recipe.discriminator_learning_rate))
        )
        for module in self.discriminator.modules():
            if isinstance(module, BatchDeviation):
                module.moments = self.processes.moments

    def start_from(self, path: Path) -> None:
        """Take BigGAN and encoder from a finished prior's folder, before the first step.

        Raises:
            ModelError: if the folder cannot be used or its networks are of other shapes.
        """
        model, _, _ = load_biggan(path)
        encoder = read_weights(path / ENCODER_NAME)[0]
        for network in (self.generator, self.ema_generator):
            fill(network, model.state_dict(), path / WEIGHTS_NAME)
        for network in (self.encoder, self.ema_encoder):
            fill(network, encoder, path / ENCODER_NAME)

    def _generate(self, model: BigGAN, codes: Tensor, labels: Tensor) -> Tensor:
        """A generator's pictures (B, 3, S, S) in [-1, 1] of codes (B, D), normalised by this very batch."""
        return self._render_rows(model, codes, labels, ALONE)

    def _generate_share(self, codes: Tensor, labels: Tensor) -> Tensor:
        """The same of this process's rows of a batch and the trained generator."""
        return self._render_rows(self.generator, codes, labels, self.processes)

    def _render_rows(self, model: BigGAN, codes: Tensor, labels: Tensor, shares: Shares) -> Tensor:
        with batch_statistics(model, shares):
            pictures: Tensor = model(codes, F.one_hot(labels, self._classes).to(codes.dtype), 1.0)
        return pictures.float()

    def _finish(self) -> None:
        """Count the step and move the averages."""
        self.done += 1
        decay = young_decay(self._ema_decay, self.done)
        update_ema(self.ema_generator, self.generator, decay)
        update_ema(self.ema_encoder, self.encoder, decay)

    @torch.no_grad()
    def sheet(self, real: Tensor, codes: Tensor) -> Image.Image:
        """Left, new codes in every class; right, real pictures and their inferred codes in every class."""
        real, codes = real.to(self.device), codes.to(self.device)
        mean, _ = self.ema_encoder(real)
        every = torch.cat([codes, mean])
        size = real.shape[-1]
        blank = Image.new("RGB", (size, size), "white")
        first = [*[blank] * len(codes), *images.to_pictures(real)]
        rows = [
            [picture, *images.to_pictures(pictures)]
            for picture, pictures in zip(first, self.render_all_classes(every), strict=True)
        ]
        half = -(-len(rows) // 2)
        return images.sheet([[*a, *b] for a, b in zip(rows[:half], rows[half:], strict=True)], size)

    @torch.no_grad()
    def render_all_classes(self, codes: Tensor) -> Tensor:
        """The average's pictures (B, classes, 3, S, S) of codes (B, latent_dim), normalised by this very batch."""
        labels = torch.arange(self._classes, device=self.device).repeat(len(codes))
        pictures = self._generate(self.ema_generator, codes.repeat_interleave(self._classes, 0), labels)
        return pictures.unflatten(0, (len(codes), self._classes))
