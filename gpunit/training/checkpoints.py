"""Checkpoints of runs: written whole or not at all, read strictly."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gpunit.files import written_beside
from gpunit.zoo import weights

NAME = "checkpoint.pt"


class TrainingError(ValueError):
    """A run that cannot start or go on; the message says why and what to do, in one sentence."""


class _Written(io.FileIO):
    """A file for writing that remembers why it could not be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w")
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        """Write all of it, or raise an OSError."""
        left = memoryview(content).cast("B")
        whole = len(left)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
            raise
        return whole


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its final name and rename it: an interrupted write leaves the old one whole.

    Raises:
        OSError: if it cannot be written, as where the disk is full.
    """
    with written_beside(path) as partial, _Written(partial) as file:
        try:
            torch.save(dict(state), file)
        except RuntimeError:
            if file.error is not None:  # torch's writer hides it
                raise file.error from None
            raise
        file.flush()
        os.fsync(file.fileno())  # a name must not outlive a power failure that its content did not


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint written by `save_checkpoint`, onto the CPU.

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


def load_run(folder: Path) -> dict[str, Any]:
    """The checkpoint in a run's folder, or a snapshot by its own path.

    Raises:
        TrainingError: if there is none, or it is damaged.
    """
    path = folder if folder.suffix == ".pt" and folder.is_file() else folder / NAME
    if not path.is_file():
        raise TrainingError(f"{folder} holds no {NAME}; give the folder of a training run.")
    return load_checkpoint(path)


@contextmanager
def taking_from(path: Path) -> Iterator[None]:
    """Inside, a checkpoint's state is put into networks; what goes wrong then is explained.

    Raises:
        TrainingError: if the checkpoint belongs to another kind of run, or to networks of another shape.
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


def first_nonfinite(state: Any, name: str = "") -> str | None:
    """The name of the first tensor or number of a state that is NaN or infinite, such as "model.mlp.weight".

    Args:
        state: tensors and numbers in dictionaries and lists.
        name: of the state itself.
    """
    if isinstance(state, Mapping):
        named = ((str(key), value) for key, value in state.items())
    elif isinstance(state, list | tuple):
        named = ((str(index), value) for index, value in enumerate(state))
    else:
        is_number = isinstance(state, torch.Tensor | float)
        return name if is_number and not bool(torch.isfinite(torch.as_tensor(state)).all()) else None
    found = (first_nonfinite(value, f"{name}.{key}" if name else key) for key, value in named)
    return next((each for each in found if each is not None), None)


def read_note(path: Path) -> dict[str, Any]:
    """A JSON object that a run keeps beside its checkpoint; empty where there is no such file.

    Raises:
        TrainingError: if it is damaged.
    """
    try:
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise TrainingError(f"{path} is damaged; delete it and give the command again.") from None
    return note
