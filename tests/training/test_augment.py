from __future__ import annotations

import pytest
import torch

from gpunit.seeds import step_generator
from gpunit.training.augment import ShiftAndTone, random_strengths, random_turns, recolour, turn
from gpunit.training.trainer import CPU


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


def test_skips_are_dropped_as_often_as_asked() -> None:
    torch.manual_seed(0)
    coarse, fine = random_strengths(400, (16, 32), 0.25, CPU)
    assert coarse.shape == (400, 1, 16, 16)
    assert fine.shape == (400, 1, 32, 32)
    share = fine.mean((1, 2, 3))
    assert (share == 0).float().mean() == pytest.approx(0.25, abs=0.06)
    assert (share == 1).float().mean() == pytest.approx(0.5, abs=0.06)
    assert torch.equal(share == 0, coarse.mean((1, 2, 3)) == 0)
    assert all((strengths == 1).all() for strengths in random_strengths(9, (16,), 0.0, CPU))


def test_turned_pictures_never_show_what_is_outside() -> None:
    """Each pixel's value is its coordinate: reflection at a border would fold it, so differences would change sign."""
    ramp = torch.linspace(-1, 1, 64).expand(64, 3, 64, 64)
    turned = turn(ramp, random_turns(64, step_generator(0, 0, "test")))
    across = turned.diff(dim=3)[..., 1:-1, 1:-1]
    assert across.min() > 0
    assert not torch.allclose(turned, ramp, atol=0.05)
