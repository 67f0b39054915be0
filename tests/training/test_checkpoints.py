from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

from gpunit.training.checkpoints import (
    TrainingError,
    first_nonfinite,
    load_checkpoint,
    load_run,
    save_checkpoint,
    taking_from,
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    state: dict[str, Any] = {"model": {"weight": torch.rand(3)}, "step": 7}
    save_checkpoint(tmp_path / "run" / "checkpoint.pt", state)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoint.pt"]
    loaded = load_run(tmp_path / "run")
    assert loaded["step"] == 7
    assert torch.equal(loaded["model"]["weight"], state["model"]["weight"])


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})

    def half(state: object, to: BinaryIO) -> None:
        to.write(b"PK")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, {"step": 2})
    assert load_checkpoint(path) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_without_a_run_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no checkpoint\.pt"):
        load_run(tmp_path)


def test_a_checkpoint_of_another_run_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="of another kind of run"), taking_from(tmp_path):
        torch.nn.Linear(2, 2).load_state_dict({"weight": torch.zeros(3, 2), "bias": torch.zeros(2)})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_the_first_number_that_is_not_finite_is_named(value: float) -> None:
    good = {"step": 3, "model": {"weight": torch.ones(2)}, "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}}}
    assert first_nonfinite(good) is None
    bad = torch.tensor([0.0, value])
    assert first_nonfinite(good | {"model": {"weight": bad}}) == "model.weight"
    assert first_nonfinite(good | {"optimizer": {"state": {0: {"exp_avg": bad}}}}) == "optimizer.state.0.exp_avg"
    assert first_nonfinite(good | {"scale": [1.0, value]}) == "scale.1"


def test_a_disk_that_is_full_is_named_and_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    """A limit on the size of files stands for it."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            save_checkpoint(path, {"weight": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert load_checkpoint(path) == {"step": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]
