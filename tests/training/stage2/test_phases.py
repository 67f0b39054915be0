from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from gpunit.training.checkpoints import TrainingError
from gpunit.training.stage2.phases import GROWTH_STEPS, Refinement, WarmUp, plan_phases, settling
from gpunit.training.stage2.small import SmallTrainer
from tests.conftest import TINY, TINY_SMALL
from tests.training.stage2.test_game import TINY_FINISH
from tests.training.stage2.test_trainer import batch, encoder


@pytest.mark.parametrize(("warm_up", "coarse"), [(0, 0), (5, 0), (0, 7), (5, 7), (5, 5)])
def test_every_step_has_one_phase_and_pictures_never_become_smaller(warm_up: int, coarse: int) -> None:
    phases = plan_phases(warm_up, coarse)
    assert phases[0].begins == 0
    assert phases[-1].ends == math.inf
    assert all(one.ends == other.begins for one, other in pairwise(phases))
    assert all(phase.begins < phase.ends for phase in phases)
    scales = [phase.scale for phase in phases]
    assert scales == sorted(scales, reverse=True)
    assert any(isinstance(phase, WarmUp) and phase.ends == warm_up for phase in phases) == (warm_up > 0)
    assert all((phase.begins < coarse) == (phase.scale == 2) for phase in phases)
    assert isinstance(phases[-1], Refinement) == (coarse > 0)


def test_coarse_steps_that_end_within_the_warm_up_are_refused() -> None:
    with pytest.raises(TrainingError, match="at least the 5 steps of --warm-up"):
        plan_phases(5, 3)


def test_rates_fall_in_a_straight_line_to_a_fifth() -> None:
    rates = [settling(step, 100, 0.5) for step in (0, 50, 75, 100, 200)]
    assert rates == pytest.approx([1, 1, 0.6, 0.2, 0.2])
    assert settling(99, 100, 1.0) == 1
    assert settling(5, 0, 0.3) == 1, "a trainer that does not know the length of its run"


def test_after_the_coarse_steps_the_untrained_level_learns_alone() -> None:
    trainer = SmallTrainer(replace(TINY_SMALL, warm_up=0, coarse=1), encoder())
    assert "adversarial" in trainer.step(*batch(4))
    last = f"generator.levels.{len(TINY.generator.widths) - 1}."
    # First from reconstructions, while D gets used to the larger pictures; then against D.
    judging = {"anchor", "discriminator"}
    for done, parts in ((1, {"anchor"}), (GROWTH_STEPS, judging), (1 + GROWTH_STEPS, judging | {"adversarial"})):
        trainer.done = done
        # At first, the average takes the place of the last coarse step's weights.
        begins_with = trainer.ema if done == 1 else trainer.model
        before = {name: p.clone() for name, p in begins_with.named_parameters()}
        judged = {name: p.clone() for name, p in trainer.discriminator.named_parameters()}
        assert parts <= set(trainer.step(*batch(4)))
        for name, parameter in trainer.model.named_parameters():
            assert torch.equal(parameter, before[name]) != name.startswith(last), name
        learned = any(not torch.equal(p, judged[name]) for name, p in trainer.discriminator.named_parameters())
        assert learned == ("discriminator" in parts)


def test_the_untrained_level_learns_what_the_one_before_renders() -> None:
    trainer = SmallTrainer(replace(TINY_SMALL, warm_up=0, coarse=1, learning_rate=2e-3), encoder())
    trainer.done = 1
    torch.manual_seed(0)
    pictures = batch(2)
    apart = [float(trainer.step(*pictures)["anchor"]) for _ in range(40)]
    assert apart[-1] < 0.5 * apart[0]
    # When it has learned, the average begins with it.
    trainer.done = GROWTH_STEPS
    trainer.step(*pictures)
    last = [model.generator.levels[-1].state_dict() for model in (trainer.model, trainer.ema)]
    assert all(torch.equal(tensor, last[1][name]) for name, tensor in last[0].items())


def test_sheets_show_the_last_level_once_it_has_learned() -> None:
    trainer = SmallTrainer(replace(TINY_SMALL, warm_up=0, coarse=1), encoder())
    source, target, _ = batch(2)
    for done, shows in ((0, False), (1, False), (GROWTH_STEPS, False), (1 + GROWTH_STEPS, True)):
        trainer.done = done
        before = trainer.sheet(source, target)
        with torch.no_grad():
            for parameter in trainer.ema.generator.levels[-1].parameters():
                parameter.add_(torch.randn_like(parameter))
        assert (trainer.sheet(source, target) != before) == shows


def test_rates_settle_and_sharpness_is_among_the_losses() -> None:
    trainer = SmallTrainer(replace(TINY_FINISH, settle=0.5), encoder(), steps=4)
    torch.manual_seed(0)
    rates = []
    for _ in range(4):
        parts = trainer.step(*batch())
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in (trainer.optimizer_g, trainer.optimizer_d)])
    assert set(parts) >= {"bands", "adversarial", "style"}
    shares = [g / TINY_FINISH.learning_rate for g, _ in rates]
    assert shares == pytest.approx([1, 1, 1, 0.6])
    assert [d / g for g, d in rates] == pytest.approx([TINY_FINISH.discriminator_rate] * 4)
