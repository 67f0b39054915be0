from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.run import RunSettings
from gpunit.training.stage2.small import SmallTrainer, train
from tests.conftest import TINY_SMALL
from tests.training.stage2.test_trainer import batch, encoder


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, bird, cat = folders("dog", "bird", "cat")

    def run(name: str, steps: int) -> Path:
        return train(
            [dog, bird], [cat, bird], encoder(), TINY_SMALL, RunSettings(tmp_path / name, steps, seed=3, save_every=2)
        )

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)  # the other two steps are at full size
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("model", "ema", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


def test_a_run_keeps_the_lengths_it_began_with_when_it_is_resumed() -> None:
    trainer = SmallTrainer(replace(TINY_SMALL, warm_up=0, coarse=0), encoder())
    resumed = SmallTrainer(TINY_SMALL, encoder())
    resumed.load(trainer.state())
    assert resumed.scale_at(0) == 1
    assert "adversarial" in resumed.step(*batch())


def test_a_target_must_be_a_domain(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, cow = folders("cat", "cow")
    with pytest.raises(TrainingError, match="'cow' is none of the domains"):
        train([cat], [cow], encoder(), TINY_SMALL, RunSettings(tmp_path / "run", 1))
    assert not (tmp_path / "run").exists()
