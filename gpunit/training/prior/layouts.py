"""The second recipe of a small prior: the first three numbers of every latent code say where the object lies.

Real pictures are windows whose layout is known (`training.prior.windows`).  So E can be taught to read layouts, D to
compare a picture with the layout that it should have, and G has to put the objects of all classes of one code in the
same place:

    L_D = hinge on real windows against rendered pictures, and against windows with another's class or layout
    L_G = λ_adv L_adv + λ_rec (features(x, G(E(x), l)) + colours) + λ_kl KL(E(x), N(0, I))
        + λ_lat || E(G(z, l)) - z ||² + λ_lay || E(x)_layout - z_x ||² + λ_str | S(G(z, l)) - S(G(z, l')) |
        + λ_nam max(0, m - log-odds of l's ImageNet classes in G(z, l))

S is the self-similarity of a backbone's features.  The backbone sees the pictures enlarged to 128 px: at 64 px it
recognises little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.imagenet import DOMAINS
from gpunit.networks.code_encoder import CodeEncoderParams, sample_code
from gpunit.networks.layout import LAYOUT_DIM, Layout, layout_of
from gpunit.networks.projected_discriminator import Judgement, ProjectedDiscriminatorParams
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.prior.base import BigGANTrainer, Rendered, structure_losses, with_partners
from gpunit.training.prior.windows import Windows, WindowSet
from gpunit.training.processes import Processes
from gpunit.training.run import RunSettings, opened, run_steps
from gpunit.training.trainer import CPU, Parts, detached, frozen, set_rate, weighted_sum

_BACKBONE_SIDE = 128
_RAMP_STEPS, _SETTLED = 200, 0.1


@dataclass(frozen=True)
class LayoutWeights:
    """Weights of the losses.

    Attributes:
        adversarial, reconstruction, divergence, latent, layout, structure, naming: of the parts of L_G.
        colour: of the colours within the reconstruction.
        layout_in_latent: of each of the layout's numbers among those of the latent loss.
        mismatch: share of L_D's fakes that are real windows with another's class or layout.
    """

    adversarial: float = 0.8
    reconstruction: float = 5.0
    divergence: float = 0.01
    latent: float = 2.0
    layout: float = 1.0
    structure: float = 1.5
    naming: float = 0.1
    colour: float = 2.0
    layout_in_latent: float = 8.0
    mismatch: float = 0.25


@dataclass(frozen=True)
class LayoutRecipe:
    """Hyper-parameters of a prior whose codes begin with a layout.  Not in the paper.

    Attributes:
        names: of the classes; ImageNet's domains among them take part in the naming loss.
        resolution: side of the pictures.
        latent_dim: length of a latent code, and of a class embedding.
        width: BigGAN's channel width.
        encoder: shape of the encoder from a picture to a latent code.
        discriminator: shape of the projected discriminator.
        weights: weights of the losses.
        batch: real windows per step.
        reconstructed: how many of them are reconstructed from their codes.
        crossed: how many of those codes are also rendered as another class.
        sampled: new latent codes per step, each rendered as two classes.
        enough: log-odds at which the naming loss is 0.
        learning_rate: Adam's, with betas (0, 0.99), for G and the encoder; it rises over 200 steps and falls to a tenth
            over the last fifth of the run.
        discriminator_learning_rate: likewise for D.
        ema: decay of the exponential moving average of G and the encoder.
    """

    names: tuple[str, ...] = ("cat", "dog", "bird", "car", "face")
    resolution: int = 64
    latent_dim: int = 64
    width: int = 48
    encoder: CodeEncoderParams = field(default_factory=lambda: CodeEncoderParams(widths=(48, 96, 192, 256)))
    discriminator: ProjectedDiscriminatorParams = field(
        default_factory=lambda: ProjectedDiscriminatorParams(pixel_width=64, with_layout=True)
    )
    weights: LayoutWeights = field(default_factory=LayoutWeights)
    batch: int = 216
    reconstructed: int = 108
    crossed: int = 54
    sampled: int = 144
    enough: float = 1.0
    learning_rate: float = 8e-4
    discriminator_learning_rate: float = 3e-4
    ema: float = 0.999

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.names)


@dataclass(frozen=True)
class _Seen:
    """Augmented pictures as D sees them: the backbone's features by stride with the pixels at 1, and the layouts."""

    features: dict[int, Tensor]
    layout: Layout


