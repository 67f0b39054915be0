"""Every stage's step on the meta device, which refuses tensors of any other and every look at a value.

So a tensor left on the CPU, or a wait for the device within a step, is found without a GPU.
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import torch

from gpunit.training.processes import Processes
from tests.training.steps import STAGES

META = torch.device("meta")


class PlainAdam(torch.optim.Adam):
    def __init__(self, *args: Any, fused: bool | None = None, **options: Any) -> None:
        super().__init__(*args, **options)


@pytest.fixture(autouse=True)
def no_kernels_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meta device has neither autocast nor fused optimisers."""
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())
    monkeypatch.setattr(torch.optim, "Adam", PlainAdam)


# T's epoch reads its error at its end.
STEPS = sorted(STAGES.keys() - {"sampler"})


@pytest.mark.parametrize("name", STEPS)
def test_a_step_leaves_no_tensor_behind_and_waits_for_none(name: str) -> None:
    _, step = STAGES[name](Processes(device=META))
    assert {value.device for value in step().values()} == {META}
