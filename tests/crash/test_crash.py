"""Killed with SIGKILL at random moments, a few times each; `python -m tests.crash` does it more often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpunit.training.checkpoints import TrainingError, load_checkpoint
from tests.crash import scenes
from tests.crash.jobs import Killed


def test_a_killed_training_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    assert scenes.training(tmp_path / "scene", kills=3, longest=1.5).kills > 0


@pytest.mark.parametrize("scene", [scenes.distillation, scenes.prior])
def test_a_killed_stage_goes_on_from_its_last_checkpoint(scene: Callable[..., Killed], tmp_path: Path) -> None:
    assert scene(tmp_path / "scene", kills=2, longest=2.0).kills > 0


def test_a_killed_fit_leaves_a_whole_translator_or_none(tmp_path: Path) -> None:
    assert scenes.fit(tmp_path / "scene", kills=2, longest=1.0).kills > 0


def test_a_killed_conversion_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    assert scenes.conversion(tmp_path / "early", kills=1, longest=0.04).kills == 1  # before any machine is done
    scenes.conversion(tmp_path / "later", kills=2, longest=0.5)


def test_a_killed_download_is_resumed(tmp_path: Path) -> None:
    assert scenes.download(tmp_path / "scene", kills=3, longest=0.5).kills > 0


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04cut off"])
def test_a_damaged_checkpoint_is_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="delete it to begin anew"):
        load_checkpoint(path)
    assert path.read_bytes() == content