class LayoutTrainer(BigGANTrainer):
    """BigGAN, encoder, discriminator, their optimisers and averages.

    Args:
        recipe: shapes and hyper-parameters.
        steps: of the whole run, which the learning rates follow.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device; in bf16 on a GPU.
    """

    def __init__(self, recipe: LayoutRecipe, steps: int, seed: int = 0, processes: Processes | None = None) -> None:
        discriminator = replace(recipe.discriminator, classes=recipe.classes)
        super().__init__(recipe, discriminator, seed, processes, fused=True)
        self.recipe, self.steps = recipe, steps
        self._members = torch.zeros(recipe.classes, 1000, dtype=torch.bool, device=self.device)
        for number, name in enumerate(recipe.names):
            if name in DOMAINS:
                self._members[number, list(DOMAINS[name].own)] = True

    def step(self, windows: Windows) -> Parts:
        """One update of D, one of G and E; returns the loss parts.

        Args:
            windows: this process's rows of `recipe.batch` real ones.
        """
        self._set_rates()
        real = windows.picture.to(self.device, memory_format=torch.channels_last)
        label, code = windows.label.to(self.device), windows.code.to(self.device)
        rendered = self._render(real, label, code)
        seen_real, seen = self._look(real, code, rendered)
        discriminator_loss = self._update_discriminator(seen_real, label, seen, rendered.labels)
        with frozen(self.discriminator):
            parts = self._losses(real, code, rendered, seen_real, seen)
            self.processes.minimise(weighted_sum(parts, self.recipe.weights), self.optimizer_g)
        self._finish()
        return detached({**parts, "discriminator": discriminator_loss})

    def _set_rates(self) -> None:
        progress = self.done / max(1, self.steps)
        share = min(1.0, (self.done + 1) / _RAMP_STEPS)
        if progress > 0.8:
            share *= _SETTLED ** ((min(progress, 1.0) - 0.8) / 0.2)
        set_rate(self.optimizer_g, share * self.recipe.learning_rate)
        set_rate(self.optimizer_d, share * self.recipe.discriminator_learning_rate)

    def autocast(self) -> torch.autocast:
        """By default bf16 on a GPU alone."""
        return self.processes.autocast(torch.bfloat16 if self.device.type == "cuda" else None)

    def _render(self, real: Tensor, label: Tensor, layout_code: Tensor) -> Rendered:
        recipe, device, shares = self.recipe, self.device, self.processes
        classes, kept = recipe.classes, recipe.reconstructed
        mine = slice(len(shares.rows(kept)))
        with self.autocast():
            mean, log_variance = self.encoder(real)
        own_mean, own_variance = mean[mine, LAYOUT_DIM:], log_variance[mine, LAYOUT_DIM:]
        own = sample_code(own_mean, own_variance, shares.noise_like(own_mean))
        new = torch.randn(recipe.sampled, recipe.latent_dim, device=device)
        codes = torch.cat([shares.gathered(torch.cat([layout_code[mine], own], dim=1)), new])
        labels = torch.cat([shares.gathered(label[mine]), torch.randint(classes, (recipe.sampled,), device=device)])
        others = torch.randint(1, classes, (recipe.crossed + recipe.sampled,), device=device)
        paired = torch.cat(
            [torch.arange(recipe.crossed, device=device), torch.arange(kept, kept + recipe.sampled, device=device)]
        )
        every = with_partners(codes, labels, paired, others, classes)
        codes, labels = (shares.share(each) for each in every)
        with self.autocast():
            pictures = self._generate_share(codes, labels)
        return Rendered(mean, log_variance, codes, labels, shares.share(paired), pictures)

    def _look(self, real: Tensor, layout_code: Tensor, rendered: Rendered) -> tuple[_Seen, _Seen]:
        """Real and rendered pictures, augmented alike where they are to stay comparable place by place."""
        shares, device, kept = self.processes, self.device, self.recipe.reconstructed
        count = shares.whole(len(real))
        originals = torch.cat(
            [torch.arange(kept, device=device), torch.arange(count, count + self.recipe.sampled, device=device)]
        )
        slots = torch.cat([shares.share(originals), originals[rendered.paired]])
        augment = ShiftAndTone(count + self.recipe.sampled, real.shape[-1] // 10, device)

        def see(picture: Tensor, chosen: Tensor, codes: Tensor) -> _Seen:
            shown = augment(picture, chosen)
            across, down = (shift / picture.shape[-1] for shift in augment.shifts(chosen))
            return _Seen(self._features(shown), layout_of(codes.detach()).moved(across, down))

        with torch.no_grad():
            seen_real = see(real, shares.share(torch.arange(count, device=device)), layout_code)
        return seen_real, see(rendered.pictures, slots, rendered.codes)

    def _features(self, picture: Tensor) -> dict[int, Tensor]:
        side = max(_BACKBONE_SIDE, picture.shape[-1])
        large = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        with self.autocast():
            return {1: picture, **self.backbone(large)}

    def _judge(self, seen: _Seen, label: Tensor, layout: Layout | None = None) -> Judgement:
        with self.autocast():
            judgement: Judgement = self.discriminator(seen.features, label, layout or seen.layout)
        return judgement

    def _update_discriminator(self, seen_real: _Seen, label: Tensor, seen: _Seen, labels: Tensor) -> Tensor:
        classes, share, shares = self.recipe.classes, self.recipe.weights.mismatch, self.processes
        count = shares.whole(len(label))
        otherwise = torch.rand(count, device=self.device) < 0.5  # another class; the rest, another's layout
        offset = torch.randint(1, classes, (count,), device=self.device)
        other = (label + shares.share(offset)) % classes
        layout = _shared(shares.gathered, seen_real.layout).replaced(~otherwise)
        held = _Seen({stride: feature.detach() for stride, feature in seen.features.items()}, seen.layout)
        real = self._judge(seen_real, label).logits
        fake = self._judge(held, labels).logits
        claimed = torch.where(shares.share(otherwise), other, label)
        mismatched = self._judge(seen_real, claimed, _shared(shares.share, layout)).logits
        loss = torch.stack(
            [
                F.relu(1 - r).mean() + (1 - share) * F.relu(1 + f).mean() + share * F.relu(1 + m).mean()
                for r, f, m in zip(real, fake, mismatched, strict=True)
            ]
        ).mean()
        self.processes.minimise(loss, self.optimizer_d)
        return loss

    def _losses(self, real: Tensor, layout_code: Tensor, rendered: Rendered, seen_real: _Seen, seen: _Seen) -> Parts:
        """The parts of L_G."""
        weights, kept = self.recipe.weights, len(self.processes.rows(self.recipe.reconstructed))
        judged = self._judge(seen, rendered.labels)
        with self.autocast():
            found, _ = self.encoder(rendered.pictures[kept:])
        strides = [stride for stride in seen.features if stride > 1]
        reconstructed = {stride: seen.features[stride][:kept] for stride in strides}
        wanted = {stride: seen_real.features[stride][:kept] for stride in strides}
        colours = F.l1_loss(F.avg_pool2d(rendered.pictures[:kept], 8), F.avg_pool2d(real[:kept], 8))
        mean, log_variance = rendered.mean, rendered.log_variance
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
        return {
            "adversarial": losses.hinge_generator_loss(judged.logits),
            "reconstruction": losses.feature_distance(reconstructed, wanted, self.processes) + weights.colour * colours,
            "divergence": divergence[:, LAYOUT_DIM:].sum(1).mean(),
            "latent": self._latent_distance(found, rendered.codes[kept:].detach()),
            "layout": F.mse_loss(mean[:, :LAYOUT_DIM], layout_code),
            "structure": structure_losses(rendered, seen.features, self.processes),
            "naming": self._naming_loss(seen.features[32], rendered.labels),
        }

    def _latent_distance(self, found: Tensor, codes: Tensor) -> Tensor:
        """Mean squared error of codes (B, D), in which the layout's numbers weigh more."""
        weight = torch.ones(codes.shape[1], device=self.device)
        weight[:LAYOUT_DIM] = self.recipe.weights.layout_in_latent
        return ((found - codes).square().mean(0) * weight).sum() / weight.sum()

    def _naming_loss(self, feature: Tensor, label: Tensor) -> Tensor:
        """What pictures (B,) lack to be put among the ImageNet classes of their domain; 0 for other classes."""
        members = self._members[label]
        named = members.any(dim=1)
        with self.autocast():
            logits = self.backbone.logits(feature).float()
        inside = logits.masked_fill(~members, -1e4).logsumexp(dim=1)
        outside = logits.masked_fill(members, -1e4).logsumexp(dim=1)
        missing = F.relu(self.recipe.enough - (inside - outside)) * named
        count = self.processes.count
        named_anywhere = self.processes.averaged(named.sum().float()) * count
        return missing.sum() * count / named_anywhere.clamp_min(1)


def _shared(change: Callable[[Tensor], Tensor], layout: Layout) -> Layout:
    return Layout(change(layout.across), change(layout.down), change(layout.size))


def train_layout_prior(
    folders: Sequence[Path], recipe: LayoutRecipe, settings: RunSettings, processes: Processes | None = None
) -> Path:
    """Train a BigGAN whose codes begin with a layout, on folders of pictures with boxes.

    Args:
        folders: one per class, in the order of the labels; see `WindowSet`.
        recipe: shapes and hyper-parameters.
        settings: of the run.
        processes: this process's place among those that share the run, and its device, where the decoded pictures lie.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without usable pictures, or a table of boxes that cannot be read.
        TrainingError: for a run that cannot be shared or resumed, or diverges.
    """
    processes = processes or Processes(device=CPU)
    processes.require_equal_shares(
        real_windows=recipe.batch,
        reconstructions=recipe.reconstructed,
        new_codes=recipe.sampled,
        partners=recipe.crossed + recipe.sampled,
    )
    windows = WindowSet(folders, recipe.resolution, processes.device)
    trainer = LayoutTrainer(recipe, settings.steps, settings.seed, processes)
    with opened(trainer, settings, {"stage": "prior", "classes": list(recipe.names)}):
        shown = windows.sample(8, settings.seed, 0, "sheet").picture
        generator = torch.Generator().manual_seed(settings.seed)
        codes = 0.7 * torch.randn(8, recipe.latent_dim, generator=generator)
        run_steps(
            trainer,
            lambda step: windows.sample(recipe.batch, settings.seed, step, rows=processes.rows(recipe.batch)),
            trainer.step,
            settings,
            lambda: trainer.sheet(shown, codes),
        )
    return settings.checkpoint
