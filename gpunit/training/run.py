"""The training loop of every stage: resume, then per step seed, sample, update and log; at intervals check and save.

Everything random depends on (seed, step) alone, so a run that is stopped and resumed is bit for bit the run that was
never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image
from torch import Tensor

from gpunit import files
from gpunit.seeds import seed_step
from gpunit.training.checkpoints import (
    NAME,
    TrainingError,
    first_nonfinite,
    load_checkpoint,
    save_checkpoint,
    taking_from,
)
from gpunit.training.data import prefetch
from gpunit.training.log import StatsLog
from gpunit.training.trainer import Trainer

Batch = TypeVar("Batch")

# Steps between two looks at whether the losses are finite: each waits for the device.
_CHECKED_EVERY = 20


@dataclass(frozen=True)
class RunSettings:
    """Where and how long a run trains, and who follows it.

    Attributes:
        folder: of checkpoint.pt, stats.jsonl and sheets; a run in it is resumed.  None keeps nothing.
        steps: the run ends after so many steps, those before a resumption included.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        start_from: weights trained elsewhere, for a run that has no checkpoint yet.
        report: called with every line of the log.
        progress: called with (steps done, steps) before the first step and after each.
    """

    folder: Path | None
    steps: int
    seed: int = 0
    save_every: int = 200
    start_from: Path | None = None
    report: Callable[[dict[str, float]], None] = lambda line: None
    progress: Callable[[int, int], None] = lambda done, steps: None

    @property
    def checkpoint(self) -> Path:
        """The path of the run's checkpoint.

        Raises:
            ValueError: for a run that keeps nothing.
        """
        if self.folder is None:
            raise ValueError("a run without a folder has no checkpoint: give it one.")
        return self.folder / NAME


def begin(trainer: Trainer, settings: RunSettings) -> bool:
    """Load the run's checkpoint, or else the weights to start from; True for a run that begins from nothing.

    Raises:
        TrainingError: if the checkpoint is damaged or belongs to another run.
    """
    if settings.folder is not None and settings.checkpoint.exists():
        with taking_from(settings.checkpoint):
            trainer.load(load_checkpoint(settings.checkpoint))
        return False
    if settings.start_from is not None:
        trainer.start_from(settings.start_from)
        return False
    return True


def run_steps(
    trainer: Trainer,
    sample: Callable[[int], Batch],
    step: Callable[[Batch], Mapping[str, Tensor | float]],
    settings: RunSettings,
    sheet: Callable[[], Image.Image] | None = None,
) -> None:
    """Take the steps that a run still lacks.

    Args:
        trainer: after `begin`.
        sample: the batch of a step, from the step's number alone; called in another thread, one step ahead.
        step: one update on a batch; returns the loss parts.
        settings: of the run.
        sheet: a picture of what the networks do, saved with every checkpoint.

    Raises:
        TrainingError: if a loss or a weight is NaN or infinite.  Nothing is written then, and the last checkpoint
            stays.
    """
    log = StatsLog(settings.folder and settings.folder / "stats.jsonl")
    saved_at = trainer.done
    settings.progress(trainer.done, settings.steps)
    for number, batch in prefetch(sample, range(trainer.done, settings.steps)):
        seed_step(settings.seed, number)
        log.add(step(batch))
        settings.progress(trainer.done, settings.steps)
        saves = trainer.done % settings.save_every == 0 or trainer.done == settings.steps
        if saves or trainer.done % _CHECKED_EVERY == 0:
            _require_finite(trainer, log, saves, settings, saved_at)
        if saves and trainer.is_main:
            settings.report(log.write(trainer.done))
            _save(trainer, settings, sheet)
            saved_at = trainer.done


def _save(trainer: Trainer, settings: RunSettings, sheet: Callable[[], Image.Image] | None) -> None:
    if settings.folder is None:
        return
    save_checkpoint(settings.checkpoint, trainer.state())
    if sheet is not None:
        files.save_png(sheet(), settings.folder / f"sheet-{trainer.done:06d}.png")


def _require_finite(trainer: Trainer, log: StatsLog, saves: bool, settings: RunSettings, saved_at: int) -> None:
    """Stop a run whose losses, or what a checkpoint would keep of it, are not finite; in all processes at once."""
    loss = log.first_nonfinite()
    tensor = first_nonfinite(trainer.state()) if saves and loss is None else None
    if not trainer.anywhere(loss is not None or tensor is not None):
        return
    what = f"the loss {loss!r} is" if loss else f"numbers in {tensor} are" if tensor else "another process's losses are"
    kept = (
        f"{settings.checkpoint} is still that of step {saved_at}"
        if settings.folder is not None and settings.checkpoint.exists()
        else "the run has no checkpoint yet"
    )
    raise TrainingError(
        f"{what} NaN or infinite by step {trainer.done}, so nothing was written and {kept}; "
        "lower the learning rate or the weight of a loss that grows, and start again."
    )
