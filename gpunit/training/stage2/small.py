"""Stage II: translate, adversarially, on top of a frozen content encoder (section 4).

    min_G max_D  L_adv + λ1 L_con + λ2 L_sty + λ3 L_msk + λ4 L_rec

with ŷ = G(E_c(x), E_s(y)) and ȳ = G(E_c(y), E_s(y)).  What every run of stage II shares is here, and the small
family's: its discriminator is the projected one, so L_adv is the hinge loss on features of frozen nets, the first of
which serves as the perceptual term of L_rec too.  The paper's discriminator and losses are in `training.paper`.

Several target domains can be trained at once: a style code says which one it is of, D judges pictures as members
of their target's domain, and a run on one of them can go on from there.  The first steps are drawn at half the
resolution, at the generator's head of that size; after them the last level alone is trained, at the full one.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gpunit import files, images
from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.dynamic_skip import DynamicSkip
from gpunit.networks.families import TranslatorParams
from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.networks.generator import Generator
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.projected_discriminator import DiscriminatorEnsemble
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.seeds import seed_step, step_generator
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.data import PictureSet, ahead, draw_mixed, random_turns, turn
from gpunit.training.recipes import AdversarialRecipe, PaperRecipe
from gpunit.training.state import (
    StatsLog,
    TrainingError,
    load_checkpoint,
    mixed_precision,
    resume,
    save_checkpoint,
    update_ema,
)
from gpunit.zoo.weights import fill, read_weights

# Steps after the coarse ones in which G's last level learns to draw what the level before does, at a rate that falls
# from so many times its own; in the last of them D learns to judge the larger pictures, for its first verdicts would
# mislead G.
_GROWTH_STEPS, _GROWTH_RATE, _JUDGED_STEPS = 600, 4, 50

# What a run's rates fall to where they settle, as a share.
_SETTLED = 0.2

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Limits:
    """How many pictures of a folder are used, the first by name.

    Attributes:
        everywhere: of every folder that is not named; None takes all.
        by_name: of the folders of these names.
    """

    everywhere: int | None = None
    by_name: Mapping[str, int] = field(default_factory=dict)

    def of(self, folder: Path) -> int | None:
        """The limit of one folder."""
        return self.by_name.get(folder.name, self.everywhere)


NO_LIMITS = Limits()


class StyledGenerator(nn.Module):
    """G and the style encoder that is trained with it."""

    def __init__(self, params: TranslatorParams) -> None:
        super().__init__()
        self.generator = Generator(params.generator)
        self.style_encoder = StyleEncoder(params.style_encoder)


def first(content: ContentFeatures, count: int) -> ContentFeatures:
    """The content of the first `count` pictures of a batch."""
    return ContentFeatures(content.content[:count], {size: f[:count] for size, f in content.features.items()})


class StageTwoTrainer(ABC):
    """What a run of stage II holds whatever its discriminator: networks, optimisers, the EMA copy, and one `step`.

    Subclasses set `discriminator`, `optimizer_g` and `optimizer_d`.

    Args:
        recipe: shapes and weights.
        content_encoder: the frozen E_c of stage I.
        seed: initial weights follow from it.
    """

    discriminator: nn.Module
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer

    def __init__(self, recipe: AdversarialRecipe | PaperRecipe, content_encoder: ContentEncoder, seed: int) -> None:
        torch.manual_seed(seed)
        layout = {"memory_format": torch.channels_last}
        self.content_encoder = content_encoder.to(**layout).eval().requires_grad_(False)
        self.model = StyledGenerator(recipe.translator).to(**layout)
        self._use_skips, self._ema_decay = recipe.use_skips, recipe.ema
        self._resolution = recipe.translator.resolution
        self._close_unused_skips(self.model)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        self.done = 0
        # Whether the average holds good weights from the first step on; else it forgets its random ones the faster.
        self._is_averaged = False

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.ema.parameters()).device

    def scale_at(self, step: int) -> int:
        """By how much pictures are drawn smaller, and a batch larger, at a step."""
        return 1

    @property
    def sheet_size(self) -> int:
        """The resolution at which sheets are drawn at this step."""
        return self._resolution

    @property
    def is_main(self) -> bool:
        """Whether this process writes what the run leaves behind."""
        return True

    @abstractmethod
    def step(self, source: Tensor, target: Tensor, label: Tensor) -> dict[str, Tensor]:
        """One update of D and one of G on a whole batch; returns the loss parts."""

    def start_from(self, path: Path) -> None:
        """Go on from what was learned elsewhere, before the first step.

        Args:
            path: the folder of another run, of which everything but the count of steps is taken, or the file of a
                finished translator, which has generator and style encoder only.

        Raises:
            ModelError: if the file is missing, damaged, or of another shape.
            TrainingError: if the folder is not that of a run of this recipe's shape.
        """
        self._is_averaged = True
        if path.is_dir():
            try:
                self._load_networks(self._adapted(load_checkpoint(path / "checkpoint.pt")))
            except (OSError, KeyError, RuntimeError, ValueError):
                raise TrainingError(f"{path} is not the folder of a run that this one can go on from.") from None
        else:
            tensors, _ = read_weights(path)
            parts = ("generator.", "style_encoder.")
            fill(self.model, {name: t for name, t in tensors.items() if name.startswith(parts)}, path)
            self.ema.load_state_dict(self.model.state_dict())
        for model in (self.model, self.ema):
            self._close_unused_skips(model)

    def prepare(self, target: Tensor) -> None:
        """Standardise the fresh style encoder on target pictures; once, before the first step.  Not in the paper."""
        self.model.style_encoder.standardise(target.to(self.device))
        self.ema.load_state_dict(self.model.state_dict())

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        networks = {name: getattr(self, name).state_dict() for name in self._stateful}
        return {**networks, "step": self.done, "is_averaged": self._is_averaged}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._load_networks(state)
        self.done = int(state["step"])
        self._is_averaged = bool(state.get("is_averaged", False))

    def _adapted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Another run's state, with what that run did not have."""
        return state

    def _load_networks(self, state: dict[str, Any]) -> None:
        for name in self._stateful:
            getattr(self, name).load_state_dict(state[name])

    _stateful = ("model", "ema", "discriminator", "optimizer_g", "optimizer_d")

    def _close_unused_skips(self, model: StyledGenerator) -> None:
        """Without skips, leave masks behind that are nought everywhere: whoever draws with them draws without."""
        if not self._use_skips:
            for skip in model.generator.skips.values():
                for parameter in cast(DynamicSkip, skip).to_mask.parameters():
                    nn.init.zeros_(parameter)

    def _finish(self) -> None:
        """Count the step and move the average along."""
        self.done += 1
        young = 1.0 if self._is_averaged else (1 + self.done) / (10 + self.done)
        update_ema(self.ema, self.model, min(self._ema_decay, young))

    @torch.no_grad()
    def sheet(self, source: Tensor, target: Tensor) -> Image.Image:
        """Sources down the side, exemplars along the top, the EMA's translations between; last column without skips."""
        source, target = source.to(self.device), target.to(self.device)
        content = self.content_encoder(source)
        gates = self.ema.generator.plan_skips(content) if self._use_skips else {}
        styles = self.ema.style_encoder(target)
        size = self.sheet_size
        columns = [images.to_pictures(source)]
        for style in styles:
            repeated = style.expand(len(source), -1)
            columns.append(images.to_pictures(self.ema.generator.render(content.content, gates, repeated, size=size)))
        bare = self.ema.generator.render(content.content, {}, styles[-1].expand(len(source), -1), size=size)
        columns.append(images.to_pictures(bare))
        blank = Image.new("RGB", (source.shape[-1],) * 2, "white")
        rows = [[blank, *images.to_pictures(target), blank]]
        rows += [list(row) for row in zip(*columns, strict=True)]
        return images.sheet(rows, source.shape[-1])


