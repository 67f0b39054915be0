"""What the commands share: option types, the console, messages."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from torch import Tensor

from gpunit import images, memory
from gpunit.engine.batch import Share
from gpunit.engine.device import pick_device
from gpunit.seeds import MAX_SEED

console = Console(stderr=True)
# The way out where a file would be overwritten.
OTHER_OUTPUT = "choose another --output"

Precision = Annotated[str, typer.Option(help="fp32, bf16, fp16 or auto.")]
Device = Annotated[str, typer.Option(help="cuda, mps, cpu or auto.")]
Seed = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="The same seed gives the same results.")]
Run = Annotated[Path, typer.Option(help="Folder of the run; an interrupted run in it is resumed.")]
Data = Annotated[Path, typer.Argument(help="Folder with one subfolder of pictures per domain.")]
SaveEvery = Annotated[int, typer.Option(min=1, help="Steps between checkpoints, log lines and sheets.")]
StartFrom = Annotated[
    Path | None, typer.Option(help="Begin a fresh run from these finished weights instead of from nothing.")
]


class UsageError(ValueError):
    """A request that cannot be met as it was typed; the message says why and what to do, in one sentence."""


def counting(shown: bool = True, speed_estimate_period: float = 30) -> Progress:
    """A progress bar for things that are counted, with the time that is left; estimated over so many seconds."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not shown,
        speed_estimate_period=speed_estimate_period,
    )


def receiving() -> Progress:
    """A progress bar for bytes that are received."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True)


def reporter(progress: Progress, description: str) -> Callable[[int, int], None]:
    """Start a task of a progress bar; the function shows how much of it is done, of how much in all (0: unknown)."""
    task = progress.add_task(description, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total or None)


class TrainingBar:
    """The progress bar of a training run, with the time that is left; log lines scroll past above it.

    Its methods are what the training functions report to.

    Args:
        description: what is trained.
        shown: False in all but one of several processes.
    """

    def __init__(self, description: str, shown: bool = True) -> None:
        # Steps take seconds, and the first of a run more: half an hour of them makes a steady estimate.
        self._progress = counting(shown, speed_estimate_period=1800)
        # Shows that `done` of `steps` steps are done.
        self.move = reporter(self._progress, description)

    def __enter__(self) -> TrainingBar:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def print_line(self, line: dict[str, float]) -> None:
        """Print one line of a training log."""
        typer.echo("  ".join(f"{name} {value:g}" for name, value in line.items()))


def print_table(table: Table, width: int) -> None:
    """Print a table: as wide as the terminal, or `width` characters in a file, which has no width of its own."""
    out = Console()
    (out if out.is_terminal else Console(width=width)).print(table)


def require_one_process() -> None:
    """Stop where a launcher has started several processes, which would all train the same run.

    Raises:
        UsageError: in that case.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("this recipe trains in one process; start it without a launcher.")


def own_device(device: str, share: Share) -> str:
    """The device of one of several processes on a machine: with "auto", a GPU for each as far as there are some."""
    if device == "auto" and share.count > 1 and pick_device().type == "cuda":
        return f"cuda:{share.on_machine % torch.cuda.device_count()}"
    return device


def finite(value: float) -> float:
    """Option callback: refuses NaN and infinity, which pass the check of every range."""
    if not math.isfinite(value):
        raise typer.BadParameter("it must be a finite number, such as 0.5.")
    return value


def listed(names: str | None) -> str | None:
    """Option callback: names separated by commas, without the spaces around them; refuses empty ones."""
    if names is None:
        return None
    parts = [name.strip() for name in names.split(",")]
    if not all(parts):
        raise typer.BadParameter("names are separated by single commas, as in cat,dog.")
    return ",".join(parts)


def explain(error: Exception) -> str:
    """One sentence for an error that ends a command."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; check the path, its permissions and the room on the disk, and try again."
    if memory.ran_out(error):
        return "memory ran out; give smaller or fewer pictures, or close other programs, and try again."
    return str(error)


def read_folder(folder: Path, size: int, count: int | None = None) -> Tensor:
    """The pictures of a folder, at most `count` of them, as (N, 3, size, size) in [-1, 1].

    Raises:
        UsageError: if it holds fewer than two, which cannot be compared.
    """
    pictures = torch.cat(list(images.read_batches(folder, size, count)))
    if len(pictures) < 2:
        raise UsageError(f"{folder} holds one picture, and no two can be compared; give a folder of more.")
    return pictures
