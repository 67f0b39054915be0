"""What the recipe for a run's end adds: sharpness as a loss, and rates that settle."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from gpunit import losses
from gpunit.recipes import SMALL_FINISH
from gpunit.training.adversarial import AdversarialTrainer
from tests.conftest import TINY
from tests.training.test_adversarial import batch, encoder

TINY_FINISH = replace(SMALL_FINISH, translator=TINY, batch=2, reconstructed=1, twins=1)


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


def test_rates_settle_and_sharpness_is_among_the_losses() -> None:
    trainer = AdversarialTrainer(replace(TINY_FINISH, settle=0.5), encoder(), steps=4)
    torch.manual_seed(0)
    rates = []
    for _ in range(4):
        parts = trainer.step(*batch())
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in (trainer.optimizer_g, trainer.optimizer_d)])
    assert set(parts) >= {"bands", "adversarial", "style"}
    shares = [g / TINY_FINISH.learning_rate for g, _ in rates]
    assert shares == pytest.approx([1, 1, 1, 0.6])
    assert [d / g for g, d in rates] == pytest.approx([TINY_FINISH.judge_rate] * 4)
