"""Devices, mixed precision and several processes, through accelerate.

A batch is that of all processes together: each samples it whole, from the same seeds, and keeps its share.  So a run
gives the same numbers, up to rounding, on one process as on several, and may go on with another number of them.
Networks are not wrapped; their gradients are averaged after the backward pass, which also works for R1's second
derivatives and for several passes per step.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors

from gpunit.training.checkpoints import TrainingError

PRECISIONS = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


class Processes:
    """This process among those of a run; the only one, unless `accelerate launch` or torchrun started more.

    Args:
        precision: fp32, bf16 or fp16, of the networks' passes; weights stay fp32.

    Raises:
        TrainingError: for another precision, or one that the device does not compute in.
    """

    def __init__(self, precision: str = "fp32") -> None:
        if precision not in PRECISIONS:
            raise TrainingError(f"there is no precision {precision!r}; choose from {', '.join(PRECISIONS)}.")
        try:
            self._accelerator = Accelerator(mixed_precision=PRECISIONS[precision])
        except ValueError as error:
            raise TrainingError(f"{precision} cannot be computed here ({error}); choose --precision fp32.") from None
        if precision == "fp16" and self.device.type == "cpu":
            raise TrainingError("fp16 needs a GPU; choose --precision bf16 or fp32.")

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._accelerator.device

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files."""
        return self._accelerator.is_main_process

    @property
    def count(self) -> int:
        """Number of processes."""
        return self._accelerator.num_processes

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch, on its device."""
        return batch[self._accelerator.process_index :: self.count].to(self.device)

    def autocast(self) -> AbstractContextManager[None]:
        """Mixed precision for what is inside."""
        return self._accelerator.autocast()

    def prepare(self, optimizer: torch.optim.Optimizer) -> Any:
        """An optimiser that unscales fp16's gradients before it steps."""
        return self._accelerator.prepare_optimizer(optimizer)

    def backward(self, loss: Tensor, module: nn.Module) -> None:
        """Gradients of a loss for a module's parameters, averaged over the processes."""
        self._accelerator.backward(loss)
        self._average(parameter.grad for parameter in module.parameters() if parameter.grad is not None)

    def anywhere(self, flag: bool) -> bool:
        """Whether a flag is set in any process; all of them have to ask."""
        if self.count == 1:
            return flag
        return bool(self._accelerator.reduce(torch.tensor(float(flag), device=self.device), reduction="sum") > 0)

    def _average(self, gradients: Iterable[Tensor]) -> None:
        if self.count == 1:
            return
        listed = list(gradients)
        together = self._accelerator.reduce(_flatten_dense_tensors(listed), reduction="mean")
        for mine, averaged in zip(listed, _unflatten_dense_tensors(together, listed), strict=True):
            mine.copy_(averaged)

    def state(self) -> dict[str, Any]:
        """What resuming needs beside networks and optimisers: the scale of fp16's gradients."""
        return self._accelerator.scaler.state_dict() if self._accelerator.scaler else {}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`; that of another precision is ignored."""
        if self._accelerator.scaler and state:
            self._accelerator.scaler.load_state_dict(state)
