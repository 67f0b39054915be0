"""What is timed of every stage; how long it takes is not tested."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit import benchmark
from gpunit.benchmark import machine, stages
from gpunit.benchmark.stages import Stage, stage_figures
from gpunit.training import recipes
from gpunit.training.run import RunSettings, run_steps
from gpunit.training.trainer import CPU, Trainer
from tests.conftest import TINY_DISTILLATION, TINY_PRIOR, TINY_SMALL


class Multiplying(Trainer):
    """A step takes a second, its batch half of one, and it multiplies two matrices of side 10."""

    stateful = ()


def take_steps(clock: list[float]) -> Callable[[Path, RunSettings, torch.device], None]:
    def run(data: Path, settings: RunSettings, device: torch.device) -> None:
        trainer = Multiplying()

        def step(batch: torch.Tensor) -> dict[str, float]:
            clock[0] += 1
            batch @ batch
            trainer.done += 1
            return {"loss": 0.0}

        def waited(seconds: float) -> None:
            clock[0] += 0.5
            settings.waited(0.5)

        run_steps(trainer, lambda number: torch.ones(10, 10), step, _replaced(settings, waited))

    return run


def _replaced(settings: RunSettings, waited: Callable[[float], None]) -> RunSettings:
    return RunSettings(None, settings.steps, progress=settings.progress, waited=waited)


def test_steps_are_timed_with_their_waiting_and_their_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(stages.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(stages, "seconds_of", lambda work, device: 2.0)
    figures = stage_figures(Stage(6, take_steps(clock), mixed=False), CPU, deadline=1e9, steps=4)
    assert figures["step_s"] == 1.5
    assert figures["pictures_per_second"] == 4
    assert figures["waiting_share"] == pytest.approx(1 / 3)
    assert figures["gflop"] == pytest.approx(2 * 10**3 / 1e9)
    assert figures["step_share_of_peak"] == pytest.approx(figures["gflop"] / 1.5 / figures["matmul_gflops"])
    assert figures["rounds"] == 4
    assert stage_figures(Stage(6, take_steps(clock), mixed=False), CPU, deadline=0.0, steps=4)["rounds"] == 2


def test_every_stage_trains_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(machine, "MATRIX", 32)
    monkeypatch.setattr(stages, "_PICTURES", 4)
    monkeypatch.setattr(stages, "_CODES", 256)
    monkeypatch.setattr(recipes, "PRIOR_SMALL", TINY_PRIOR)
    monkeypatch.setattr(recipes, "SMALL_DISTILLATION", TINY_DISTILLATION)
    monkeypatch.setattr(recipes, "SmallRecipe", functools.partial(dataclasses.replace, TINY_SMALL))
    for name, stage in stages.stages().items():
        figures = stage_figures(stage, CPU, time.perf_counter(), steps=2)
        assert figures["rounds"] == 2, name
        assert figures["gflop"] > 0, name
        assert 0 <= figures["waiting_share"] <= 1, name
    assert list(tmp_path.iterdir()) == []


def test_stages_are_measured_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "_measure_part", lambda *rest: {})
    monkeypatch.setattr(stages, "stage_figures", lambda stage, device, deadline: {"step_s": 1.0})
    said: list[str] = []
    figures = benchmark.measure(("startup",), "cpu", every_stage=True, report=said.append)
    assert {name for name in figures if name.startswith("stage ")} == {
        "stage prior",
        "stage distill",
        "stage train",
        "stage sampler",
    }
    assert "the stage prior" in said
