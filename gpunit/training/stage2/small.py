"""Stage II of the small family: a run that goes through the phases of `stage2.phases`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.checkpoints import TrainingError
from gpunit.training.data import NO_LIMITS, Limits, PictureSet
from gpunit.training.recipes import SmallRecipe
from gpunit.training.run import RunSettings
from gpunit.training.stage2.game import SmallGame
from gpunit.training.stage2.phases import Phase, plan_phases, settling
from gpunit.training.stage2.trainer import StageTwoData, train_stage_two
from gpunit.training.trainer import CPU, Parts, detached, set_rate


class SmallTrainer(SmallGame):
    """A run of stage II of the small family.

    Args:
        recipe: shapes and hyper-parameters.
        content_encoder: the frozen E_c of stage I.
        seed: of the initial weights.
        device: where to compute.
        steps: length of the run, for a recipe whose learning rates settle.
    """

    def __init__(
        self,
        recipe: SmallRecipe,
        content_encoder: ContentEncoder,
        seed: int = 0,
        device: torch.device = CPU,
        steps: int = 0,
    ) -> None:
        super().__init__(recipe, content_encoder, seed, device)
        self._steps = steps
        self._set_lengths(recipe.warm_up, recipe.coarse)

    def _set_lengths(self, warm_up: int, coarse: int) -> None:
        self.warm_up, self.coarse = warm_up, coarse
        self.phases = plan_phases(warm_up, coarse)

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return super().state() | {"warm_up": self.warm_up, "coarse": self.coarse}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`, with the lengths of its phases."""
        super().load(state)
        self._set_lengths(int(state["warm_up"]), int(state["coarse"]))

    def phase_at(self, step: int) -> Phase:
        """The phase of a step."""
        return next(phase for phase in reversed(self.phases) if phase.begins <= step)

    def scale_at(self, step: int) -> int:
        """2 while pictures are half as large and a batch has twice as many; else 1."""
        return self.phase_at(step).scale

    @property
    def sheet_size(self) -> int:
        """Half the resolution until the last level is worth looking at."""
        return self._resolution // self.phase_at(self.done).sheet_scale

    def step(self, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """The updates of this step's phase; returns the loss parts, without costly ones of weight 0.

        Args:
            source, target: (B, 3, S, S) in [-1, 1], S the full resolution.
            label: (B,) the targets' places in `recipe.domains`, on the CPU.
        """
        source, target = (each.to(self.device) for each in (source, target))
        rate = self.recipe.learning_rate * settling(self.done, self._steps, self.recipe.settle)
        set_rate(self.optimizer_g, rate)
        set_rate(self.optimizer_d, rate * self.recipe.discriminator_rate)
        phase = self.phase_at(self.done)
        phase.prepare(self)
        parts = phase.update(self, source, target, label)
        self._finish()
        if self.done == phase.ends:
            phase.conclude(self)
        return detached(parts)


def train(
    sources: Sequence[Path],
    targets: Sequence[Path],
    content_encoder: ContentEncoder,
    recipe: SmallRecipe,
    settings: RunSettings,
    limits: Limits = NO_LIMITS,
    device: torch.device = CPU,
) -> Path:
    """Train a translator of the small family.

    Args:
        sources: one folder of pictures per source domain; each is sampled equally often.
        targets: one folder per target domain, likewise; their names are among `recipe.domains`.
        content_encoder: the frozen E_c, its spectral norm folded.
        recipe: shapes and hyper-parameters.
        settings: of the run; `start_from` is another run's folder or a translator's file, for which the recipe should
            have no warm-up, and coarse steps only if the larger shapes are to improve.
        limits: how many pictures of a folder are used.
        device: where to compute.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures.
        ModelError: for a translator's file that cannot be used.
        TrainingError: for a target that is none of the recipe's domains, or a run that cannot start or diverges.
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
    for each in (*source_sets, *target_sets):
        each.keep_on(device)
    data = StageTwoData(source_sets, target_sets, recipe.batch, recipe.turned_every, settings.seed)
    trainer = SmallTrainer(recipe, content_encoder, settings.seed, device, settings.steps)
    return train_stage_two(trainer, data, settings)
