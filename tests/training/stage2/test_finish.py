"""What the recipe for a run's end adds: sharpness as a loss, a second eye, and rates that settle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.networks.projected_discriminator import (
    DiscriminatorEnsemble,
    ProjectedDiscriminator,
    ProjectedDiscriminatorParams,
)
from gpunit.training import losses
from gpunit.training.recipes import SMALL_FINISH
from gpunit.training.stage2.small import AdversarialTrainer
from gpunit.training.state import TrainingError, save_checkpoint
from tests.conftest import TINY, TINY_ADVERSARIAL
from tests.training.stage2.test_small import batch, encoder

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


def test_a_panel_says_what_its_judges_say() -> None:
    torch.manual_seed(0)
    pictures, label = torch.rand(2, 3, 64, 64) * 2 - 1, torch.tensor([0, 1])
    params = ProjectedDiscriminatorParams(mixed_width=8, head_width=8, classes=2, pixel_width=8)
    panel = DiscriminatorEnsemble(params, BACKBONES)
    seen = {name: {1: pictures, **eye()(pictures)} for name, eye in BACKBONES.items()}
    verdict = panel(seen, label)
    alone = [judge(seen[name], label) for name, judge in panel.judges.items()]
    assert len(alone) == 2
    for said, expected in (
        (verdict.logits, alone[0].logits + alone[1].logits),
        (verdict.styles, alone[0].styles + alone[1].styles),
    ):
        assert all(torch.equal(a, b) for a, b in zip(said, expected, strict=True))
    first = ProjectedDiscriminator(params)
    assert panel.judges["efficientnet-lite0"].state_dict().keys() == first.state_dict().keys()
    assert len(alone[0].logits) == len(alone[1].logits) + 1  # the pixels are judged once


def test_a_second_eye_joins_a_run_that_had_one(tmp_path: Path) -> None:
    former = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0, coarse=0), encoder())
    torch.manual_seed(0)
    former.step(*batch())
    save_checkpoint(tmp_path / "checkpoint.pt", former.state())
    trainer = AdversarialTrainer(TINY_FINISH, encoder(), seed=9)
    fresh = {name: t.clone() for name, t in trainer.discriminator.state_dict().items()}
    trainer.start_from(tmp_path)
    learned = former.discriminator.state_dict()
    for name, tensor in trainer.discriminator.state_dict().items():
        assert torch.equal(tensor, learned.get(name, fresh[name])), name
    assert 0 < len(learned) < len(fresh)
    assert "adversarial" in trainer.step(*batch())
    save_checkpoint(tmp_path / "checkpoint.pt", trainer.state())
    with pytest.raises(TrainingError, match="not the folder of a run"):  # an eye less would be another judge
        former.start_from(tmp_path)
    unnamed = {name.split(".", 2)[2]: t for name, t in former.discriminator.state_dict().items()}
    save_checkpoint(tmp_path / "checkpoint.pt", former.state() | {"discriminator": unnamed})
    with pytest.raises(TrainingError, match="not the folder of a run"):
        trainer.start_from(tmp_path)


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
