"""The phases of a run of the small family: what a step trains, from the first reconstructions to the last details.

    warm-up      G learns L_rec alone
    play         G and D play against each other, at half the resolution at first if the run has coarse steps
    growth       after the coarse steps, the untrained last level learns to copy the level before
    refinement   the last level alone plays against D, at the full resolution

A run that goes on from trained weights consists of play alone.  The phases are not in the paper, whose runs are long
enough to do without.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.training import losses
from gpunit.training.checkpoints import TrainingError
from gpunit.training.recipes import SmallRecipe, SmallWeights
from gpunit.training.stage2.game import SmallGame
from gpunit.training.trainer import Parts, frozen, minimise, mixed_precision, set_rate, weighted_sum

# Steps of growth, over which G's learning rate falls to its own from so many times as much.  In the last of them, D
# learns to judge pictures of the full size, because its first judgements would mislead G.
GROWTH_STEPS, _GROWTH_RATE, JUDGED_STEPS = 600, 4, 50

# The share of their initial value that the learning rates fall to where they settle.
_SETTLED = 0.2


@dataclass(frozen=True)
class Phase(ABC):
    """Consecutive steps that all train the same.

    Attributes:
        begins: its first step.
        ends: the step after its last.
        scale: the factor by which pictures are smaller, and a batch larger.
    """

    begins: int
    ends: float
    scale: int = 1

    @property
    def sheet_scale(self) -> int:
        """The factor by which a sheet's pictures are smaller than the run's resolution."""
        return self.scale

    def prepare(self, game: SmallGame) -> None:  # noqa: B027 - not every phase has something to do
        """Called before every step of the phase."""

    @abstractmethod
    def update(self, game: SmallGame, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """The updates of one step; returns the loss parts.

        Args:
            game: the networks of the run.
            source, target: (B, 3, S, S) in [-1, 1], S the full resolution.
            label: (B,) the targets' domains.
        """

    def conclude(self, game: SmallGame) -> None:  # noqa: B027
        """Called after the last step of the phase."""


class WarmUp(Phase):
    """G learns L_rec alone: first of all, what the content map means."""

    def update(self, game: SmallGame, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """One update of G on the targets."""
        recipe, generator = game.recipe, game.model.generator
        size = recipe.translator.resolution // self.scale
        with mixed_precision(game.device):
            with torch.no_grad():
                content = game.content_encoder(target)
            style = game.model.style_encoder(target)
            with_skips = recipe.use_skips and recipe.reconstruct_with_skips
            gates = generator.plan_skips(content) if with_skips else {}
            bare = game.bare_strengths(len(target)) if with_skips else None
            reconstructed = generator.render(content.content, gates, style, bare, size).float()
        wanted = F.avg_pool2d(target, self.scale)
        with torch.no_grad():
            wanted_features = game.backbone(wanted, last_stride=16)
        features = game.backbone(reconstructed, last_stride=16)
        loss = F.l1_loss(reconstructed, wanted) + losses.feature_distance(features, wanted_features)
        minimise(recipe.weights.reconstruction * loss, game.optimizer_g)
        return {"reconstruction": loss}


class Play(Phase):
    """G and D play against each other."""

    # Whether G also renders what the level before the last makes.
    previews = False

    def weights(self, recipe: SmallRecipe) -> SmallWeights:
        """The weights of G's losses."""
        return recipe.weights

    def update(self, game: SmallGame, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """One update of D and one of G."""
        rendered = game.render(source, target, label, self.scale, self.previews)
        features = game.look(rendered)
        judged = game.update_discriminator(rendered, features)
        with frozen(game.discriminator):
            parts = game.generator_losses(rendered, features)
            minimise(weighted_sum(parts, self.weights(game.recipe)), game.optimizer_g)
        if game.gate_keeper is not None:
            game.gate_keeper.update(game.model.generator, rendered.gates)
        return {**parts, "discriminator": judged}


class Growth(Phase):
    """The untrained last level learns to copy the level before; at the end, D learns to judge its pictures."""

    @property
    def sheet_scale(self) -> int:
        """2: the last level's pictures are not worth looking at yet."""
        return 2

    def prepare(self, game: SmallGame) -> None:
        """Begin with the average, which is better than the last coarse step's weights, and freeze the other levels."""
        if game.done == self.begins:
            game.model.load_state_dict(game.ema.state_dict())
        train_last_level_alone(game)

    def update(self, game: SmallGame, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """One update of the last level; in the last steps, one of D."""
        size, generator = game.recipe.translator.resolution, game.model.generator
        with mixed_precision(game.device):
            with torch.no_grad():
                content = game.content_encoder(source)
                style = game.model.style_encoder(target)
                gates = generator.plan_skips(content) if game.recipe.use_skips else {}
                wanted = generator.render(content.content, gates, style, size=size // 2).float()
            rendered = generator.render(content.content, gates, style, size=size).float()
        anchor = F.l1_loss(rendered, F.interpolate(wanted, (size, size), mode="bilinear", align_corners=False))
        remaining = 1 - (game.done - self.begins) / GROWTH_STEPS
        set_rate(game.optimizer_g, _GROWTH_RATE**remaining * game.recipe.learning_rate)
        minimise(anchor, game.optimizer_g)
        if game.done < self.ends - JUDGED_STEPS:
            return {"anchor": anchor}
        return {"anchor": anchor, "discriminator": self._update_discriminator(game, target, rendered, label)}

    def _update_discriminator(self, game: SmallGame, target: Tensor, rendered: Tensor, label: Tensor) -> Tensor:
        with torch.no_grad():
            real_features, fake_features = (game.features_of(each) for each in (target, rendered.detach()))
        with mixed_precision(game.device):
            real, fake = (game.discriminator(each, label.to(game.device)) for each in (real_features, fake_features))
            loss = losses.hinge_discriminator_loss(real.logits, fake.logits)
        minimise(loss, game.optimizer_d)
        return loss

    def conclude(self, game: SmallGame) -> None:
        """Let the average of the last level begin here, not with its first pictures."""
        game.ema.generator.levels[-1].load_state_dict(game.model.generator.levels[-1].state_dict())


class Refinement(Play):
    """The last level alone plays against D, anchored to what the level before renders."""

    previews = True

    def prepare(self, game: SmallGame) -> None:
        """Freeze the other levels."""
        train_last_level_alone(game)

    def weights(self, recipe: SmallRecipe) -> SmallWeights:
        """Less of L_adv: the last level cannot repair what D dislikes about the others."""
        return replace(recipe.weights, adversarial=recipe.weights.adversarial * recipe.refinement)


def train_last_level_alone(game: SmallGame) -> None:
    """Freeze all of G and E_s but G's last level."""
    game.model.requires_grad_(False)
    game.model.generator.levels[-1].requires_grad_(True)


def plan_phases(warm_up: int, coarse: int) -> tuple[Phase, ...]:
    """The phases of a run, in their order; the last one never ends.

    Args:
        warm_up: steps of warm-up.
        coarse: steps at half the resolution, the warm-up included; 0 for none.

    Raises:
        TrainingError: if the coarse steps end before the warm-up does.
    """
    if 0 < coarse < warm_up:
        raise TrainingError(f"--coarse must be 0, or at least the {warm_up} steps of --warm-up.")
    if not coarse:
        phases: tuple[Phase, ...] = (WarmUp(0, warm_up), Play(warm_up, math.inf))
    else:
        grown = coarse + GROWTH_STEPS
        phases = (
            WarmUp(0, warm_up, scale=2),
            Play(warm_up, coarse, scale=2),
            Growth(coarse, grown),
            Refinement(grown, math.inf),
        )
    return tuple(phase for phase in phases if phase.begins < phase.ends)


def settling(step: int, steps: int, settle: float) -> float:
    """The learning rates at a step of a run, as a share of the recipe's: 1, then linearly down to a fifth.

    Args:
        step: whose rates are asked for.
        steps: length of the run.
        settle: share of the run after which the rates fall.
    """
    begin = settle * steps
    if step <= begin or begin >= steps:
        return 1.0
    return 1 - (1 - _SETTLED) * min(1.0, (step - begin) / (steps - begin))
