from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from gpunit.training.bundle import bundle_prior
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.data import PictureSet
from gpunit.training.mixing import sample_mixed_labelled
from gpunit.training.prior.trainer import PriorTrainer, train_prior
from gpunit.training.processes import Processes
from gpunit.training.run import RunSettings
from tests.conftest import TINY_PRIOR
from tests.training.parallel import Answer, assert_alike, assert_same_runs, both_processes, float64, taken_steps


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog")

    def run(name: str, steps: int) -> Path:
        return train_prior(data, TINY_PRIOR, RunSettings(tmp_path / name, steps, seed=3, save_every=2))

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


def test_every_parameter_learns(folders: Callable[..., list[Path]]) -> None:
    sets = [PictureSet(folder, 64, label=i) for i, folder in enumerate(folders("cat", "dog"))]
    trainer = PriorTrainer(TINY_PRIOR)
    batch = sample_mixed_labelled(sets, 2, 0, 0)
    torch.manual_seed(0)
    trainer.step(batch.picture, batch.label)
    for network in (trainer.generator, trainer.encoder):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_a_new_run_starts_from_finished_weights(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog")
    train_prior(data, TINY_PRIOR, RunSettings(tmp_path / "run", 1))
    bundle_prior(tmp_path / "run", TINY_PRIOR, ["cat", "dog"], tmp_path / "prior", codes=8)
    trainer = PriorTrainer(TINY_PRIOR, seed=9)
    trainer.start_from(tmp_path / "prior")
    finished = load_checkpoint(tmp_path / "run" / "checkpoint.pt")["ema_generator"]
    for name, parameter in trainer.generator.named_parameters():
        assert torch.allclose(parameter, finished[name], atol=2e-3), name
    resumed = train_prior(data, TINY_PRIOR, RunSettings(tmp_path / "next", 1, start_from=tmp_path / "prior"))
    assert load_checkpoint(resumed)["step"] == 1


SHARED = replace(TINY_PRIOR, batch=4, crossed=2, sampled=2)


def steps() -> Answer:
    """What a step leads to, in float64; {} in any but the main process."""
    with float64():
        trainer = PriorTrainer(SHARED, processes=Processes("fp32", "cpu"))
        trainer.backbone.double()  # its weights come from a file
        real = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(5)) * 2 - 1
        mine = [trainer.processes.share(each) for each in (real, torch.tensor([0, 1, 1, 0]))]
        networks = ("generator", "encoder", "discriminator")
        gradients = taken_steps(trainer, networks, lambda step: trainer.step(*mine), 1)
        with torch.no_grad():
            pictures = trainer.render_all_classes(torch.ones(2, SHARED.latent_dim))
        return {**gradients, "results": {"pictures": pictures}} if trainer.is_main else {}


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    """Batch norms, the deviation that D sees and partners on another process's originals included."""
    assert_alike(both_processes("tests.training.prior.test_trainer", tmp_path), steps())


def run_of(folder: Path, cat: Path, dog: Path) -> None:
    train_prior([cat, dog], SHARED, RunSettings(folder, 1, seed=3), Processes("fp32", "cpu"))


def test_two_processes_leave_the_run_of_one(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    assert_same_runs("tests.training.prior.test_trainer", tmp_path, *folders("cat", "dog"))
