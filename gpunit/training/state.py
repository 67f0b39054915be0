"""What a training run needs to stop and go on as if it had not: checkpoints, per-step seeds, EMA, a log."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from gpunit.engine.device import computes_bf16
from gpunit.zoo import weights

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TrainingError(ValueError):
    """A run that cannot start or go on; the message says why and what to do, in one sentence."""


def mixed_precision(device: torch.device) -> torch.autocast:
    """bf16 on a CPU that computes in it.

    On a GPU, small networks wait for their launches and not for arithmetic (of 154 ms that a step of 32 pictures takes
    on an H200, its kernels take 37), and conversions are launches too.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cpu" and computes_bf16(device))


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its final name and rename it: a cut-off write leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    torch.save(dict(state), partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint written by `save_checkpoint`.

    Raises:
        TrainingError: if it is damaged.
    """
    try:
        state: dict[str, Any] = weights.read_pickle(path)
    except weights.ModelError:
        raise TrainingError(
            f"{path} is damaged and the run cannot go on from it; restore it from a copy, or delete it to begin anew."
        ) from None
    return state


@contextmanager
def taking_from(path: Path) -> Iterator[None]:
    """Explains what goes wrong while a checkpoint's state is put into networks.

    Raises:
        TrainingError: if it is that of another kind of run, or of networks of another shape.
    """
    try:
        yield
    except TrainingError:
        raise
    except (KeyError, RuntimeError, ValueError):
        raise TrainingError(
            f"{path} is of another kind of run, or of networks of another shape; give the options that its run was "
            "begun with, or another folder."
        ) from None


class Resumable(Protocol):
    """Whoever goes on from a checkpoint's state."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


def resume(trainer: Resumable, path: Path) -> bool:
    """Go on from a run's checkpoint; False if it has none yet.

    Raises:
        TrainingError: if it is damaged, or that of another run.
    """
    if not path.exists():
        return False
    with taking_from(path):
        trainer.load(load_checkpoint(path))
    return True


@torch.no_grad()
def update_ema(ema: nn.Module, model: nn.Module, decay: float) -> None:
    """ema <- decay·ema + (1 - decay)·model, for parameters; buffers are copied."""
    averaged = [parameter.detach() for parameter in ema.parameters()]
    torch._foreach_lerp_(averaged, [parameter.detach() for parameter in model.parameters()], 1 - decay)
    for mine, theirs in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(theirs)


class StatsLog:
    """`stats.jsonl` of a run: one JSON object a line, each value averaged over the steps since the line before that
    had it.

    Where TensorBoard is installed, the same figures go beside it, into the folder `tensorboard`.  Values stay tensors
    until a line is written, so that logging never waits for the device.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sums: dict[str, torch.Tensor | float] = {}
        self._counts: Counter[str] = Counter()
        self._steps = 0
        self._board: SummaryWriter | None = None
        self._begun = time.monotonic()

    def add(self, parts: Mapping[str, torch.Tensor | float]) -> None:
        """Add one step's named values."""
        self._steps += 1
        self._counts.update(parts.keys())
        for name, value in parts.items():
            if isinstance(value, torch.Tensor):
                value = value.detach().float()
            self._sums[name] = self._sums.get(name, 0.0) + value

    def write(self, step: int) -> dict[str, float]:
        """Write and return the means since the last call, with the step and the seconds that one step took.

        Raises:
            ValueError: if no step was added since the last call.
        """
        if not self._steps:
            raise ValueError("there is no step to write about: add one first.")
        means = {name: round(float(value) / self._counts[name], 5) for name, value in self._sums.items()}
        seconds = round((time.monotonic() - self._begun) / self._steps, 5)
        line = {"step": step, **means, "seconds": seconds}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        if find_spec("tensorboard"):
            self._draw(line)
        self._sums, self._counts, self._steps, self._begun = {}, Counter(), 0, time.monotonic()
        return line

    def _draw(self, line: Mapping[str, float]) -> None:
        # Importing it takes a second that only a run's first line has to wait for.
        from torch.utils.tensorboard import SummaryWriter

        if self._board is None:
            self._board = SummaryWriter(str(self.path.parent / "tensorboard"), purge_step=int(line["step"]))
        for name, value in line.items():
            if name != "step":
                self._board.add_scalar(name, value, int(line["step"]))
        self._board.flush()
