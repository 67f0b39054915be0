"""The folder of a run: one process at a time works in it, and it keeps to the task that it was begun for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from torch import nn

from gpunit import files
from gpunit.training.checkpoints import NAME, TrainingError, read_note
from gpunit.training.trainer import Trainer

TASK_NAME = "run.json"
_LOCK_NAME = ".lock"

# What a run is of, such as {"stage": "II", "targets": ["cat"]}; the names are those of the messages.
Task = Mapping[str, Any]


@contextmanager
def held(folder: Path, trainer: Trainer) -> Iterator[None]:
    """Inside, no other run works in this folder; a process that is killed lets go of it.

    Args:
        folder: is made if missing.
        trainer: of the run; of several processes, the main one holds the folder for all.

    Raises:
        TrainingError: in all processes of the run, if another run works there.
    """
    lock = FileLock(folder / _LOCK_NAME, timeout=0)
    taken = False
    if trainer.is_main:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            taken = True
    if trainer.anywhere(taken):
        raise TrainingError(
            f"another process is training in {folder}; wait for its end, stop it, or choose another folder (--run)."
        )
    try:
        yield
    finally:
        lock.release()


def check_task(folder: Path, task: Task) -> None:
    """Make sure that a run which has a checkpoint is of this task; those of earlier versions do not say of which.

    Raises:
        TrainingError: naming what differs.
    """
    begun = read_task(folder)
    if not begun or not (folder / NAME).is_file():
        return
    mine = json.loads(json.dumps(task))
    for name, value in mine.items():
        if name in begun and begun[name] != value:
            raise TrainingError(
                f"{folder} was begun with {name} {_shown(begun[name])}, not {_shown(value)}; give what it was begun "
                "with, or choose another folder (--run)."
            )


def keep_task(folder: Path, task: Task) -> None:
    """Note what the run in a folder is of."""
    if read_task(folder) != json.loads(json.dumps(task)):
        files.write_json(folder / TASK_NAME, task)


def read_task(folder: Path) -> dict[str, Any]:
    """What the run in a folder is of; empty where nothing is noted.

    Raises:
        TrainingError: if the note is damaged.
    """
    return read_note(folder / TASK_NAME)


def fingerprint(network: nn.Module) -> str:
    """The first digits of a sum of a network's weights, by which a run knows the one that it was begun with."""
    return files.digest_of(tensor.detach().float().cpu().numpy().tobytes() for tensor in network.state_dict().values())[
        :12
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
