from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gpunit import zoo
from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import reverse_gradient
from gpunit.networks.normalisation import instance_norm
from gpunit.training.augment import ShiftAndTone, recolour
from gpunit.training.bundle import bundle_content_encoder
from gpunit.training.data import PairSet, PictureSet
from gpunit.training.losses import content_disagreement, domain_distance, shape_distance
from gpunit.training.stage1.trainer import DistillationTrainer, Distiller, distill
from gpunit.training.state import TrainingError, load_checkpoint
from gpunit.zoo import weights
from tests.conftest import TINY, TINY_DISTILLATION

CLASSES = ("cat", "dog")


class CutOffError(Exception):
    """Stands for whatever ends a run half-way."""


def run(pairs: tuple[Path, Path], folder: Path, report: Callable[..., None] = lambda line: None) -> Path:
    pictures, maps = pairs
    options = {"steps": 4, "seed": 3, "save_every": 2, "report": report}
    return distill(pictures, maps, pictures, maps, CLASSES, TINY_DISTILLATION, folder, **options)


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
    real = PictureSet(pictures / "cat", 64, maps=maps / "cat").draw_labelled(2, 0, 0)
    parts = trainer.step(*pair_set.draw_pairs(2, 0, 0), real)
    names = {"reconstruction", "perceptual", "shape", "content", "pair_shape", "recolour", "hint"}
    assert set(parts) == names | {"agreement", "agnostic", "layout", "pair_layout", "classifier", "magnitude"}
    assert all(torch.isfinite(value) for value in parts.values())
    for name, parameter in trainer.networks.named_parameters():
        assert parameter.grad is not None, name


