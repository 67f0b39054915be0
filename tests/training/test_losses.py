from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gpunit.training import losses
from gpunit.training.losses import content_disagreement, domain_distance, shape_distance


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
        assert answer.grad is not None
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


def test_energies_tell_contrast_and_where_it_is_gone() -> None:
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 64, 64) * 2 - 1
    energies = losses.band_energies(picture)
    assert energies.shape == (2, 10)
    torch.testing.assert_close(
        losses.band_energies(picture / 2 + 0.3), energies - torch.tensor(2.0).log(), atol=0.03, rtol=0
    )
    torch.testing.assert_close(losses.band_energies(picture.flip(3)), energies)
    soft = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2, mode="bilinear", align_corners=False)
    lost = energies - losses.band_energies(soft)
    assert (lost[:, :2] > 1).all()  # the finest octave
    assert (lost[:, 4:] < 0.5).all()  # the third and those below


def test_sharpness_is_learned_from_the_exemplar() -> None:
    torch.manual_seed(0)
    target = F.interpolate(torch.rand(2, 3, 16, 16), (64, 64), mode="bicubic") * 2 - 1
    picture = F.avg_pool2d(target, 5, 1, padding=2).requires_grad_(True)
    before = losses.band_distance(picture, target)
    (gradient,) = torch.autograd.grad(before, picture)
    assert losses.band_distance(picture - 20 * gradient, target) < before
    assert losses.band_distance(target, target) == 0


def test_the_penalty_is_half_the_squared_gradient() -> None:
    torch.manual_seed(0)
    direction = torch.randn(3, 8, 8)
    picture = torch.randn(5, 3, 8, 8, requires_grad=True)
    penalty = losses.gradient_penalty((picture * direction).sum(dim=(1, 2, 3)), picture)
    assert penalty == pytest.approx(0.5 * float(direction.square().sum()), rel=1e-5)


def test_the_logistic_losses_agree_with_their_logarithms() -> None:
    torch.manual_seed(0)
    real, fake = torch.randn(2, 20)
    expected = -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()
    assert losses.logistic_discriminator_loss(real, fake) == pytest.approx(float(expected), rel=1e-5)
    assert losses.logistic_generator_loss(fake) == pytest.approx(-float(torch.log(torch.sigmoid(fake)).mean()))
