"""Which steps of training are timed; how long they take is not tested."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor

from gpunit.benchmark import machine
from gpunit.benchmark.training import published_training_figures, training_figures
from gpunit.training.recipes import PaperRecipe, SmallRecipe
from gpunit.training.stage2 import paper, small
from tests.conftest import TINY_PAPER, TINY_SMALL


@pytest.mark.parametrize("steps", [3, 20])
def test_of_the_published_steps_that_are_timed_one_is_penalised(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    clock = [0.0]

    class Trainer:
        """Takes a second a step, and three for one with the penalty."""

        def __init__(self, recipe: PaperRecipe, *rest: object) -> None:
            self.every, self.done = recipe.penalty_every, 0

        def prepare(self, target: object) -> None:
            clock[0] += 100  # is not counted

        def step(self, *pictures: object) -> None:
            clock[0] += 3 if self.done % self.every == 0 else 1
            self.done += 1

    monkeypatch.setattr(paper, "PaperTrainer", Trainer)
    monkeypatch.setattr(machine.time, "perf_counter", lambda: clock[0])
    recipe = PaperRecipe(translator=TINY_PAPER.translator, penalty_every=16)
    figures = published_training_figures(recipe, steps)
    assert (figures["published_step_s"], figures["published_penalised_step_s"]) == (1, 3)
    assert (figures["published_steps"], figures["published_steps_s"]) == (steps, steps + 2)


def test_a_step_of_the_small_recipe_at_full_size_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[SmallRecipe] = []

    class Trainer(small.SmallTrainer):
        def __init__(self, recipe: SmallRecipe, *rest: Any) -> None:
            asked.append(recipe)
            super().__init__(TINY_SMALL, *rest)

        def step(self, *pictures: Any) -> dict[str, Tensor]:
            return {}  # what it takes is not tested

        def prepare(self, *pictures: object) -> None: ...

    monkeypatch.setattr(small, "SmallTrainer", Trainer)
    training_figures()
    (recipe,) = asked
    assert (recipe.warm_up, recipe.coarse) == (0, 0)