class AdversarialTrainer(StageTwoTrainer):
    """Stage II of the small family, against the projected discriminator.

    Args:
        recipe: shapes and weights.
        content_encoder: the frozen E_c of stage I.
        seed: initial weights follow from it.
        device: where to compute.
        steps: of the whole run, for a recipe whose rates settle.
    """

    discriminator: DiscriminatorEnsemble

    def __init__(
        self,
        recipe: AdversarialRecipe,
        content_encoder: ContentEncoder,
        seed: int = 0,
        device: torch.device = _CPU,
        steps: int = 0,
    ) -> None:
        super().__init__(recipe, content_encoder, seed)
        self.recipe = recipe
        self._steps = steps
        layout = {"memory_format": torch.channels_last}
        self.eyes = nn.ModuleDict({name: BACKBONES[name]() for name in recipe.eyes})
        self.eye = self.eyes[recipe.eyes[0]]
        params = replace(recipe.discriminator, classes=len(recipe.domains))
        self.discriminator = DiscriminatorEnsemble(params, {name: BACKBONES[name] for name in recipe.eyes})
        add_spectral_norm(self.discriminator)
        for network in (self.content_encoder, self.model, self.ema, self.eyes, self.discriminator):
            network.to(device).to(**layout)
        adam: dict[str, Any] = {"lr": recipe.learning_rate, "betas": (0.0, 0.99), "fused": True}
        self.optimizer_g = torch.optim.Adam(self.model.parameters(), **adam)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), **adam)
        self.warm_up, self.coarse = recipe.warm_up, recipe.coarse

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        return super().state() | {"warm_up": self.warm_up, "coarse": self.coarse}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        super().load(state)
        self.warm_up, self.coarse = int(state["warm_up"]), int(state["coarse"])

    def _adapted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Another run's state; heads on a net that it did not have are fresh, and so then is D's optimiser."""
        heads = dict(state["discriminator"])
        for name, judge in self.discriminator.judges.items():
            prefix = f"judges.{name}."
            if not any(key.startswith(prefix) for key in heads):
                heads |= {prefix + key: tensor for key, tensor in judge.state_dict().items()}
        if len(heads) == len(state["discriminator"]):
            return state
        return state | {"discriminator": heads, "optimizer_d": self.optimizer_d.state_dict()}

    def scale_at(self, step: int) -> int:
        """2 while pictures are drawn at half the resolution, twice as many a step; else 1."""
        return 2 if step < self.coarse else 1

    @property
    def scale(self) -> int:
        """`scale_at` this step."""
        return self.scale_at(self.done)

    @property
    def _refines(self) -> bool:
        """Whether the coarse steps are over, and the last level alone is trained."""
        return 0 < self.coarse <= self.done

    @property
    def _grows(self) -> bool:
        """Whether the last level, fresh after the coarse steps, is warmed up."""
        return self._refines and self.done < self.coarse + _GROWTH_STEPS

    @property
    def sheet_size(self) -> int:
        """Half the resolution until the last level draws pictures."""
        return self._resolution // (2 if self.scale > 1 or self._grows else 1)

    def step(self, source: Tensor, target: Tensor, label: Tensor) -> dict[str, Tensor]:
        """One update of D and one of G; returns the loss parts, but for costly ones of weight 0.

        The last `recipe.twins` sources are replaced by turned copies of the first, which share their styles.

        Args:
            source, target: (B, 3, S, S) in [-1, 1], S the full resolution.
            label: (B,) the targets' places in `recipe.domains`.
        """
        source, target, label = (each.to(self.device) for each in (source, target, label))
        self._set_rate(self.recipe.learning_rate * self._settling(), self.recipe.judge_rate)
        if self._refines:
            if self.done == self.coarse:  # what is built on is the average, which draws better than any one step's
                self.model.load_state_dict(self.ema.state_dict())
            self.model.requires_grad_(False)
            self.model.generator.levels[-1].requires_grad_(True)
        if self.done < self.warm_up:
            return self._warm_up(target)
        if self._grows:
            return self._grow(source, target, label)
        recipe, scale = self.recipe, self.scale
        size = recipe.translator.resolution // scale
        twins, count, batch = recipe.twins * scale, recipe.reconstructed * scale, len(source)
        turns = random_turns(twins)
        source = torch.cat([source[: batch - twins], turn(source[:twins], turns)])
        shown = torch.cat([torch.arange(batch - twins), torch.arange(twins)]).to(self.device)
        shown_label = label[shown]
        autocast = mixed_precision(source.device)
        with autocast:
            with torch.no_grad():
                both = self.content_encoder(torch.cat([source, target[:count]]))
            content = first(both, batch)
            own_content = ContentFeatures(both.content[batch:], {s: f[batch:] for s, f in both.features.items()})
            mirrored = recipe.mirror_style and bool(torch.rand(()) < 0.5)
            style = self.model.style_encoder(target.flip(3) if mirrored else target)
            generator = self.model.generator
            gates = generator.plan_skips(content) if recipe.use_skips else {}
            strengths = []
            for gate, strength in zip(
                gates.values(), random_strengths(batch, list(gates), recipe.skip_dropout), strict=True
            ):
                strength[:twins] = strength[batch - twins :] = 1  # twins are compared place by place
                strengths.append(strength.to(gate.mask))
            translated = generator.render(content.content, gates, style[shown], strengths, size).float()
            if self._refines:
                with torch.no_grad():
                    drawn_before = generator.render(content.content, gates, style[shown], strengths, size // 2)
            with_skips = recipe.use_skips and recipe.reconstruct_with_skips
            own_gates = generator.plan_skips(own_content) if with_skips else {}
            reconstructed = generator.render(own_content.content, own_gates, style[:count], size=size).float()

        if scale > 1:
            source, target = (F.avg_pool2d(pictures, scale) for pictures in (source, target))
        augment = ShiftAndTone(batch, size // 10, source.device)
        real_seen, fake_seen, source_seen = (augment(pictures) for pictures in (target, translated, source))
        with torch.no_grad():
            real_features = self._look(real_seen)
            source_features = self.eye(source_seen, last_stride=16) if recipe.structure else {}
        fake_features = self._look(fake_seen)

        judge = self.discriminator.judge
        with autocast:
            real_mixed, fake_mixed = (self.discriminator.mix(each) for each in (real_features, fake_features))
            real = judge(real_mixed, label)
            held = {name: {stride: f.detach() for stride, f in each.items()} for name, each in fake_mixed.items()}
            fake = judge(held, shown_label)
            discriminator_loss = losses.hinge_discriminator_loss(real.logits, fake.logits)
            if recipe.mismatched and len(label.unique()) > 1:
                # Real pictures under another domain's label: without them, a copy of the source passes for any domain.
                claimed = label.roll(int(torch.randint(1, batch, ())))
                wrong = claimed != label
                if wrong.any():
                    logits = [logit[wrong] for logit in judge(real_mixed, claimed).logits]
                    discriminator_loss = discriminator_loss + recipe.mismatched * losses.hinge_fake_loss(logits)
        self.optimizer_d.zero_grad(set_to_none=True)
        discriminator_loss.backward()
        self.optimizer_d.step()

        self.discriminator.requires_grad_(False)
        with autocast:
            fake = judge(fake_mixed, shown_label)
            with torch.no_grad():
                real = judge(real_mixed, label)
            # Of half of the pictures: E_c's backward pass is a third of a step, and its term is small soon.
            half = batch // 2 if recipe.content else 0
            kept = self.content_encoder(translated[:half]).content.float() if half else None
            real_styles = [style[shown] for style in real.styles]
        with torch.no_grad():
            wanted = torch.cat([target[:count], turn(translated[:twins], turns)])
            wanted_features = self.eye(wanted, last_stride=16)
        answered = torch.cat([reconstructed, translated[batch - twins :]])
        answered_features = self.eye(answered, last_stride=16)

        def distance(rows: slice) -> Tensor:
            """Of the pictures given and wanted in some rows: L1 and, at every stride, the features'."""
            features = [{s: f[rows] for s, f in each.items()} for each in (answered_features, wanted_features)]
            return F.l1_loss(answered[rows], wanted[rows]) + losses.feature_distance(*features)

        parts = {
            "adversarial": losses.hinge_generator_loss(fake.logits),
            "style": losses.style_distance(fake.styles, real_styles),
            "colour": losses.colour_distance(translated, target[shown]),
            "reconstruction": distance(slice(count)),
        }
        if kept is not None:
            parts["content"] = losses.content_distance(kept, content.content[:half].float())
        if recipe.bands:
            parts["bands"] = losses.band_distance(translated, target[shown])
        if recipe.structure:
            seen = fake_features[recipe.eyes[0]]
            parts["structure"] = losses.structure_distance(seen, source_features, (size // 16, size // 8))
        if gates:
            parts["mask"] = losses.mask_sparsity([gate.mask for gate in gates.values()])
        if self._refines:
            parts["anchor"] = F.l1_loss(F.avg_pool2d(translated, 2), drawn_before.float())
        if twins:
            parts["equivariance"] = distance(slice(count, None))
        weights = {name: getattr(recipe, name) for name in parts}
        if self._refines:
            weights["adversarial"] *= recipe.refinement
        generator_loss = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
        self.optimizer_g.zero_grad(set_to_none=True)
        generator_loss.backward()
        self.optimizer_g.step()
        self.discriminator.requires_grad_(True)
        self._finish()
        return {**{name: value.detach() for name, value in parts.items()}, "discriminator": discriminator_loss.detach()}

    def _warm_up(self, target: Tensor) -> dict[str, Tensor]:
        """One update of G by L_rec alone."""
        size = self.recipe.translator.resolution // self.scale
        with mixed_precision(target.device):
            with torch.no_grad():
                content = self.content_encoder(target)
            style = self.model.style_encoder(target)
            generator = self.model.generator
            with_skips = self._use_skips and self.recipe.reconstruct_with_skips
            gates = generator.plan_skips(content) if with_skips else {}
            reconstructed = generator.render(content.content, gates, style, size=size)
        reconstructed, wanted = reconstructed.float(), F.avg_pool2d(target, self.scale)
        with torch.no_grad():
            wanted_features = self.eye(wanted, last_stride=16)
        features = self.eye(reconstructed, last_stride=16)
        loss = F.l1_loss(reconstructed, wanted) + losses.feature_distance(features, wanted_features)
        self.optimizer_g.zero_grad(set_to_none=True)
        (self.recipe.reconstruction * loss).backward()
        self.optimizer_g.step()
        self._finish()
        return {"reconstruction": loss.detach()}

    def _grow(self, source: Tensor, target: Tensor, label: Tensor) -> dict[str, Tensor]:
        """One update of the fresh last level, towards what the level before draws; one of D at the new size."""
        size, generator = self.recipe.translator.resolution, self.model.generator
        with mixed_precision(target.device):
            with torch.no_grad():
                content = self.content_encoder(source)
                style = self.model.style_encoder(target)
                gates = generator.plan_skips(content) if self._use_skips else {}
                wanted = generator.render(content.content, gates, style, size=size // 2).float()
            drawn = generator.render(content.content, gates, style, size=size).float()
        anchor = F.l1_loss(drawn, F.interpolate(wanted, (size, size), mode="bilinear", align_corners=False))
        ahead = 1 - (self.done - self.coarse) / _GROWTH_STEPS
        self._set_rate(_GROWTH_RATE**ahead * self.recipe.learning_rate)
        self.optimizer_g.zero_grad(set_to_none=True)
        anchor.backward()
        self.optimizer_g.step()
        parts = {"anchor": anchor}
        if self.done >= self.coarse + _GROWTH_STEPS - _JUDGED_STEPS:
            with torch.no_grad():
                seen = [self._look(pictures) for pictures in (target, drawn.detach())]
            with mixed_precision(target.device):
                real, fake = (self.discriminator(features, label) for features in seen)
                parts["discriminator"] = losses.hinge_discriminator_loss(real.logits, fake.logits)
            self.optimizer_d.zero_grad(set_to_none=True)
            parts["discriminator"].backward()
            self.optimizer_d.step()
        self._finish()
        return {name: value.detach() for name, value in parts.items()}

    def _look(self, pictures: Tensor) -> dict[str, dict[int, Tensor]]:
        """What D judges pictures by: every net's features by stride, and the pictures themselves."""
        return {name: {1: pictures, **eye(pictures)} for name, eye in self.eyes.items()}

    def _set_rate(self, rate: float, judge_rate: float | None = None) -> None:
        """Set G's rate; and D's, a multiple of it, if that is given."""
        for group in self.optimizer_g.param_groups:
            group["lr"] = rate
        if judge_rate is not None:
            for group in self.optimizer_d.param_groups:
                group["lr"] = rate * judge_rate

    def _settling(self) -> float:
        """What the rates are at this step, as a share of the recipe's."""
        begin = self.recipe.settle * self._steps
        if self.done <= begin or begin >= self._steps:
            return 1.0
        return 1 - (1 - _SETTLED) * min(1.0, (self.done - begin) / (self._steps - begin))

    def _finish(self) -> None:
        """Count the step and move the average along; that of a fresh level not from its first pictures."""
        grown = self._grows
        super()._finish()
        if grown and not self._grows:
            self.ema.generator.levels[-1].load_state_dict(self.model.generator.levels[-1].state_dict())


def random_strengths(count: int, sizes: Sequence[int], dropout: float) -> list[Tensor]:
    """Strengths (count, 1, S, S) of the skips of every size S: 1, or 0 everywhere or in a rectangle of some pictures.

    Args:
        count: number of pictures.
        sizes: of the skips.
        dropout: share of the pictures that lose their skips; as many again lose them in a rectangle.  What the skips
            leave to the generator is then judged too, so that it is worth looking at where they are switched off.
    """
    fate = torch.rand(count)
    start = torch.rand(2, count, 1) * 0.7
    extent = 0.3 + torch.rand(2, count, 1) * 0.5
    strengths = []
    for size in sizes:
        place = (torch.arange(size) + 0.5) / size
        rows, columns = (
            (place > begin) & (place < begin + length) for begin, length in zip(start, extent, strict=True)
        )
        off = rows[:, :, None] & columns[:, None, :] & (fate < 2 * dropout)[:, None, None]
        off |= (fate < dropout)[:, None, None]
        strengths.append((~off)[:, None].float())
    return strengths


def pairing(sources: Sequence[str], targets: Sequence[str], tries: int = 16) -> Tensor:
    """A random order of the source pictures in which few of them meet a target of their own domain.

    Args:
        sources, targets: the domain of every picture of a batch.
        tries: how many orders are tried.
    """
    orders = [torch.randperm(len(sources)) for _ in range(tries)]
    return min(orders, key=lambda order: sum(sources[i] == name for i, name in zip(order, targets, strict=True)))


def train(
    sources: Sequence[Path],
    targets: Sequence[Path],
    content_encoder: ContentEncoder,
    recipe: AdversarialRecipe,
    run: Path,
    steps: int,
    seed: int = 0,
    save_every: int = 200,
    start_from: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
    limits: Limits = NO_LIMITS,
    device: torch.device = _CPU,
) -> Path:
    """Train a translator of the small family; resume if `run` holds a checkpoint.

    Args:
        sources: one folder of pictures per source domain; each is drawn equally often.
        targets: one folder per target domain, each drawn equally often; their names are among `recipe.domains`.
        content_encoder: the frozen E_c, its spectral norm folded.
        recipe: shapes and weights.
        run: folder for checkpoint.pt, stats.jsonl and sheets.
        steps: stop after this many steps in all.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        start_from: a run's folder or a translator's file to go on from in a fresh run.  What was learned elsewhere
            needs no warm-up, so that a recipe for it has none; coarse steps only if it is to be drawn better at large.
        report: called with every log line.
        progress: called with (steps done, steps) before the first and after every step.
        limits: how many pictures of a folder are used.
        device: where to compute.

    Returns:
        The path of the checkpoint.

    Raises:
        TrainingError: for a target that is none of the recipe's domains, or a `start_from` that cannot be used.
    """
    for folder in targets:
        if folder.name not in recipe.domains:
            raise TrainingError(
                f"{folder.name!r} is none of the domains {', '.join(recipe.domains)}; name them all (--domains)."
            )
    size = recipe.translator.resolution
    source_sets = [PictureSet(folder, size, limits.of(folder), label=i) for i, folder in enumerate(sources)]
    target_sets = [
        PictureSet(folder, size, limits.of(folder), label=recipe.domains.index(folder.name)) for folder in targets
    ]
    trainer = AdversarialTrainer(recipe, content_encoder, seed, device, steps)
    schedule = Schedule(steps, seed, save_every, recipe.batch, recipe.turned_every)
    return run_steps(trainer, source_sets, target_sets, run, schedule, start_from, report, progress)


@dataclass(frozen=True)
class Schedule:
    """Steps in all, the seed, steps between checkpoints, pictures a step, and of how many targets one is turned."""

    steps: int
    seed: int
    save_every: int
    batch: int
    turned_every: int


def run_steps(
    trainer: StageTwoTrainer,
    source_sets: Sequence[PictureSet],
    target_sets: Sequence[PictureSet],
    run: Path,
    schedule: Schedule,
    start_from: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Path:
    """The loop of stage II, whatever the discriminator; the sets' labels tell them apart, and else as `train`."""
    seed, steps = schedule.seed, schedule.steps
    path = run / "checkpoint.pt"
    resumed = resume(trainer, path)
    if not resumed and start_from is not None:
        trainer.start_from(start_from)
    elif not resumed:
        enough = min(64, 4 * sum(len(pictures) for pictures in target_sets))
        trainer.prepare(draw_mixed(target_sets, enough, seed, 0, "prepare")[0])
    log = StatsLog(run / "stats.jsonl")
    shown_source, _ = draw_mixed(source_sets, 9, seed, 0, "sheet")
    shown_target, _ = draw_mixed(target_sets, 6, seed, 0, "sheet")
    source_names, target_names = ({each.label: each.name for each in sets} for sets in (source_sets, target_sets))

    def draw(step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pictures and labels of a step's sources and targets."""
        count = schedule.batch * trainer.scale_at(step)
        source, source_label = draw_mixed(source_sets, count, seed, step, "source")
        target, label = draw_mixed(target_sets, count, seed, step, "target", turned_every=schedule.turned_every)
        if len(target_sets) > 1:  # some terms are taken of a batch's first pictures: every target gets its turn there
            mixed = torch.randperm(count, generator=step_generator(seed, step, "targets"))
            target, label = target[mixed], label[mixed]
        return source, source_label, target, label

    progress(trainer.done, steps)
    for step, (source, source_label, target, label) in ahead(draw, range(trainer.done, steps)):
        seed_step(seed, step)
        # Source i is shown in target i's style.
        order = pairing([source_names[i] for i in source_label.tolist()], [target_names[i] for i in label.tolist()])
        log.add(
            trainer.step(
                source[order].contiguous(memory_format=torch.channels_last),
                target.contiguous(memory_format=torch.channels_last),
                label,
            )
        )
        progress(trainer.done, steps)
        if trainer.is_main and (trainer.done % schedule.save_every == 0 or trainer.done == steps):
            report(log.write(trainer.done))
            save_checkpoint(path, trainer.state())
            files.save_png(trainer.sheet(shown_source, shown_target), run / f"sheet-{trainer.done:06d}.png")
    return path