def test_the_bundle_loads_and_holds_the_same_shapes(
    pairs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(pairs, tmp_path / "run")
    path = tmp_path / "content.safetensors"
    shape_path = bundle_content_encoder(tmp_path / "run", TINY_DISTILLATION, ("cat", "dog"), path)
    assert zoo.shape_classes(path) == ("cat", "dog")
    networks = Distiller(TINY_DISTILLATION)
    networks.load_state_dict(load_checkpoint(tmp_path / "run" / "checkpoint.pt")["networks"])
    networks.eval()
    tensors, _ = weights.read_weights(path)
    encoder = weights.fill(ContentEncoder(TINY.content_encoder), tensors, path)
    more_classes = dataclasses.replace(TINY_DISTILLATION.distiller, domains=4)
    monkeypatch.setitem(zoo.DISTILLERS, "small", more_classes)
    head = zoo.load_shape_head(path, "small")
    assert weights.read_header(shape_path)["content_encoder_sha256"] == digest(path)
    picture, label = torch.rand(2, 3, 64, 64), torch.tensor([0, 1])
    with torch.inference_mode():
        content = networks.content_encoder(picture).content
        assert torch.allclose(encoder(picture).content, content, atol=1e-5)
        shape = networks.decoder.shape_head(content, label)
        assert torch.allclose(head(content, label), shape, atol=5e-3)  # stored as fp16


def test_reverse_gradient() -> None:
    x = torch.tensor([2.0, -3.0], requires_grad=True)
    y = reverse_gradient(x)
    assert torch.equal(y, x)
    y.sum().backward()
    assert torch.equal(x.grad, torch.tensor([-1.0, -1.0]))


def test_recolouring_keeps_the_layout() -> None:
    """An edge stays where it is, whatever happens to the colours on its sides."""
    torch.manual_seed(0)
    picture = torch.full((16, 3, 32, 32), -0.5)
    picture[..., 16:] = 0.5
    recoloured = recolour(picture)
    assert recoloured.abs().max() <= 1
    across = recoloured.mean(dim=(1, 2)).diff(dim=1).abs()
    contrasting = across.amax(dim=1) > 0.05
    assert contrasting.sum() > 8
    assert ((across[contrasting].argmax(dim=1) - 15).abs() <= 2).all()
    assert (recoloured - picture).abs().mean() > 0.1


def test_counterparts_are_augmented_alike() -> None:
    torch.manual_seed(0)
    picture = torch.rand(4, 3, 16, 16)
    augment = ShiftAndTone(4, 3, picture.device)
    first = augment(picture)
    assert torch.equal(first, augment(picture.clone()))
    assert torch.equal(first[[2, 0]], augment(picture[[2, 0]], torch.tensor([2, 0])))
    assert not torch.equal(first, picture)


def test_nothing_is_drawn_while_warming_up(pairs: tuple[Path, Path]) -> None:
    pictures, maps = pairs
    trainer = DistillationTrainer(TINY_DISTILLATION, steps=4)
    real = PictureSet(pictures / "cat", 64, maps=maps / "cat").draw_labelled(2, 0, 0)
    pair_set = PairSet(pictures, maps, CLASSES, 64)
    assert not {"reconstruction", "perceptual"} & set(trainer.step(*pair_set.draw_pairs(2, 0, 0), real))
    decoder = trainer.networks.decoder
    assert all(p.grad is None for p in decoder.appearance_convolutions.parameters())
    assert all(p.grad is not None for p in decoder.shape_head.parameters())
    assert trainer.networks.content_encoder.stages[0][0].conv.parametrizations.weight.original.grad.abs().sum() > 0
    assert {"reconstruction", "perceptual"} < set(trainer.step(*pair_set.draw_pairs(2, 0, 1), real))


def test_layout_is_told_where_content_tells_it() -> None:
    torch.manual_seed(0)
    networks = Distiller(TINY_DISTILLATION)
    shallow = torch.randn(2, 8, 16, 16)
    assert networks.layout_heads is not None
    heads = networks.layout_heads
    with torch.no_grad():
        answers = {int(s): head(F.adaptive_avg_pool2d(shallow, 128 // int(s))) for s, head in heads.items()}
        right = float(networks.layout_loss(shallow, {s: instance_norm(f) for s, f in answers.items()}))
        other = float(networks.layout_loss(shallow, {s: torch.randn_like(f) for s, f in answers.items()}))
        # How strong a feature is in the picture makes no difference, nor does its mean.
        wanted = {s: torch.randn_like(f) for s, f in answers.items()}
        stronger = {s: 3 * f + 1 for s, f in wanted.items()}
        assert networks.layout_loss(shallow, wanted) == pytest.approx(
            float(networks.layout_loss(shallow, stronger)), rel=1e-3
        )
    assert right < other


def test_shapes_by_cross_entropy_and_by_l1_have_the_same_minimum() -> None:
    target = torch.tensor([-1.0, 1.0, 1.0]).expand(1, 3, 3, 3)
    right, wrong = target * 4, target * -4
    for cross_entropy in (False, True):
        assert shape_distance(right, target, cross_entropy) < 0.01
        assert shape_distance(wrong, target, cross_entropy) > 1.9
    # A sure and wrong answer still learns from the one, and hardly from the other.
    slopes = []
    for cross_entropy in (False, True):
        answer = wrong.clone().requires_grad_()
        shape_distance(answer, target, cross_entropy).backward()
        slopes.append(float(answer.grad.abs().mean()))
    assert slopes[1] > 100 * slopes[0]


def test_pairs_do_not_agree_by_being_all_nearly_alike() -> None:
    torch.manual_seed(0)
    shared, one, other = torch.randn(3, 32, 1, 4, 4)
    assert content_disagreement(shared, shared) == 0
    assert 0.2 < content_disagreement(shared + 0.5 * one, shared + 0.5 * other) < 0.7
    assert content_disagreement(1 + 1e-3 * one, 1 + 1e-3 * other) == pytest.approx(1, abs=0.1)


def test_domains_are_apart_unless_their_contents_are_distributed_alike() -> None:
    torch.manual_seed(0)
    label = torch.arange(3).repeat_interleave(200)
    same, remembered = torch.randn(600, 1, 4, 4), torch.randn(3, 200, 16)
    moved, wider = torch.zeros(600, 1, 4, 4), torch.ones(600, 1, 4, 4)
    moved[label == 1] = 0.5
    wider[label == 2] = 1.5

    def distance(change: torch.Tensor, by: torch.Tensor) -> float:
        known = remembered * change.unflatten(0, (3, 200)).flatten(2) + by.unflatten(0, (3, 200)).flatten(2)
        return float(domain_distance(same * change + by, label, known))

    nothing, unit = torch.zeros(600, 1, 4, 4), torch.ones(600, 1, 4, 4)
    assert abs(distance(unit, nothing)) < 0.02
    assert distance(unit, moved) > 0.1
    assert distance(wider, nothing) > 0.05


def test_the_last_contents_of_every_domain_are_remembered() -> None:
    networks = Distiller(dataclasses.replace(TINY_DISTILLATION, remembered=3))
    places = TINY_DISTILLATION.content_encoder.content_size
    contents = torch.arange(5.0)[:, None, None, None].expand(-1, 1, places, places) + 1
    networks.remember(contents, torch.tensor([0, 1, 0, 0, 0]))
    networks.remember(contents[:1] + 9, torch.tensor([1]))
    assert networks.remembered[0, :, 0].tolist()[:3] == [1, 3, 4]
    assert networks.remembered[1, :, 0].tolist() == [10, 2, 0]


def test_a_fresh_run_starts_from_finished_weights(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    run(pairs, tmp_path / "run")
    path = tmp_path / "content.safetensors"
    bundle_content_encoder(tmp_path / "run", TINY_DISTILLATION, ("cat", "dog"), path)
    encoder = weights.fill(ContentEncoder(TINY.content_encoder), weights.read_weights(path)[0], path)
    trainer = DistillationTrainer(TINY_DISTILLATION, steps=4, seed=9, start_from=path)
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


def test_a_run_that_would_draw_nothing_is_refused(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="more than the"):
        distill(*pairs, *pairs, CLASSES, TINY_DISTILLATION, tmp_path / "run", TINY_DISTILLATION.warm_up)
    assert not (tmp_path / "run").exists()
