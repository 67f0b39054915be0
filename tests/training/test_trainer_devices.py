"""Every stage's step on the meta device, which refuses tensors of any other and every look at a value.

So a tensor left on the CPU, or a wait for the device within a step, is found without a GPU.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gpunit.training.data import Labelled
from gpunit.training.prior.layouts import LayoutTrainer
from gpunit.training.prior.trainer import PriorTrainer
from gpunit.training.prior.windows import Windows
from gpunit.training.processes import Processes
from gpunit.training.stage1.trainer import DistillationTrainer
from gpunit.training.stage2.paper import PaperTrainer
from gpunit.training.stage2.small import SmallTrainer
from gpunit.training.trainer import Parts
from tests.conftest import TINY_DISTILLATION, TINY_PAPER, TINY_PRIOR, TINY_SMALL
from tests.training.prior.test_layouts import TINY as TINY_LAYOUT
from tests.training.stage2.test_trainer import encoder

META = torch.device("meta")
ON_META = Processes(device=META)


class PlainAdam(torch.optim.Adam):
    def __init__(self, *args: Any, fused: bool | None = None, **options: Any) -> None:
        super().__init__(*args, **options)


@pytest.fixture(autouse=True)
def no_kernels_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meta device has neither autocast nor fused optimisers."""
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())
    monkeypatch.setattr(torch.optim, "Adam", PlainAdam)


def pictures(count: int, size: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(count, 3, size, size), torch.zeros(count, dtype=torch.long)


def labelled(count: int, size: int) -> Labelled:
    return Labelled(*pictures(count, size), torch.zeros(count, 1, size, size))


def prior() -> Parts:
    return PriorTrainer(TINY_PRIOR, processes=ON_META).step(*pictures(TINY_PRIOR.batch, TINY_PRIOR.resolution))


def layout_prior() -> Parts:
    windows = Windows(*pictures(TINY_LAYOUT.batch, TINY_LAYOUT.resolution), torch.zeros(TINY_LAYOUT.batch, 3))
    return LayoutTrainer(TINY_LAYOUT, 2, processes=ON_META).step(windows)


def stage_one() -> Parts:
    recipe = replace(TINY_DISTILLATION, warm_up=0)
    batches = (labelled(2, recipe.content_encoder.resolution) for _ in range(3))
    return DistillationTrainer(recipe, steps=2, processes=ON_META).step(*batches)


def stage_two() -> Parts:
    recipe = replace(TINY_SMALL, warm_up=0, coarse=0)
    source, label = pictures(recipe.batch, recipe.translator.resolution)
    return SmallTrainer(recipe, encoder(), device=META).step(source, source.clone(), label)


def stage_two_of_the_paper() -> Parts:
    size, count = TINY_PAPER.translator.resolution, TINY_PAPER.batch
    (source, label), (target, _) = pictures(count, size), pictures(count, size)
    return PaperTrainer(TINY_PAPER, encoder(), processes=ON_META).step(source, target, label)


@pytest.mark.parametrize(
    "step", [prior, layout_prior, stage_one, stage_two, stage_two_of_the_paper], ids=lambda step: step.__name__
)
def test_a_step_leaves_no_tensor_behind_and_waits_for_none(step) -> None:  # type: ignore[no-untyped-def]
    parts = step()
    assert {value.device for value in parts.values()} == {META}
