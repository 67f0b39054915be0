"""What every trainer is: networks and optimisers that a checkpoint keeps, and the pieces of a step that all share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gpunit.engine.device import computes_bf16
from gpunit.training.processes import Processes

CPU = torch.device("cpu")
Parts = dict[str, Tensor]


class Trainer:
    """The networks and optimisers of a run, and how many steps they have taken.

    Subclasses add `step`, whose arguments are a batch and which returns the loss parts by name.

    Attributes:
        stateful: the attributes whose state dicts a checkpoint keeps, under these names.
        results: those of them that finished files are made of.
        recipe: the dataclass of its hyper-parameters, if it has one.
        processes: this process among those that share the run.
        device: where it computes.
        done: number of steps taken.

    Args:
        processes: the only one, on the CPU, by default.
    """

    recipe: Any = None

    stateful: ClassVar[tuple[str, ...]]
    results: ClassVar[tuple[str, ...]] = ()

    def __init__(self, processes: Processes | None = None) -> None:
        self.processes = processes or Processes(device=CPU)
        self.device = self.processes.device
        self.done = 0

    @property
    def is_main(self) -> bool:
        """Whether this process writes the run's files."""
        return self.processes.is_main

    def anywhere(self, flag: bool) -> bool:
        """Whether a flag is set in any process that shares the run."""
        return self.processes.anywhere(flag)

    def autocast(self) -> torch.autocast:
        """The number format of the networks' passes in a step."""
        return self.processes.autocast(preferred_format(self.device))

    def agree(self) -> None:
        """Before the first step, let every process have the main one's weights."""
        self.processes.agree(self.state())

    def start_from(self, path: Path) -> None:
        """Begin with weights that were trained elsewhere; called before the first step of a run."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        kept = {name: getattr(self, name).state_dict() for name in self.stateful}
        return kept | {"step": self.done, "processes": self.processes.state()}

    def finished(self) -> dict[str, Any]:
        """The part of a `state` that finished files are made of, for a snapshot."""
        return {name: getattr(self, name).state_dict() for name in self.results} | {"step": self.done}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        for name in self.stateful:
            getattr(self, name).load_state_dict(state[name])
        self.done = int(state["step"])
        self.processes.load(state.get("processes", {}))  # of which earlier versions saved nothing in most stages


def preferred_format(device: torch.device) -> torch.dtype | None:
    """bf16 on a CPU that has instructions for it, else None for fp32.

    On a GPU, small networks wait for their kernels' launches, not for arithmetic, and conversions are launches too: of
    154 ms that a step of 32 pictures takes on an H200, its kernels take 37 ms.
    """
    return torch.bfloat16 if device.type == "cpu" and computes_bf16(device) else None


def mixed_precision(device: torch.device) -> torch.autocast:
    """Autocast to the `preferred_format`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=preferred_format(device) is not None)


def adam(
    parameters: Iterable[nn.Parameter], device: torch.device, fused: bool | None = None, **options: Any
) -> torch.optim.Adam:
    """Adam, fused on a GPU, which updates all parameters by a few kernels.

    Args:
        parameters: on the device.
        device: where they lie.
        fused: elsewhere.
        options: see `torch.optim.Adam`.
    """
    return torch.optim.Adam(parameters, fused=True if device.type == "cuda" else fused, **options)


def weighted_sum(parts: Mapping[str, Tensor], weights: Any) -> Tensor:
    """The sum of loss parts, each times the weight of its name.

    Args:
        parts: scalars by name.
        weights: a recipe's weights.
    """
    return torch.stack([getattr(weights, name) * value for name, value in parts.items()]).sum()


def minimise(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One update along the gradient of a loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Inside, the module's parameters get no gradient, though gradients pass through the module."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


def detached(parts: Mapping[str, Tensor]) -> Parts:
    """Loss parts without their graph, for the log."""
    return {name: value.detach() for name, value in parts.items()}


@torch.no_grad()
def update_ema(ema: nn.Module, model: nn.Module, decay: float) -> None:
    """ema <- decay·ema + (1 - decay)·model, for parameters; buffers are copied."""
    averaged = [parameter.detach() for parameter in ema.parameters()]
    torch._foreach_lerp_(averaged, [parameter.detach() for parameter in model.parameters()], 1 - decay)
    for mine, theirs in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(theirs)


def young_decay(decay: float, done: int) -> float:
    """The decay of an average after `done` steps: less than `decay` at first, as the first weights are random."""
    return min(decay, (1 + done) / (10 + done))
