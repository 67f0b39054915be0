from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams
from gpunit.networks.style_sampler import StyleSampler, StyleSamplerParams
from gpunit.training import checkpoints, run
from gpunit.training.checkpoints import TrainingError, load_checkpoint, load_run
from gpunit.training.prior.layouts import LayoutRecipe, LayoutTrainer, train_layout_prior
from gpunit.training.prior.trainer import PriorTrainer, train_prior
from gpunit.training.run import RunSettings, begin, run_steps
from gpunit.training.sampler import SamplerRecipe, fit_sampler
from gpunit.training.snapshots import best_of
from gpunit.training.stage1.trainer import DistillationData, DistillationTrainer, distill
from gpunit.training.stage2 import paper, small
from gpunit.training.trainer import Trainer, minimise
from tests.conftest import TINY, TINY_DISTILLATION, TINY_PAPER, TINY_PRIOR, TINY_SMALL


class Line(Trainer):
    """Fits the slope of a line to points; a step's batch is one point, to which noise is added."""

    stateful = ("model", "optimizer")
    results = ("model",)

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def start_from(self, path: Path) -> None:
        nn.init.constant_(self.model.weight, float(path.read_text()))

    def step(self, x: float) -> dict[str, torch.Tensor]:
        loss = (self.model(torch.tensor([x])) - 2 * x - 0.01 * torch.randn(1)).square().sum()
        minimise(loss, self.optimizer)
        self.done += 1
        return {"loss": loss.detach()}


def fit(settings: RunSettings, sample: Callable[[int], float] = lambda step: 1.0 + step % 3, **named: object) -> Line:
    trainer = Line()
    begin(trainer, settings)
    run_steps(trainer, sample, trainer.step, settings, **named)  # type: ignore[arg-type]
    return trainer


def test_a_run_leaves_checkpoint_log_and_sheets_and_is_followed(tmp_path: Path) -> None:
    lines: list[dict[str, float]] = []
    moved: list[tuple[int, int]] = []
    settings = RunSettings(
        tmp_path, 5, save_every=2, report=lines.append, progress=lambda done, steps: moved.append((done, steps))
    )
    fit(settings, sheet=lambda: Image.new("RGB", (4, 4)))
    assert [line["step"] for line in lines] == [2, 4, 5]
    assert [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()] == lines
    assert moved == [(done, 5) for done in range(6)]
    assert load_checkpoint(settings.checkpoint)["step"] == 5
    assert sorted(path.name for path in tmp_path.glob("sheet-*")) == [f"sheet-00000{step}.png" for step in (2, 4, 5)]


def test_a_resumed_run_is_the_run_that_was_never_stopped(tmp_path: Path) -> None:
    whole = fit(RunSettings(tmp_path / "whole", 7, seed=5))
    fit(RunSettings(tmp_path / "parts", 3, seed=5))
    parts = fit(RunSettings(tmp_path / "parts", 7, seed=5))
    assert torch.equal(whole.model.weight, parts.model.weight)
    assert not torch.equal(whole.model.weight, fit(RunSettings(None, 7, seed=6)).model.weight)


def test_a_run_starts_from_other_weights_only_if_it_has_none(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.write_text("100")
    settings = RunSettings(tmp_path / "run", 1, start_from=start)
    first = fit(settings)
    assert first.model.weight > 10
    start.unlink()
    trainer = Line()
    assert not begin(trainer, settings)
    assert torch.equal(trainer.model.weight, first.model.weight)
    assert begin(Line(), RunSettings(tmp_path / "nothing", 1))


def test_a_run_without_a_folder_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fit(RunSettings(None, 3, save_every=1)).done == 3
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_no_number_ends_the_run_with_its_last_checkpoint(tmp_path: Path) -> None:
    settings = RunSettings(tmp_path, 40, save_every=4)
    with pytest.raises(TrainingError, match=r"loss 'loss' is NaN.*by step 8.*still that of step 4"):
        fit(settings, lambda step: math.nan if step == 5 else 1.0)
    assert {path.name for path in tmp_path.iterdir()} - {"tensorboard"} == {"checkpoint.pt", "stats.jsonl"}
    assert len((tmp_path / "stats.jsonl").read_text().splitlines()) == 1
    again = Line()
    begin(again, settings)
    assert again.done == 4
    assert torch.isfinite(again.model.weight).all()


def test_a_run_that_diverges_long_before_its_checkpoint_ends_early(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"by step 20, so nothing was written and the run has no checkpoint yet"):
        fit(RunSettings(tmp_path, 10_000, save_every=10_000), lambda step: math.inf if step == 3 else 1.0)
    assert not list(tmp_path.iterdir())


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path) -> None:
    trainer = Line()

    def step(x: float) -> dict[str, torch.Tensor]:
        parts = trainer.step(x)
        if trainer.done == 4:
            nn.init.constant_(trainer.model.weight, math.nan)
        return parts

    settings = RunSettings(tmp_path, 4, save_every=2)
    with pytest.raises(TrainingError, match=r"numbers in model\.weight are NaN"):
        run_steps(trainer, lambda step: 1.0, step, settings)
    assert load_checkpoint(settings.checkpoint)["step"] == 2


def test_all_processes_stop_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Line, "anywhere", lambda self, flag: True)
    with pytest.raises(TrainingError, match="another process's losses are NaN"):
        fit(RunSettings(tmp_path, 2))


def raising(error: Exception) -> Callable[[int], float]:
    def sample(step: int) -> float:
        raise error

    return sample


