"""Stage II with the paper's own discriminator and losses (section 4), for the recipes of the published tasks.

    L_adv = E[log D(y)] + E[log(1 - D(ŷ))]       non-saturating; R1 = 0.5·E[|∇D(y)|²] beside it, lazily
    L_con = || E_c(ŷ) - E_c(x) ||_1
    L_sty = || f_D(ŷ) - f_D(y) ||_1              f_D: channel means of a middle layer of D
    L_msk = Σ_l mean(m^l)
    L_rec = || y - ȳ ||_1 + perceptual           ȳ with or without skips, as the task asks
    L_id  = 1 - cos(f(ŷ), f(y))                  where the target is a face

A step may be shared by several processes (see `training.processes`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.discriminator import Discriminator
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.frozen.arcface import IdentityNet
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.frozen.vgg import VGG19
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.checkpoints import TrainingError
from gpunit.training.data import NO_LIMITS, Limits, PictureSet
from gpunit.training.processes import Processes
from gpunit.training.recipes import PaperRecipe
from gpunit.training.run import RunSettings
from gpunit.training.stage2.trainer import LAYOUT, StageTwoData, StageTwoTrainer, train_stage_two
from gpunit.training.trainer import Parts, adam, detached, frozen, weighted_sum

PERCEPTUAL_NETS: dict[str, Callable[[], VGG19 | EfficientNetLite0]] = {
    "vgg19": VGG19,
    "efficientnet-lite0": EfficientNetLite0,
}


class PaperTrainer(StageTwoTrainer):
    """Stage II as published.

    Args:
        recipe: shapes and hyper-parameters.
        content_encoder: the frozen E_c of stage I.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device.
        identity_net: f of the identity loss.

    Raises:
        TrainingError: if the recipe has an identity loss and no net is given, or an unknown perceptual net.
    """

    def __init__(
        self,
        recipe: PaperRecipe,
        content_encoder: ContentEncoder,
        seed: int = 0,
        processes: Processes | None = None,
        identity_net: IdentityNet | None = None,
    ) -> None:
        if recipe.weights.identity and identity_net is None:
            raise TrainingError(
                "the recipe has an identity loss: give ArcFace's weights as identity_net, or set its weight to 0."
            )
        if recipe.perceptual_net not in PERCEPTUAL_NETS:
            raise TrainingError(
                f"there is no perceptual net {recipe.perceptual_net!r}; choose from {', '.join(PERCEPTUAL_NETS)}."
            )
        super().__init__(recipe, content_encoder, seed, processes)
        self.recipe = recipe
        self.discriminator = add_spectral_norm(Discriminator(recipe.discriminator))
        self.perceptual_net = PERCEPTUAL_NETS[recipe.perceptual_net]()
        self.identity_net = identity_net
        for network in (self.discriminator, self.perceptual_net, *([identity_net] if identity_net else [])):
            network.to(self.device).to(**LAYOUT)
        rate, decay = recipe.learning_rate, recipe.weight_decay
        self.optimizer_g, self.optimizer_d = (
            adam(module.parameters(), self.device, lr=rate, betas=(0.0, 0.99), weight_decay=decay)
            for module in (self.model, self.discriminator)
        )

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the frozen networks that the losses look through."""
        return (self.recipe.perceptual_net,)

    def autocast(self) -> torch.autocast:
        """The format that was asked for, else fp32 as published."""
        return self.processes.autocast()

    def prepare(self, target: Tensor) -> None:
        """Standardise the untrained style encoder if the recipe asks for it."""
        if self.recipe.standardise:
            super().prepare(target)

    def step(self, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """One update of D and one of G; returns the loss parts.

        Args:
            source, target: (B, 3, S, S) in [-1, 1], this process's rows of the batch.
            label: not used, as D does not tell domains apart.
        """
        recipe, generator = self.recipe, self.model.generator
        mirrored = recipe.mirror_style and bool(torch.rand(()) < 0.5)
        source, target = source.to(self.device), target.to(self.device)
        with self.autocast():
            with torch.no_grad():
                content, own_content = self.content_encoder(source), self.content_encoder(target)
            style = self.model.style_encoder(target.flip(3) if mirrored else target)
            translated, gates = generator(content, style, recipe.use_skips)
            with_skips = recipe.use_skips and recipe.reconstruct_with_skips
            reconstructed, _ = generator(own_content, style, with_skips)
        translated, reconstructed = translated.float(), reconstructed.float()

        judged = self._update_discriminator(target, translated.detach())
        with frozen(self.discriminator):
            parts = self._generator_losses(target, content, gates, translated, reconstructed)
            self.processes.minimise(weighted_sum(parts, recipe.weights), self.optimizer_g)
        self._finish()
        return detached({**parts, "discriminator": judged})

    def _update_discriminator(self, target: Tensor, translated: Tensor) -> Tensor:
        """One update of D; returns L_adv without the penalty."""
        recipe = self.recipe
        target, translated = self._augmented(target), self._augmented(translated)
        with self.autocast():
            real, _ = self.discriminator(target)
            fake, _ = self.discriminator(translated)
        adversarial = loss = losses.logistic_discriminator_loss(real.float(), fake.float())
        if recipe.weights.penalty > 0 and self.done % recipe.penalty_every == 0:
            # In fp32: squared gradients need its range.
            seen = target.detach().requires_grad_(True)
            penalty = losses.gradient_penalty(self.discriminator(seen)[0], seen)
            loss = loss + recipe.weights.penalty * recipe.penalty_every * penalty
        self.processes.minimise(loss, self.optimizer_d)
        return adversarial

    def _generator_losses(
        self,
        target: Tensor,
        content: ContentFeatures,
        gates: dict[int, SkipGate],
        translated: Tensor,
        reconstructed: Tensor,
    ) -> Parts:
        """The parts of G's loss."""
        weights = self.recipe.weights
        augment = self._augmentation(target)  # the same for both: their f_D are compared
        with self.autocast():
            fake, fake_style = self.discriminator(augment(translated))
            with torch.no_grad():
                _, real_style = self.discriminator(augment(target))
                wanted = self.perceptual_net.perceptual(target)
            kept = self.content_encoder(translated).content
            features = self.perceptual_net.perceptual(reconstructed)
        parts = {
            "adversarial": losses.logistic_generator_loss(fake.float()),
            "content": losses.content_distance(kept.float(), content.content.float()),
            "style": F.l1_loss(fake_style.float(), real_style.float()),
            **({"mask": losses.mask_sparsity([gate.mask for gate in gates.values()])} if gates else {}),
            "reconstruction": F.l1_loss(reconstructed, target)
            + weights.perceptual * losses.perceptual_distance(features, wanted),
        }
        if weights.identity and self.identity_net is not None:
            with torch.no_grad():
                own = self.identity_net(target)
            parts["identity"] = losses.identity_distance(self.identity_net(translated), own)
        return parts

    def _augmentation(self, pictures: Tensor) -> Callable[[Tensor], Tensor]:
        """A random change of each picture of a batch (B, 3, S, S); none in a recipe without augmentation."""
        if not self.recipe.augmentation:
            return lambda same: same
        count, shift = self.processes.whole(len(pictures)), round(self.recipe.augmentation * pictures.shape[-1])
        augment = ShiftAndTone(count, shift, self.device)
        slots = torch.arange(count, device=self.device)
        return lambda pictures: augment(pictures, self.processes.share(slots))

    def _augmented(self, pictures: Tensor) -> Tensor:
        return self._augmentation(pictures)(pictures)


def train(
    sources: Sequence[Path],
    targets: Sequence[Path],
    content_encoder: ContentEncoder,
    recipe: PaperRecipe,
    settings: RunSettings,
    limits: Limits = NO_LIMITS,
    identity_net: IdentityNet | None = None,
    processes: Processes | None = None,
) -> Path:
    """Train a translator as published.

    Args:
        sources: one folder of pictures per source domain; each is sampled equally often.
        targets: likewise; D takes them for one domain.
        content_encoder: the frozen E_c, its spectral norm folded.
        recipe: shapes and hyper-parameters.
        settings: of the run; `start_from` is another run's folder or a translator's file.
        limits: how many pictures of a folder are used.
        identity_net: f of the identity loss.
        processes: this process's place among those that share the run.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures.
        ModelError: for a translator's file that cannot be used.
        TrainingError: for a recipe that lacks what it needs, a batch that the processes cannot share equally, or a run
            that cannot start or diverges.
    """
    processes = processes or Processes()
    processes.require_equal_shares(pictures=recipe.batch)
    size = recipe.translator.resolution
    source_sets, target_sets = (
        [PictureSet(folder, size, limits.of(folder), label=i, enlarged=True) for i, folder in enumerate(folders)]
        for folders in (sources, targets)
    )
    for each in (*source_sets, *target_sets):
        each.keep_on(processes.device)
    data = StageTwoData(source_sets, target_sets, recipe.batch, turned_every=0, seed=settings.seed)
    trainer = PaperTrainer(recipe, content_encoder, settings.seed, processes, identity_net)
    return train_stage_two(trainer, data, settings)
