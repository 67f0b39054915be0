"""The training loop of every stage: resume, then per step seed, sample, update and log; at intervals check and save.

Everything random depends on (seed, step) alone, so a run that is stopped and resumed is bit for bit the run that was
never stopped.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image
from torch import Tensor

from gpunit import files, memory
from gpunit.seeds import seed_step
from gpunit.training.checkpoints import (
    NAME,
    TrainingError,
    first_nonfinite,
    load_checkpoint,
    save_checkpoint,
    taking_from,
)
from gpunit.training.folder import Task, check_task, held, keep_task
from gpunit.training.log import StatsLog
from gpunit.training.mixing import prefetch
from gpunit.training.recipe_files import NAME as RECIPE_NAME
from gpunit.training.recipe_files import write_recipe
from gpunit.training.snapshots import Snapshots
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
        waited: called before each step with the seconds that it waited for its pictures.
        recipe: what the recipe is called; a run is not continued by another.  Empty for one without a name.
        snapshot_every: steps between numbered snapshots of the finished weights; 0 for none.
        keep: how many of these are kept, the newest; the best one is kept besides.
        validate_every: steps between measurements on held-out pictures, each of which leaves a snapshot; 0 for none.
        held_out: folder of pictures that are not trained on, to measure on.
    """

    folder: Path | None
    steps: int
    seed: int = 0
    save_every: int = 200
    start_from: Path | None = None
    report: Callable[[dict[str, float]], None] = lambda line: None
    progress: Callable[[int, int], None] = lambda done, steps: None
    recipe: str = ""
    snapshot_every: int = 0
    keep: int = 5
    validate_every: int = 0
    held_out: Path | None = None
    waited: Callable[[float], None] = lambda seconds: None

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


@contextmanager
def opened(trainer: Trainer, settings: RunSettings, task: Task) -> Iterator[bool]:
    """Inside, the run has its folder for itself, and its trainer is where it left off.

    Args:
        trainer: a new one.
        settings: of the run.
        task: what the run is of.  It is kept in the folder, and a folder of another task is refused.

    Yields:
        True for a run that begins from nothing; see `begin`.

    Raises:
        TrainingError: if another process works in the folder, the run there is of another task, or its checkpoint is
            damaged.
    """
    if settings.folder is None:
        yield begin(trainer, settings)
        return
    whole = {**task, "seed": settings.seed} | ({"recipe": settings.recipe} if settings.recipe else {})
    with held(settings.folder, trainer):
        check_task(settings.folder, whole)
        is_new = begin(trainer, settings)
        if trainer.is_main:
            keep_task(settings.folder, whole)
            if settings.recipe and trainer.recipe is not None:
                write_recipe(settings.folder / RECIPE_NAME, settings.recipe, trainer.recipe)
        yield is_new


def run_steps(
    trainer: Trainer,
    sample: Callable[[int], Batch],
    step: Callable[[Batch], Mapping[str, Tensor | float]],
    settings: RunSettings,
    sheet: Callable[[], Image.Image] | None = None,
    validate: Callable[[], float] | None = None,
    describe: Callable[[], Mapping[str, float]] = dict,
) -> None:
    """Take the steps that a run still lacks.

    Args:
        trainer: after `begin`.
        sample: the batch of a step, from the step's number alone; called in another thread, one step ahead.
        step: one update on a batch; returns the loss parts.
        settings: of the run.
        sheet: a picture of what the networks do, saved with every checkpoint.
        validate: the distance to held-out pictures, measured every `settings.validate_every` steps and at the end.
        describe: figures of the networks for every line of the log.

    Raises:
        TrainingError: if a loss or a weight is NaN or infinite, or memory or the disk is full.  The last checkpoint
            stays.
    """
    trainer.agree()
    record = _Record(trainer, settings, sheet, validate, describe)
    settings.progress(trainer.done, settings.steps)
    try:
        for number, batch in prefetch(sample, range(trainer.done, settings.steps), record.wait):
            seed_step(settings.seed, number)
            record.log.add(step(batch))
            settings.progress(trainer.done, settings.steps)
            record.update()
    except Exception as error:  # out of memory is no type of its own everywhere
        if (what := _what_ran_out(error)) is None:
            raise
        raise TrainingError(f"{what} after step {trainer.done}, and {record.kept()}.") from None


class _Record:
    """What a run leaves in its folder: checkpoints, log, sheets and snapshots."""

    def __init__(
        self,
        trainer: Trainer,
        settings: RunSettings,
        sheet: Callable[[], Image.Image] | None,
        validate: Callable[[], float] | None,
        describe: Callable[[], Mapping[str, float]],
    ) -> None:
        self._trainer, self._settings, self._sheet = trainer, settings, sheet
        self._validate, self._describe = validate, describe
        self.log = StatsLog(settings.folder and settings.folder / "stats.jsonl")
        self._saved_at = trainer.done

    def wait(self, seconds: float) -> None:
        """Before every step: how long it waited for its pictures."""
        self.log.wait(seconds)
        self._settings.waited(seconds)

    def update(self) -> None:
        """After every step: check, validate, save and log what is due."""
        trainer, settings = self._trainer, self._settings
        saves = self._is_due(settings.save_every)
        validates = self._validate is not None and self._is_due(settings.validate_every)
        snaps = settings.folder is not None and (validates or self._is_due(settings.snapshot_every))
        if saves or validates or snaps or trainer.done % _CHECKED_EVERY == 0:
            self._require_finite(saves or validates or snaps)
        if not trainer.is_main:
            return
        distance = self._validate() if validates and self._validate is not None else None
        if distance is not None:
            self.log.note({"validation": distance})
        if saves:
            self.log.note(self._describe())
            settings.report(self.log.write(trainer.done))
            self._save()
        if snaps and settings.folder is not None:
            Snapshots(settings.folder, settings.keep).save(trainer.done, trainer.finished(), distance)

    def kept(self) -> str:
        """What is left of the run if it ends here."""
        settings = self._settings
        if settings.folder is not None and settings.checkpoint.exists():
            return f"{settings.checkpoint} is still that of step {self._saved_at}"
        return "the run has no checkpoint yet"

    def _is_due(self, every: int) -> bool:
        done = self._trainer.done
        return every > 0 and (done % every == 0 or done == self._settings.steps)

    def _save(self) -> None:
        settings = self._settings
        if settings.folder is not None:
            save_checkpoint(settings.checkpoint, self._trainer.state())
            self._saved_at = self._trainer.done
            if self._sheet is not None:
                files.save_png(self._sheet(), settings.folder / f"sheet-{self._trainer.done:06d}.png")

    def _require_finite(self, writes: bool) -> None:
        """Stop a run whose losses, or what would be written of it, are not finite; in all processes at once."""
        trainer = self._trainer
        loss = self.log.first_nonfinite()
        tensor = first_nonfinite(trainer.state()) if writes and loss is None else None
        if not trainer.anywhere(loss is not None or tensor is not None):
            return
        other = "another process's losses are"
        what = f"the loss {loss!r} is" if loss else f"numbers in {tensor} are" if tensor else other
        raise TrainingError(
            f"{what} NaN or infinite by step {trainer.done}, so nothing was written and {self.kept()}; "
            "lower the learning rate or the weight of a loss that grows, and start again."
        )


def _what_ran_out(error: Exception) -> str | None:
    """What an error says there is too little of, and the way out; None for any other error."""
    if memory.ran_out(error):
        return "memory ran out (take fewer pictures a step, --batch, or close other programs)"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "the disk is full (make room, then give the command again to go on)"
    return None
