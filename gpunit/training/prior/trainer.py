"""The small family's prior: a class-conditional BigGAN of pytorch-pretrained-biggan's own architecture, from nothing.

A projected discriminator alone soon makes good pictures that are all alike.  So every step also reconstructs real
pictures x of class l from the code that an encoder E infers, renders some of those codes as another class, and asks
E to recover the other codes:

    L_G = L_adv + λ_rec (features(x, G(E(x), l)) + colours) + λ_kl KL(E(x), N(0, I))
        + λ_lat || E(G(z, l)) - z ||² + λ_str | S(G(z, l)) - S(G(z, l')) |

S is the self-similarity of a backbone's features: two classes rendered from one code should share their layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from PIL import Image
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from torch import Tensor, nn

from gpunit import images
from gpunit.networks.code_encoder import CodeEncoder, sample_code
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.projected_discriminator import ProjectedDiscriminator
from gpunit.prior.loading import ENCODER_NAME, WEIGHTS_NAME, load_biggan
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.data import PictureSet, sample_mixed
from gpunit.training.prior.statistics import batch_statistics
from gpunit.training.recipes import PriorRecipe
from gpunit.training.run import RunSettings, begin, run_steps
from gpunit.training.trainer import (
    CPU,
    Parts,
    Trainer,
    detached,
    frozen,
    minimise,
    mixed_precision,
    update_ema,
    weighted_sum,
    young_decay,
)
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
_LAYOUT = {"memory_format": torch.channels_last}


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


@dataclass(frozen=True)
class _Rendered:
    """The pictures of a step and their codes.

    Order: reconstructions of the real pictures; pictures of new codes; then as another class, the partners of some
    reconstructions and of all new codes.

    Attributes:
        mean, log_variance: of the real pictures' codes (N, D).
        codes: (B, D).
        labels: (B,).
        paired: (P,) the place of every partner's original.
        pictures: (B, 3, S, S) in [-1, 1].
    """

    mean: Tensor
    log_variance: Tensor
    codes: Tensor
    labels: Tensor
    paired: Tensor
    pictures: Tensor


class PriorTrainer(Trainer):
    """BigGAN, encoder, discriminator, their optimisers and averages.

    Args:
        recipe: shapes and hyper-parameters.
        seed: of the initial weights.
        device: where to compute.
    """

    stateful = ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator", "optimizer_g", "optimizer_d")

    def __init__(self, recipe: PriorRecipe, seed: int = 0, device: torch.device = CPU) -> None:
        super().__init__(device)
        torch.manual_seed(seed)
        self.recipe = recipe
        self.generator, self.ema_generator = (make_biggan(recipe) for _ in range(2))
        self.encoder, self.ema_encoder = (CodeEncoder(recipe.encoder) for _ in range(2))
        self.ema_generator.load_state_dict(self.generator.state_dict())
        self.ema_encoder.load_state_dict(self.encoder.state_dict())
        self.ema_generator.requires_grad_(False).eval()
        self.ema_encoder.requires_grad_(False).eval()
        self.backbone = EfficientNetLite0()
        self.discriminator = ProjectedDiscriminator(recipe.discriminator)
        add_spectral_norm(self.discriminator)
        networks = (self.generator, self.ema_generator, self.encoder, self.ema_encoder)
        for network in (*networks, self.backbone, self.discriminator):
            network.to(device).to(**_LAYOUT)
        trained = [*self.generator.parameters(), *self.encoder.parameters()]
        self.optimizer_g = torch.optim.Adam(trained, lr=recipe.learning_rate, betas=(0.0, 0.99))
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), lr=recipe.discriminator_learning_rate, betas=(0.0, 0.99)
        )

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

    def step(self, real: Tensor, label: Tensor) -> Parts:
        """One update of D, one of G and E; returns the loss parts.

        Args:
            real: pictures (B, 3, S, S) in [-1, 1].
            label: (B,) their classes.
        """
        real, label = real.to(self.device), label.to(self.device)
        rendered = self._render(real, label)
        real_features, features = self._look(real, rendered)
        discriminator_loss = self._update_discriminator(real_features, label, features, rendered.labels)
        with frozen(self.discriminator):
            parts = self._losses(real, rendered, real_features, features)
            minimise(weighted_sum(parts, self.recipe.weights), self.optimizer_g)
        self.done += 1
        decay = young_decay(self.recipe.ema, self.done)
        update_ema(self.ema_generator, self.generator, decay)
        update_ema(self.ema_encoder, self.encoder, decay)
        return detached({**parts, "discriminator": discriminator_loss})

    def _render(self, real: Tensor, label: Tensor) -> _Rendered:
        recipe, count, device = self.recipe, len(real), self.device
        new = torch.randn(recipe.sampled, recipe.latent_dim, device=device)
        new_label = torch.randint(recipe.classes, (recipe.sampled,), device=device)
        others = torch.randint(1, recipe.classes, (recipe.crossed + recipe.sampled,), device=device)
        crossed = torch.randperm(count, device=device)[: recipe.crossed]
        paired = torch.cat([crossed, torch.arange(count, count + recipe.sampled, device=device)])
        with mixed_precision(device):
            mean, log_variance = self.encoder(real)
            codes = torch.cat([sample_code(mean, log_variance), new])
            labels = torch.cat([label, new_label])
            codes = torch.cat([codes, codes[paired]])
            labels = torch.cat([labels, (labels[paired] + others) % recipe.classes])
            with batch_statistics(self.generator):
                one_hot = F.one_hot(labels, recipe.classes).to(codes.dtype)
                pictures = self.generator(codes, one_hot, 1.0).float()
        return _Rendered(mean, log_variance, codes, labels, paired, pictures)

    def _look(self, real: Tensor, rendered: _Rendered) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """The backbone's features of the real and of the rendered pictures, augmented.

        A real picture, its reconstruction and its partner in another class stay comparable place by place.
        """
        originals = len(rendered.pictures) - len(rendered.paired)
        augment = ShiftAndTone(originals, real.shape[-1] // 10, self.device)
        slots = torch.cat([torch.arange(originals, device=self.device), rendered.paired])
        with torch.no_grad():
            real_features = self.backbone(augment(real, slots[: len(real)]))
        return real_features, self.backbone(augment(rendered.pictures, slots))

    def _update_discriminator(
        self, real_features: dict[int, Tensor], label: Tensor, features: dict[int, Tensor], labels: Tensor
    ) -> Tensor:
        with mixed_precision(self.device):
            held = {stride: feature.detach() for stride, feature in features.items()}
            judged_real = self.discriminator(real_features, label)
            judged = self.discriminator(held, labels)
            loss = losses.hinge_discriminator_loss(judged_real.logits, judged.logits)
        minimise(loss, self.optimizer_d)
        return loss

    def _losses(
        self, real: Tensor, rendered: _Rendered, real_features: dict[int, Tensor], features: dict[int, Tensor]
    ) -> Parts:
        """The parts of L_G."""
        count = len(real)
        originals = len(rendered.pictures) - len(rendered.paired)
        with mixed_precision(self.device):
            judged = self.discriminator(features, rendered.labels)
            found, _ = self.encoder(rendered.pictures[count:])
        first = {stride: features[stride][rendered.paired] for stride in (8, 16)}
        second = {stride: features[stride][originals:] for stride in (8, 16)}
        reconstructed = {stride: feature[:count] for stride, feature in features.items()}
        colours = F.l1_loss(F.avg_pool2d(rendered.pictures[:count], 8), F.avg_pool2d(real, 8))
        mean, log_variance = rendered.mean, rendered.log_variance
        return {
            "adversarial": losses.hinge_generator_loss(judged.logits),
            "reconstruction": losses.feature_distance(reconstructed, real_features)
            + self.recipe.weights.colour * colours,
            "divergence": 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean(),
            "latent": F.mse_loss(found, rendered.codes[count:].detach()),
            "structure": (losses.structure_distance(first, second) + losses.structure_distance(second, first)) / 2,
        }

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
        classes = self.recipe.classes
        label = torch.eye(classes, device=self.device).repeat(len(codes), 1)
        with batch_statistics(self.ema_generator):
            pictures = self.ema_generator(codes.repeat_interleave(classes, 0), label, 1.0)
        return pictures.unflatten(0, (len(codes), classes))


def train_prior(
    folders: Sequence[Path], recipe: PriorRecipe, settings: RunSettings, device: torch.device = CPU
) -> Path:
    """Train a BigGAN on folders of pictures, one class each.

    Args:
        folders: one folder of pictures per class, in the order of the labels.
        recipe: shapes and hyper-parameters.
        settings: of the run; `start_from` is a finished prior's folder.
        device: where to compute.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures.
        ModelError: for a `start_from` that cannot be used.
        TrainingError: for a run that cannot be resumed or diverges.
    """
    sets = [PictureSet(folder, recipe.resolution, label=i) for i, folder in enumerate(folders)]
    trainer = PriorTrainer(recipe, settings.seed, device)
    begin(trainer, settings)

    def sample(step: int) -> tuple[Tensor, Tensor]:
        real, label = sample_mixed(sets, recipe.batch, settings.seed, step, turned_every=recipe.turned_every)
        return real.contiguous(memory_format=torch.channels_last), label

    shown, _ = sample_mixed(sets, 2 * len(sets), settings.seed, 0, "sheet")
    generator = torch.Generator().manual_seed(settings.seed)
    shown_codes = torch.randn(2 * len(sets), recipe.latent_dim, generator=generator)
    run_steps(trainer, sample, lambda batch: trainer.step(*batch), settings, lambda: trainer.sheet(shown, shown_codes))
    return settings.checkpoint
