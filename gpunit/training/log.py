"""The log of a run: `stats.jsonl`, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from gpunit.files import drop_torn_line

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class StatsLog:
    """`stats.jsonl` of a run: one JSON object per line, every value a mean over the steps since the previous line.

    A value that only some of those steps have is a mean over these.  Where TensorBoard is installed, the same figures
    go beside the file, into the folder `tensorboard`.  Values stay tensors until a line is written, so that logging
    never waits for the device.

    Args:
        path: the file; None writes nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._sums: dict[str, torch.Tensor | float] = {}
        self._counts: Counter[str] = Counter()
        self._notes: dict[str, float] = {}
        self._waited: float | None = None
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

    def wait(self, seconds: float) -> None:
        """Add the time that a step waited for its pictures; the next line tells it as a share of all time."""
        self._waited = seconds + (self._waited or 0.0)

    def note(self, values: Mapping[str, float]) -> None:
        """Add values that are no step's losses to the next line; those that are NaN or infinite are left out."""
        self._notes |= {name: round(value, 5) for name, value in values.items() if math.isfinite(value)}

    def first_nonfinite(self) -> str | None:
        """The first name whose value was NaN or infinite at a step since the previous line; waits for the device."""
        return next((name for name, total in self._sums.items() if not math.isfinite(float(total))), None)

    def write(self, step: int) -> dict[str, float]:
        """Write and return the means since the previous line, the step, the seconds per step, and the share of waiting.

        Raises:
            ValueError: if no step was added since the previous line, or a mean is NaN or infinite.
        """
        if not self._steps:
            raise ValueError("there is no step to write about: add one first.")
        if name := self.first_nonfinite():
            raise ValueError(f"the mean of {name} is not finite: a log with NaN in it is no JSON.")
        means = {name: round(float(value) / self._counts[name], 5) for name, value in self._sums.items()}
        elapsed = time.monotonic() - self._begun
        waiting = {} if self._waited is None else {"waiting": round(self._waited / max(elapsed, 1e-9), 5)}
        line = {"step": step, **means, **self._notes, "seconds": round(elapsed / self._steps, 5), **waiting}
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            drop_torn_line(self.path)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, allow_nan=False) + "\n")
            if find_spec("tensorboard"):
                self._show(line, self.path.parent / "tensorboard")
        self._sums, self._counts, self._notes, self._waited = {}, Counter(), {}, None
        self._steps, self._begun = 0, time.monotonic()
        return line

    def _show(self, line: Mapping[str, float], folder: Path) -> None:
        # Importing it takes a second that only a run's first line has to wait for.
        from torch.utils.tensorboard import SummaryWriter

        if self._board is None:
            self._board = SummaryWriter(str(folder), purge_step=int(line["step"]))
        for name, value in line.items():
            if name != "step":
                self._board.add_scalar(name, value, int(line["step"]))
        self._board.flush()
