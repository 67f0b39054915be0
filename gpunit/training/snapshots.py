"""Numbered snapshots of a run's finished weights, and which of them is nearest to held-out pictures.

snapshot-000400.pt     what finished files are made of, at step 400
snapshots.json         the distances that were measured, by step, and the name of the best snapshot
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunit import files
from gpunit.training.checkpoints import TrainingError, read_note, save_checkpoint

INDEX_NAME = "snapshots.json"


class Snapshots:
    """The snapshots in a run's folder: the newest ones, and the best.

    Args:
        folder: of the run.
        keep: so many of the newest are kept; the best one is kept besides.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder, self._keep = folder, keep

    def save(self, step: int, state: Mapping[str, Any], distance: float | None = None) -> None:
        """Write the snapshot of a step, then remove older ones.

        Args:
            step: its number.
            state: what `load_run` is to return.
            distance: to held-out pictures, if it was measured; NaN is not noted.
        """
        save_checkpoint(self._folder / _name(step), state)
        if distance is not None and math.isfinite(distance):
            distances = {**self.distances(), step: distance}
            nearest = min(distances, key=lambda each: distances[each])
            files.write_json(self._folder / INDEX_NAME, {"best": _name(nearest), "distances": distances})
        best = best_of(self._folder)
        for old in _numbered(self._folder)[: -self._keep]:
            if old != best:
                old.unlink()

    def distances(self) -> dict[int, float]:
        """The distances that were measured, by step."""
        return {int(step): distance for step, distance in _index(self._folder).get("distances", {}).items()}


def best_of(folder: Path) -> Path | None:
    """The best snapshot in a run's folder; None where none was measured, or it is gone."""
    name = _index(folder).get("best")
    return folder / name if name and (folder / name).is_file() else None


def snapshot_path(folder: Path, name: str) -> Path:
    """A snapshot in a run's folder, by its step's number or as `best`.

    Raises:
        TrainingError: if there is none of this name; it says which there are.
    """
    path = best_of(folder) if name == "best" else folder / _name(int(name)) if name.isdecimal() else None
    if path is None or not path.is_file():
        there = ", ".join(str(_step(each)) for each in _numbered(folder))
        raise TrainingError(f"{folder} has no snapshot {name!r}; " + (f"it has {there}." if there else "it has none."))
    return path


def _numbered(folder: Path) -> list[Path]:
    return sorted(folder.glob("snapshot-*.pt"), key=_step)


def _step(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _name(step: int) -> str:
    return f"snapshot-{step:06d}.pt"


def _index(folder: Path) -> dict[str, Any]:
    return read_note(folder / INDEX_NAME)
