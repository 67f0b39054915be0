"""Devices, mixed precision and several processes: what every stage's steps are taken by.

Networks are not wrapped; their gradients are averaged after the backward pass, which also works for R1's second
derivatives and for several passes per step.  What of a batch each process computes, `training.shares` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors

from gpunit.engine.device import PRECISIONS
from gpunit.evaluation import sharing
from gpunit.training.checkpoints import TrainingError
from gpunit.training.shares import Shares

_CHOICES = ("auto", *PRECISIONS)


class Processes(Shares):
    """This process among those of a run; the only one, unless `accelerate launch` or torchrun started more.

    Args:
        precision: fp32, bf16 or fp16, of the networks' passes; weights stay fp32.  With auto, the stage chooses.
        device: where to compute, or "auto"; of several processes, each has a GPU of its own unless this is the CPU.

    Raises:
        TrainingError: for another precision, or one that the device does not compute in.
        ValueError: for a device that is not available.
    """

    def __init__(self, precision: str = "auto", device: torch.device | str = "auto") -> None:
        if precision not in _CHOICES:
            raise TrainingError(f"there is no precision {precision!r}; choose from {', '.join(_CHOICES)}.")
        self.device = sharing.join(device)
        super().__init__(*sharing.place())
        if precision == "fp16" and self.device.type == "cpu":
            raise TrainingError("fp16 needs a GPU; choose --precision bf16 or fp32.")
        self._dtype = PRECISIONS.get(precision)
        self._scaler = torch.amp.GradScaler(self.device.type) if self._dtype is torch.float16 else None

    def anywhere(self, flag: bool) -> bool:
        """Whether a flag is set in any process; all of them have to ask."""
        if self.count == 1:
            return flag
        flags = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags > 0)

    def autocast(self, preferred: torch.dtype | None = None) -> torch.autocast:
        """Mixed precision for what is inside.

        Args:
            preferred: the format where the precision is auto; None for fp32.
        """
        dtype = self._dtype or preferred or torch.float32
        mixed = dtype is not torch.float32
        return torch.autocast(self.device.type, dtype if mixed else torch.bfloat16, enabled=mixed)

    def minimise(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """One update along the gradient of a loss, averaged over the processes.

        With fp16, the gradient is computed of a multiple of the loss, and a step whose gradient overflows is left out.
        """
        optimizer.zero_grad(set_to_none=True)
        (loss if self._scaler is None else self._scaler.scale(loss)).backward()
        if self.count > 1:
            _average([p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None])
        if self._scaler is None:
            optimizer.step()
        else:
            self._scaler.step(optimizer)
            self._scaler.update()

    def agree(self, state: Mapping[str, Any]) -> None:
        """Give every process the main one's tensors of a state, in place.

        Raises:
            TrainingError: in all processes, if their states are not of the same shapes and steps, as where a run's
                folder is not the same for all.
        """
        if self.count == 1:
            return
        tensors = list(_tensors(state))
        facts: list[Any] = [None] * self.count
        dist.all_gather_object(facts, [state.get("step"), *((each.dtype, each.shape) for each in tensors)])
        if any(each != facts[0] for each in facts):
            raise TrainingError(
                "the processes do not find the same run; start all of them with the same options and a folder (--run) "
                "that they share."
            )
        tensors.sort(key=lambda each: str(each.dtype))
        for _, alike in groupby(tensors, key=lambda each: str(each.dtype)):
            listed = list(alike)
            together = _flatten_dense_tensors([each.to(self.device) for each in listed])
            dist.broadcast(together, 0)
            for mine, main in zip(listed, _unflatten_dense_tensors(together, listed), strict=True):
                mine.copy_(main)

    def state(self) -> dict[str, Any]:
        """What resuming needs beside networks and optimisers: the scale of fp16's gradients."""
        return self._scaler.state_dict() if self._scaler else {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`; that of another precision is ignored."""
        if self._scaler and state:
            self._scaler.load_state_dict(dict(state))


def _average(tensors: list[Tensor]) -> None:
    """Average tensors of one type over the processes, in place."""
    together = _flatten_dense_tensors(tensors)
    dist.all_reduce(together)
    together /= dist.get_world_size()
    for mine, averaged in zip(tensors, _unflatten_dense_tensors(together, tensors), strict=True):
        mine.copy_(averaged)


def _tensors(state: Any) -> Iterator[Tensor]:
    """All tensors of a state of nested dictionaries and lists, in their order."""
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from _tensors(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from _tensors(value)
