from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.run import RunSettings
from gpunit.training.snapshots import INDEX_NAME, best_of
from gpunit.training.stage2.small import train
from tests.conftest import TINY, TINY_SMALL, blobs


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def test_a_run_is_measured_on_pictures_that_it_does_not_see_and_is_not_changed_by_it(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    cat, dog, held_out = folders("cat", "dog", "held-out")
    measured = RunSettings(tmp_path / "run", 3, save_every=3, validate_every=1, held_out=held_out)
    path = train([dog], [cat], encoder(), TINY_SMALL, measured)
    told = json.loads((tmp_path / "run" / INDEX_NAME).read_text())
    assert told["distances"].keys() == {"1", "2", "3"}
    best = min(told["distances"], key=told["distances"].get)
    assert best_of(tmp_path / "run") == tmp_path / "run" / f"snapshot-00000{best}.pt"
    last = json.loads((tmp_path / "run" / "stats.jsonl").read_text())
    assert last["validation"] == pytest.approx(told["distances"]["3"], abs=1e-5)
    plain = train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path / "plain", 3, save_every=3))
    weights, wanted = (load_checkpoint(each)["ema"] for each in (path, plain))
    assert all(torch.equal(weights[name], tensor) for name, tensor in wanted.items())


def test_one_picture_is_too_few_to_measure_on(tmp_path: Path, folders: Callable[..., list[Path]]) -> None:
    cat, dog, alone = folders("cat", "dog", "alone", count=2)
    next(alone.iterdir()).unlink()
    with pytest.raises(TrainingError, match="holds one picture"):
        train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path / "run", 1, validate_every=1, held_out=alone))
    blobs(3).save(alone / "another.png")
    assert not (tmp_path / "run").exists()
