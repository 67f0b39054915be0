"""How fast stage II trains."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from gpunit.benchmark.machine import Figures, Work, in_turns, peak_memory_mb, seconds_of
from gpunit.benchmark.rendering import random_networks
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.recipes import PaperRecipe

if TYPE_CHECKING:
    from gpunit.training.stage2.trainer import StageTwoTrainer

_CPU = torch.device("cpu")
_PUBLISHED_STEPS = 10


def training_figures(deadline: float = 0.0) -> Figures:
    """Seconds a step of stage II with the small recipe, at full size; empty without what training needs.

    Args:
        deadline: see `in_turns`.
    """
    from gpunit.training.recipes import SmallRecipe

    try:
        from gpunit.training.stage2.small import SmallTrainer
    except ModuleNotFoundError:
        return {}
    step = _step(SmallTrainer, SmallRecipe(warm_up=0, coarse=0))
    timing = in_turns({"step": step}, _CPU, deadline)
    return {"small_step_s": timing.seconds["step"], **timing.figures()}


def published_training_figures(recipe: PaperRecipe | None = None, steps: int = _PUBLISHED_STEPS) -> Figures:
    """Seconds a step of stage II as published, and the peak memory of this process afterwards.

    One of the steps that are timed computes the penalty R1, which as published is one of sixteen.

    Args:
        recipe: by default cat2dog's with a batch of two, because 16 pictures take more memory than most machines have
            without a GPU, and with EfficientNet-Lite0 as the perceptual network, because nothing is downloaded here.
        steps: steps that are timed.
    """
    from gpunit.training.stage2.paper import PaperTrainer
    from gpunit.training.tasks import PAPER_TASKS

    recipe = recipe or replace(PAPER_TASKS["cat2dog"].recipe, perceptual_net="efficientnet-lite0", batch=2)
    recipe = replace(recipe, penalty_every=min(recipe.penalty_every, steps))
    step = _step(PaperTrainer, recipe)
    step()  # a warm-up
    seconds = [seconds_of(step, _CPU) for _ in range(steps)]
    return {
        "published_batch": recipe.batch,
        "published_step_s": statistics.median(seconds),
        "published_penalised_step_s": max(seconds),
        "published_steps": steps,
        "published_steps_s": sum(seconds),
        "published_peak_memory_mb": peak_memory_mb(),
    }


def _step(make: Callable[[Any, ContentEncoder], StageTwoTrainer], recipe: Any) -> Work:
    """A training step on random pictures of a trainer with random weights; each call is the next step."""
    with torch.random.fork_rng(devices=[]):
        trainer = make(recipe, random_networks(recipe.translator).content_encoder)
        side = recipe.translator.resolution
        source, target = (torch.rand(recipe.batch, 3, side, side) * 2 - 1 for _ in range(2))
        trainer.prepare(target)

    def step() -> None:
        with torch.random.fork_rng(devices=[]):
            trainer.step(source, target, torch.zeros(recipe.batch, dtype=torch.long))

    return step
