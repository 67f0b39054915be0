from __future__ import annotations

import json
import math
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


def test_notes_join_the_next_line_and_no_line_has_nan_in_it(tmp_path: Path) -> None:
    path = tmp_path / "stats.jsonl"
    path.write_text('{"step": 1}\n{"step": 2, "lo')  # cut off when the machine went down
    log = StatsLog(path)
    log.add({"loss": 1.0})
    log.note({"validation": 0.25, "broken": math.nan, "endless": math.inf})
    log.write(2)
    log.add({"loss": 2.0})
    log.write(3)
    first, second, third = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {"step": 1}
    assert second | {"seconds": 0} == {"step": 2, "loss": 1.0, "validation": 0.25, "seconds": 0}
    assert third.keys() == {"step", "loss", "seconds"}
    log.wait(0.0)
    log.wait(0.0)
    log.add({"loss": 3.0})
    assert log.write(4)["waiting"] == 0
    log.add({"loss": math.nan})
    with pytest.raises(ValueError, match="the mean of loss is not finite"):
        log.write(5)
    assert len(path.read_text().splitlines()) == 4
