from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gpunit.data import PairSet, PictureSet, step_generator, turn
from gpunit.networks.features import EfficientNetLite0
from gpunit.training.guide import GuideTrainer, LayoutAxes, _mirrored_turns, domain_distance, train_guide
from gpunit.weights import ModelError
from tests.conftest import TINY_DISTILLATION

CLASSES = ("cat", "dog")


def sets(pairs: tuple[Path, Path]) -> tuple[list[PictureSet], PairSet]:
    pictures, maps = pairs
    real = [PictureSet(pictures / name, 64, label=i, maps=maps / name) for i, name in enumerate(CLASSES)]
    return real, PairSet(pictures, maps, CLASSES, 64)


def test_the_distance_of_domains_is_nought_where_they_match() -> None:
    torch.manual_seed(0)
    same = torch.randn(3, 400, 1, 4, 4)
    moved = same.clone()
    moved[1] += 0.5
    wider = same.clone()
    wider[2] *= 1.5
    assert abs(float(domain_distance(same))) < 0.02
    assert domain_distance(moved) > 0.1
    assert domain_distance(wider) > 0.05


def test_a_turned_picture_s_map_is_the_map_turned_alike() -> None:
    """What the equivariance compares: a map moved by the affine map of its picture stays on the picture's things."""
    generator = torch.Generator().manual_seed(0)
    picture = F.interpolate(torch.randn(16, 1, 6, 6, generator=generator), (64, 64), mode="bicubic").clamp(-1, 1)
    turns = _mirrored_turns(16, generator)
    assert 0 < (turns[:, 0, 0] < 0).sum() < 16  # some are mirrored
    pooled = F.avg_pool2d(picture, 4)
    expected = F.grid_sample(pooled, F.affine_grid(turns, list(pooled.shape), align_corners=False), align_corners=False)
    got = F.avg_pool2d(turn(picture, turns), 4)
    right = F.cosine_similarity(got.flatten(1), expected.flatten(1)).mean()
    wrong = F.cosine_similarity(got.flatten(1), pooled.flatten(1)).mean()
    assert right > 0.95
    assert wrong < 0.7


def test_axes_of_the_layout_are_ordered_and_of_unit_deviation_along_the_first() -> None:
    torch.manual_seed(0)
    layouts = torch.randn(500, 12) * torch.linspace(4, 0.1, 12) + 3
    told = LayoutAxes(layouts, 5)(layouts)
    assert told.shape == (500, 5)
    deviations = told.std(0)
    assert deviations[0] == pytest.approx(1, abs=0.01)
    assert (deviations.diff() < 0).all()
    assert told.mean(0).abs().max() < 1e-3


def test_every_part_of_the_guide_learns(pairs: tuple[Path, Path]) -> None:
    trainer = GuideTrainer(TINY_DISTILLATION, *sets(pairs), seed=0)
    parts = trainer.step()
    assert set(parts) == {"layout", "pair_layout", "content", "agnostic", "equivariance", "classifier"}
    assert all(torch.isfinite(value) for value in parts.values())
    for network in (trainer.guide, trainer.classifier, trainer.tellers):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name


def test_the_guide_learns_to_tell_the_layout(pairs: tuple[Path, Path]) -> None:
    settings = dataclasses.replace(TINY_DISTILLATION.guide_recipe, steps=60, per_domain=8, learning_rate=1e-2)
    trainer = GuideTrainer(dataclasses.replace(TINY_DISTILLATION, guide_recipe=settings), *sets(pairs), seed=0)
    told = [float(trainer.step()["layout"]) for _ in range(60)]
    assert sum(told[-10:]) < 0.7 * sum(told[:10])


def test_a_guide_is_trained_once_and_comes_out_alike(pairs: tuple[Path, Path], tmp_path: Path) -> None:
    real, pair_set = sets(pairs)
    path = tmp_path / "guide.safetensors"
    guide = train_guide(TINY_DISTILLATION, real, pair_set, path, seed=3)
    lines: list[dict[str, float]] = []
    again = train_guide(TINY_DISTILLATION, real, pair_set, path, seed=3, report=lines.append)
    anew = train_guide(TINY_DISTILLATION, real, pair_set, tmp_path / "other.safetensors", seed=3, report=lines.append)
    assert [line["guide"] for line in lines] == [2]  # of the last one only
    picture = torch.rand(2, 3, 64, 64, generator=step_generator(0, 0, "picture")) * 2 - 1
    features = EfficientNetLite0()(picture, last_stride=8)
    assert guide(features).shape == (2, 1, 8, 8)
    for other in (again, anew):
        assert torch.equal(guide(features), other(features))
    path.write_bytes(b"cut off")
    with pytest.raises(ModelError, match="damaged"):
        train_guide(TINY_DISTILLATION, real, pair_set, path, seed=3)