@pytest.mark.parametrize("kind", ["a device's", "this machine's", "Python's"])
def test_a_run_that_runs_out_of_memory_says_so_and_keeps_its_checkpoint(kind: str, tmp_path: Path) -> None:
    def exhaust(step: int) -> float:
        if step == 3:
            if kind == "this machine's":
                torch.empty(2**60)
            raise torch.OutOfMemoryError("CUDA out of memory") if kind == "a device's" else MemoryError
        return 1.0

    settings = RunSettings(tmp_path, 5, save_every=2)
    with pytest.raises(TrainingError, match=r"memory ran out .*--batch.* after step 3, and .* still that of step 2"):
        fit(settings, exhaust)
    assert fit(settings).done == 5
    with pytest.raises(RuntimeError, match="another fault"):
        fit(replace(settings, steps=6), raising(RuntimeError("another fault")))


def test_a_run_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RunSettings(tmp_path, 6, save_every=2)
    whole = fit(replace(settings, folder=tmp_path / "whole"))

    def full(path: Path, state: object) -> None:
        if state["step"] == 4:  # type: ignore[index]
            raise OSError(errno.ENOSPC, "No space left on device")
        checkpoints.save_checkpoint(path, state)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(run, "save_checkpoint", full)
        with pytest.raises(TrainingError, match=r"the disk is full .* after step 4, and .* still that of step 2"):
            fit(settings)
    assert torch.equal(fit(settings).model.weight, whole.model.weight)
    with pytest.raises(PermissionError):
        fit(replace(settings, steps=8), raising(PermissionError("not yours")))


def test_snapshots_are_taken_at_their_steps_and_the_best_by_what_is_measured(tmp_path: Path) -> None:
    distances = iter([0.5, 0.1, 0.3])
    settings = RunSettings(tmp_path, 7, save_every=2, snapshot_every=2, keep=1, validate_every=3)
    fit(settings, validate=lambda: next(distances))
    assert sorted(path.name for path in tmp_path.glob("snapshot-*")) == ["snapshot-000006.pt", "snapshot-000007.pt"]
    assert best_of(tmp_path) == tmp_path / "snapshot-000006.pt"
    taken = load_run(tmp_path / "snapshot-000007.pt")
    assert taken["step"] == 7
    assert torch.equal(taken["model"]["weight"], load_run(tmp_path)["model"]["weight"])
    assert taken.keys() == {"model", "step"}
    told = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    assert {line["step"]: line.get("validation") for line in told} == {2: None, 4: 0.5, 6: 0.1, 7: 0.3}


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


TINY_LAYOUT = LayoutRecipe(
    ("cat", "dog"),
    latent_dim=8,
    width=4,
    encoder=TINY_PRIOR.encoder,
    discriminator=ProjectedDiscriminatorParams(mixed_width=8, head_width=8, with_layout=True),
    batch=4,
    reconstructed=2,
    crossed=1,
    sampled=1,
)


@pytest.mark.parametrize("where", ["weights", "gradients"])
@pytest.mark.parametrize("stage", ["prior", "layout", "stage I", "small", "paper"])
def test_every_stage_stops_before_it_writes_what_is_no_number(
    stage: str, where: str, pairs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, _ = pairs
    cat, dog = pictures / "cat", pictures / "dog"
    cases: dict[str, tuple[Any, str, Callable[[RunSettings], Path]]] = {
        "prior": (PriorTrainer, "generator", lambda on: train_prior([cat, dog], TINY_PRIOR, on)),
        "layout": (LayoutTrainer, "generator", lambda on: train_layout_prior([cat, dog], TINY_LAYOUT, on)),
        "stage I": (
            DistillationTrainer,
            "networks",
            lambda on: distill(DistillationData(*pairs, *pairs, ("cat", "dog")), TINY_DISTILLATION, on),
        ),
        "small": (small.SmallTrainer, "model", lambda on: small.train([dog], [cat], encoder(), TINY_SMALL, on)),
        "paper": (paper.PaperTrainer, "model", lambda on: paper.train([dog], [cat], encoder(), TINY_PAPER, on)),
    }
    trainer, network, run = cases[stage]
    plain = trainer.step

    def step(self: Trainer, *batch: object) -> dict[str, torch.Tensor]:
        if self.done == 3:
            with torch.no_grad():
                for parameter in getattr(self, network).parameters():
                    if where == "weights":
                        parameter.fill_(math.nan)
                    else:
                        parameter.requires_grad_(True).register_hook(lambda gradient: gradient * math.nan)
        return plain(self, *batch)

    monkeypatch.setattr(trainer, "step", step)
    settings = RunSettings(tmp_path / "run", 4, save_every=2)
    with pytest.raises(TrainingError, match=r"NaN or infinite by step 4.*still that of step 2"):
        run(settings)
    monkeypatch.setattr(trainer, "step", plain)
    assert load_checkpoint(settings.checkpoint)["step"] == 2
    assert load_checkpoint(run(settings))["step"] == 4


def test_the_samplers_fit_stops_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = StyleSampler.forward

    def poisoned(self: StyleSampler, latent: torch.Tensor) -> torch.Tensor:
        answer = plain(self, latent)
        if answer.requires_grad:
            answer.register_hook(lambda gradient: gradient * math.nan)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(StyleSampler, "forward", poisoned)
        with pytest.raises(TrainingError, match="NaN or infinite by step 1"):
            fit_sampler(torch.rand(20, 3), StyleSamplerParams(4, 8, style_dim=3), SamplerRecipe(40, batch=32))
    codes = torch.rand(20, 3)
    codes[3] = math.nan
    with pytest.raises(TrainingError, match="loss 'error' is NaN"):
        fit_sampler(codes, StyleSamplerParams(4, 8, style_dim=3), SamplerRecipe(codes_seen=40))
