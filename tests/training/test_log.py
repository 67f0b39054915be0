from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from gpunit.training.log import StatsLog


def test_a_part_that_few_steps_have_is_averaged_over_those(tmp_path: Path) -> None:
    log = StatsLog(tmp_path / "stats.jsonl")
    for step in range(4):
        log.add({"loss": 1.0, "late": 2.0} if step == 3 else {"loss": 3.0})
    line = log.write(4)
    assert (line["loss"], line["late"]) == (2.5, 2.0)


def test_tensorboard_gets_what_the_log_gets(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = StatsLog(tmp_path / "stats.jsonl")
    for step in (1, 2):
        log.add({"loss": torch.tensor(float(step))})
        log.write(step)
    lines = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [(event.step, event.value) for event in board.Scalars("loss")] == [(1, 1.0), (2, 2.0)]
    assert [(line["step"], line["loss"]) for line in lines] == [(1, 1.0), (2, 2.0)]
