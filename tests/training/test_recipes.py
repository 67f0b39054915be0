from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from gpunit.training.recipes import (
    PAPER_DISTILLATION,
    PRIOR_SMALL,
    SMALL_DISTILLATION,
    SMALL_RECIPES,
    PaperRecipe,
    weight_names,
    weighted,
)

RECIPES = [*SMALL_RECIPES.values(), SMALL_DISTILLATION, PAPER_DISTILLATION, PRIOR_SMALL, PaperRecipe()]


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_weight_is_changed_and_nothing_else(recipe: Any) -> None:
    name, *others = weight_names(recipe)
    changed = weighted(recipe, **{name: 123.0})
    assert getattr(changed.weights, name) == 123
    assert [getattr(changed.weights, each) for each in others] == [getattr(recipe.weights, each) for each in others]
    for each in fields(recipe):
        assert each.name == "weights" or getattr(changed, each.name) == getattr(recipe, each.name)


def test_the_finish_is_fed_large_batches_and_no_phases() -> None:
    small, finish = SMALL_RECIPES["small"], SMALL_RECIPES["small-finish"]
    assert (finish.warm_up, finish.coarse) == (0, 0)
    assert finish.batch > small.batch
    assert finish.translator == small.translator
    assert finish.backbones[0] == small.backbones[0], "heads that a run has learned stay in use"
