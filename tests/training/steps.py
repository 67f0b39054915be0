"""A step of every stage, at a tiny size: on any device and in any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from gpunit.networks.style_sampler import StyleSamplerParams
from gpunit.seeds import seed_step
from gpunit.training.data import Labelled
from gpunit.training.prior.layouts import LayoutTrainer
from gpunit.training.prior.trainer import PriorTrainer
from gpunit.training.prior.windows import Windows
from gpunit.training.processes import Processes
from gpunit.training.sampler import SamplerRecipe, SamplerTrainer
from gpunit.training.stage1.trainer import DistillationTrainer
from gpunit.training.stage2.paper import PaperTrainer
from gpunit.training.stage2.small import SmallTrainer
from gpunit.training.trainer import Parts, Trainer
from tests.conftest import TINY_DISTILLATION, TINY_PAPER, TINY_PRIOR, TINY_SMALL
from tests.training.prior.test_layouts import TINY as TINY_LAYOUT
from tests.training.stage2.test_trainer import encoder

# A trainer, and a function that takes a step of it.
Stage = tuple[Trainer, Callable[[], Parts]]


def pictures(count: int, size: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, size, size, generator=generator) * 2 - 1, torch.arange(count) % 2


def labelled(count: int, size: int, seed: int) -> Labelled:
    picture, label = pictures(count, size, seed)
    return Labelled(picture, label, picture[:, :1].sign())


def prior(processes: Processes) -> Stage:
    trainer = PriorTrainer(TINY_PRIOR, processes=processes)
    return trainer, lambda: trainer.step(*pictures(TINY_PRIOR.batch, TINY_PRIOR.resolution))


def layout_prior(processes: Processes) -> Stage:
    trainer = LayoutTrainer(TINY_LAYOUT, 2, processes=processes)
    windows = Windows(*pictures(TINY_LAYOUT.batch, TINY_LAYOUT.resolution), torch.zeros(TINY_LAYOUT.batch, 3))
    return trainer, lambda: trainer.step(windows)


def stage_one(processes: Processes) -> Stage:
    trainer = DistillationTrainer(replace(TINY_DISTILLATION, warm_up=0), steps=2, processes=processes)
    size = trainer.recipe.content_encoder.resolution
    return trainer, lambda: trainer.step(*(labelled(2, size, seed) for seed in range(3)))


def stage_two(processes: Processes) -> Stage:
    """Whose format follows from the device."""
    recipe = replace(TINY_SMALL, warm_up=0, coarse=0)
    trainer = SmallTrainer(recipe, encoder(), device=processes.device)
    source, label = pictures(recipe.batch, recipe.translator.resolution)
    return trainer, lambda: trainer.step(source, source.flip(0), torch.zeros_like(label))


def stage_two_of_the_paper(processes: Processes) -> Stage:
    trainer = PaperTrainer(TINY_PAPER, encoder(), processes=processes)
    source, label = pictures(TINY_PAPER.batch, TINY_PAPER.translator.resolution)
    return trainer, lambda: trainer.step(source, source.flip(0), label)


def sampler(processes: Processes) -> Stage:
    """A step of which is an epoch, whose error is read at its end."""
    codes = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
    trainer = SamplerTrainer(codes, StyleSamplerParams(4, 8, style_dim=3), SamplerRecipe(batch=32), 0, processes)
    return trainer, lambda: {name: torch.tensor(value) for name, value in trainer.step().items()}


STAGES: Mapping[str, Callable[[Processes], Stage]] = {
    each.__name__: each for each in (prior, layout_prior, stage_one, stage_two, stage_two_of_the_paper, sampler)
}


def learn(name: str, processes: Processes, steps: int = 2) -> tuple[Parts, Tensor]:
    """Take steps of a stage: the first one's loss parts, and by how much they change all weights, on the CPU."""

    def weights() -> Tensor:
        return torch.cat([tensor.detach().flatten().float().cpu() for tensor in networks_of(trainer)])

    trainer, step = STAGES[name](processes)
    before = weights()
    seed_step(3, 0)
    parts = step()
    for _ in range(1, steps):
        step()
    return {part: value.float().cpu() for part, value in parts.items()}, weights() - before


def networks_of(trainer: Trainer) -> list[Tensor]:
    """The parameters that a trainer's optimisers move."""
    named = [name for name in trainer.stateful if not name.startswith(("optimizer", "ema"))]
    return [parameter for name in named for parameter in getattr(trainer, name).parameters()]
