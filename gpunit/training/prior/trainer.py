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
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.code_encoder import sample_code
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.data import PictureSet
from gpunit.training.mixing import sample_mixed
from gpunit.training.prior.base import BigGANTrainer, Rendered, structure_losses, with_partners
from gpunit.training.processes import Processes
from gpunit.training.recipes import PriorRecipe
from gpunit.training.run import RunSettings, opened, run_steps
from gpunit.training.trainer import CPU, Parts, detached, frozen, weighted_sum


class PriorTrainer(BigGANTrainer):
    """BigGAN, encoder, discriminator, their optimisers and averages.

    Args:
        recipe: shapes and hyper-parameters.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device.
    """

    def __init__(self, recipe: PriorRecipe, seed: int = 0, processes: Processes | None = None) -> None:
        super().__init__(recipe, recipe.discriminator, seed, processes)
        self.recipe = recipe

    def step(self, real: Tensor, label: Tensor) -> Parts:
        """One update of D, one of G and E; returns the loss parts.

        Args:
            real: this process's rows of the pictures (B, 3, S, S) in [-1, 1].
            label: (B,) their classes.
        """
        real, label = real.to(self.device), label.to(self.device)
        rendered = self._render(real, label)
        real_features, features = self._look(real, rendered)
        discriminator_loss = self._update_discriminator(real_features, label, features, rendered.labels)
        with frozen(self.discriminator):
            parts = self._losses(real, rendered, real_features, features)
            self.processes.minimise(weighted_sum(parts, self.recipe.weights), self.optimizer_g)
        self._finish()
        return detached({**parts, "discriminator": discriminator_loss})

    def _render(self, real: Tensor, label: Tensor) -> Rendered:
        recipe, shares, device = self.recipe, self.processes, self.device
        count = shares.whole(len(real))
        new = torch.randn(recipe.sampled, recipe.latent_dim, device=device)
        new_label = torch.randint(recipe.classes, (recipe.sampled,), device=device)
        others = torch.randint(1, recipe.classes, (recipe.crossed + recipe.sampled,), device=device)
        crossed = torch.randperm(count, device=device)[: recipe.crossed]
        paired = torch.cat([crossed, torch.arange(count, count + recipe.sampled, device=device)])
        with self.autocast():
            mean, log_variance = self.encoder(real)
            inferred = sample_code(mean, log_variance, shares.noise_like(mean))
            codes = torch.cat([shares.gathered(inferred), new])
            labels = torch.cat([shares.gathered(label), new_label])
            every = with_partners(codes, labels, paired, others, recipe.classes)
            codes, labels = (shares.share(each) for each in every)
            pictures = self._generate_share(codes, labels)
        return Rendered(mean, log_variance, codes, labels, shares.share(paired), pictures)

    def _look(self, real: Tensor, rendered: Rendered) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """The backbone's features of the real and of the rendered pictures, augmented.

        A real picture, its reconstruction and its partner in another class stay comparable place by place.
        """
        count = self.processes.whole(rendered.originals)
        augment = ShiftAndTone(count, real.shape[-1] // 10, self.device)
        slots = torch.cat([self.processes.share(torch.arange(count, device=self.device)), rendered.paired])
        with torch.no_grad():
            real_features = self.backbone(augment(real, slots[: len(real)]))
        return real_features, self.backbone(augment(rendered.pictures, slots))

    def _update_discriminator(
        self, real_features: dict[int, Tensor], label: Tensor, features: dict[int, Tensor], labels: Tensor
    ) -> Tensor:
        with self.autocast():
            held = {stride: feature.detach() for stride, feature in features.items()}
            judged_real = self.discriminator(real_features, label)
            judged = self.discriminator(held, labels)
            loss = losses.hinge_discriminator_loss(judged_real.logits, judged.logits)
        self.processes.minimise(loss, self.optimizer_d)
        return loss

    def _losses(
        self, real: Tensor, rendered: Rendered, real_features: dict[int, Tensor], features: dict[int, Tensor]
    ) -> Parts:
        """The parts of L_G."""
        count = len(real)
        with self.autocast():
            judged = self.discriminator(features, rendered.labels)
            found, _ = self.encoder(rendered.pictures[count:])
        reconstructed = {stride: feature[:count] for stride, feature in features.items()}
        colours = F.l1_loss(F.avg_pool2d(rendered.pictures[:count], 8), F.avg_pool2d(real, 8))
        mean, log_variance = rendered.mean, rendered.log_variance
        return {
            "adversarial": losses.hinge_generator_loss(judged.logits),
            "reconstruction": losses.feature_distance(reconstructed, real_features, self.processes)
            + self.recipe.weights.colour * colours,
            "divergence": 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean(),
            "latent": F.mse_loss(found, rendered.codes[count:].detach()),
            "structure": structure_losses(rendered, features, self.processes),
        }


def train_prior(
    folders: Sequence[Path], recipe: PriorRecipe, settings: RunSettings, processes: Processes | None = None
) -> Path:
    """Train a BigGAN on folders of pictures, one class each.

    Args:
        folders: one folder of pictures per class, in the order of the labels.
        recipe: shapes and hyper-parameters.
        settings: of the run; `start_from` is a finished prior's folder.
        processes: this process's place among those that share the run, and its device.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures.
        ModelError: for a `start_from` that cannot be used.
        TrainingError: for a run that cannot be shared or resumed, or diverges.
    """
    processes = processes or Processes(device=CPU)
    processes.require_equal_shares(
        real_pictures=recipe.batch, new_codes=recipe.sampled, partners=recipe.crossed + recipe.sampled
    )
    sets = [PictureSet(folder, recipe.resolution, label=i) for i, folder in enumerate(folders)]
    for each in sets:
        each.keep_on(processes.device)
    trainer = PriorTrainer(recipe, settings.seed, processes)
    with opened(trainer, settings, {"stage": "prior", "classes": [folder.name for folder in folders]}):

        def sample(step: int) -> tuple[Tensor, Tensor]:
            rows = processes.rows(recipe.batch)
            real, label = sample_mixed(sets, recipe.batch, settings.seed, step, "", recipe.turned_every, rows)
            return real.contiguous(memory_format=torch.channels_last), label

        shown, _ = sample_mixed(sets, 2 * len(sets), settings.seed, 0, "sheet")
        generator = torch.Generator().manual_seed(settings.seed)
        codes = torch.randn(2 * len(sets), recipe.latent_dim, generator=generator)
        run_steps(trainer, sample, lambda batch: trainer.step(*batch), settings, lambda: trainer.sheet(shown, codes))
    return settings.checkpoint
