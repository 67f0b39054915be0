from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.bundle import bundle_content_encoder
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.data import Labelled, PairSet, PictureSet
from gpunit.training.processes import Processes
from gpunit.training.run import RunSettings
from gpunit.training.stage1.trainer import DistillationData, DistillationTrainer, distill
from gpunit.zoo import weights
from tests.conftest import TINY, TINY_DISTILLATION
from tests.training.parallel import Answer, assert_alike, assert_same_runs, both_processes, float64, taken_steps

CLASSES = ("cat", "dog")


class CutOffError(Exception):
    """Stands for whatever ends a run half-way."""


def run(pairs: tuple[Path, Path], folder: Path, report: Callable[..., None] = lambda line: None) -> Path:
    pictures, maps = pairs
    data = DistillationData(pictures, maps, pictures, maps, CLASSES)
    return distill(data, TINY_DISTILLATION, RunSettings(folder, 4, seed=3, save_every=2, report=report))


def test_stopping_and_resuming_changes_nothing(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    lines = []

    def stop(line: dict[str, float]) -> None:
        lines.append(line)
        if len(lines) == 2:  # the second line is reported before its checkpoint is written
            raise CutOffError

    expected = load_checkpoint(run(pairs, tmp_path / "whole"))
    with contextlib.suppress(CutOffError):
        run(pairs, tmp_path / "parts", stop)
    assert load_checkpoint(tmp_path / "parts" / "checkpoint.pt")["step"] == 2
    got = load_checkpoint(run(pairs, tmp_path / "parts"))
    assert got["step"] == expected["step"] == 4
    for name, tensor in expected["networks"].items():
        assert torch.equal(tensor, got["networks"][name]), name


def test_every_network_learns_and_every_loss_is_named(pairs: tuple[Path, Path]) -> None:
    pictures, maps = pairs
    trainer = DistillationTrainer(dataclasses.replace(TINY_DISTILLATION, warm_up=0), steps=4)
    pair_set = PairSet(pictures, maps, CLASSES, 64)
    real = PictureSet(pictures / "cat", 64, maps=maps / "cat").sample_labelled(2, 0, 0)
    parts = trainer.step(*pair_set.sample_pairs(2, 0, 0), real)
    names = {"reconstruction", "perceptual", "shape", "content", "pair_shape", "recolour", "hint"}
    assert set(parts) == names | {"agreement", "agnostic", "layout", "pair_layout", "classifier", "magnitude"}
    assert all(torch.isfinite(value) for value in parts.values())
    for name, parameter in trainer.networks.named_parameters():
        assert parameter.grad is not None, name


def test_nothing_is_reconstructed_while_warming_up(pairs: tuple[Path, Path]) -> None:
    pictures, maps = pairs
    trainer = DistillationTrainer(TINY_DISTILLATION, steps=4)
    real = PictureSet(pictures / "cat", 64, maps=maps / "cat").sample_labelled(2, 0, 0)
    pair_set = PairSet(pictures, maps, CLASSES, 64)
    assert not {"reconstruction", "perceptual"} & set(trainer.step(*pair_set.sample_pairs(2, 0, 0), real))
    decoder = trainer.networks.decoder
    assert all(p.grad is None for p in decoder.appearance_convolutions.parameters())
    assert all(p.grad is not None for p in decoder.shape_head.parameters())
    first = next(trainer.networks.content_encoder.parameters())
    assert first.grad is not None
    assert first.grad.abs().sum() > 0
    assert {"reconstruction", "perceptual"} < set(trainer.step(*pair_set.sample_pairs(2, 0, 1), real))


def test_a_new_run_starts_from_finished_weights(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    run(pairs, tmp_path / "run")
    path = tmp_path / "content.safetensors"
    bundle_content_encoder(tmp_path / "run", TINY_DISTILLATION, ("cat", "dog"), path)
    encoder = weights.fill(ContentEncoder(TINY.content_encoder), weights.read_weights(path)[0], path)
    trainer = DistillationTrainer(TINY_DISTILLATION, steps=4, seed=9)
    trainer.start_from(path)
    trainer.networks.eval()
    picture = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        content = trainer.networks.content_encoder(picture).content
        assert torch.allclose(content, encoder(picture).content, atol=2e-2)


def test_a_run_remembers_its_warm_up() -> None:
    trainer = DistillationTrainer(dataclasses.replace(TINY_DISTILLATION, warm_up=0), steps=4)
    resumed = DistillationTrainer(dataclasses.replace(TINY_DISTILLATION, warm_up=3), steps=4)
    resumed.load(trainer.state())
    assert resumed.warm_up == 0


def test_a_run_that_would_reconstruct_nothing_is_refused(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="more than the"):
        distill(
            DistillationData(*pairs, *pairs, CLASSES),
            TINY_DISTILLATION,
            RunSettings(tmp_path / "run", TINY_DISTILLATION.warm_up),
        )
    assert not (tmp_path / "run").exists()


SHARED = dataclasses.replace(TINY_DISTILLATION, warm_up=0, pairs=4, real=4)


def batches() -> list[Labelled]:
    generator = torch.Generator().manual_seed(5)
    pictures, maps = (torch.rand(3, 4, channels, 64, 64, generator=generator) * 2 - 1 for channels in (3, 1))
    return [Labelled(picture, torch.tensor([0, 1, 1, 0]), shape) for picture, shape in zip(pictures, maps, strict=True)]


def steps() -> Answer:
    """What two steps lead to, in float64; {} in any but the main process."""
    with float64():
        trainer = DistillationTrainer(SHARED, steps=9, processes=Processes("fp32", "cpu"))
        trainer.backbone.double()  # its weights come from a file
        share = trainer.processes.share
        mine = [Labelled(*map(share, batch.tensors)) for batch in batches()]
        gradients = taken_steps(trainer, ("networks",), lambda step: trainer.step(*mine))
        networks = trainer.networks.eval()
        with torch.no_grad():
            content = networks.content_encoder(batches()[0].picture).content
        assert networks.remembered is not None
        results = {"content": content, "remembered": networks.remembered}
        return {**gradients, "results": results} if trainer.is_main else {}


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    assert_alike(both_processes("tests.training.stage1.test_trainer", tmp_path), steps())


def run_of(folder: Path, pictures: Path, maps: Path) -> None:
    data = DistillationData(pictures, maps, pictures, maps, CLASSES)
    recipe = dataclasses.replace(SHARED, turned_every=3)
    distill(data, recipe, RunSettings(folder, 1, seed=3), Processes("fp32", "cpu"))


def test_two_processes_leave_the_run_of_one(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    assert_same_runs("tests.training.stage1.test_trainer", tmp_path, *pairs)


def test_processes_that_cannot_share_a_batch_are_told(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    class OneOfThree(Processes):
        def __init__(self) -> None:
            super().__init__(device="cpu")
            self.count = 3

    data = DistillationData(*pairs, *pairs, CLASSES)
    with pytest.raises(TrainingError, match="3 processes cannot share 4 pairs equally; choose another number"):
        distill(data, SHARED, RunSettings(tmp_path / "run", 2), OneOfThree())
    assert not (tmp_path / "run").exists()
