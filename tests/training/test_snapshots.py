from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from gpunit.training.checkpoints import TrainingError, load_run
from gpunit.training.snapshots import INDEX_NAME, Snapshots, best_of


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pt"))


def test_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, keep=2)
    for step in (100, 200, 300, 1_000_000):
        snapshots.save(step, {"step": step})
    assert names(tmp_path) == ["snapshot-000300.pt", "snapshot-1000000.pt"]
    assert load_run(tmp_path / "snapshot-000300.pt") == {"step": 300}
    assert best_of(tmp_path) is None


def test_the_best_snapshot_is_marked_and_outlives_newer_ones(tmp_path: Path) -> None:
    for step, distance in ((1, 0.9), (2, 0.2), (3, math.nan), (4, 0.4), (5, 0.3)):
        Snapshots(tmp_path, keep=1).save(step, {"step": step}, distance)  # each as after a resumption
    assert names(tmp_path) == ["snapshot-000002.pt", "snapshot-000005.pt"]
    assert best_of(tmp_path) == tmp_path / "snapshot-000002.pt"
    told = json.loads((tmp_path / INDEX_NAME).read_text())
    assert told == {"best": "snapshot-000002.pt", "distances": {"1": 0.9, "2": 0.2, "4": 0.4, "5": 0.3}}
    (tmp_path / INDEX_NAME).write_text("{")
    with pytest.raises(TrainingError, match="is damaged"):
        best_of(tmp_path)
