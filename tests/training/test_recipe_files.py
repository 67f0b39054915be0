from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gpunit.training.checkpoints import TrainingError
from gpunit.training.prior.layouts import LayoutRecipe
from gpunit.training.recipe_files import chosen_recipe, read_recipe, write_recipe
from gpunit.training.recipes import (
    PAPER_DISTILLATION,
    PRIOR_SMALL,
    SMALL_DISTILLATION,
    SMALL_FINISH,
    SmallRecipe,
)
from gpunit.training.tasks import PAPER_TASKS
from tests.conftest import TINY_PAPER, TINY_SMALL

RECIPES = [SMALL_FINISH, PAPER_DISTILLATION, PRIOR_SMALL, PAPER_TASKS["cat2face"].recipe, TINY_PAPER, TINY_SMALL]


@pytest.mark.parametrize("recipe", [*RECIPES, LayoutRecipe(("a", "b"))])
def test_a_recipe_is_written_and_read(recipe: Any, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    write_recipe(path, "mine", recipe)
    defaults = PAPER_TASKS["cat2dog"].recipe if isinstance(recipe, type(TINY_PAPER)) else type(recipe)()
    assert read_recipe(path, {"mine": lambda: defaults}) == ("mine", recipe)


def test_a_file_changes_a_recipe_and_a_name_takes_one() -> None:
    known = {"small": lambda: SMALL_DISTILLATION, "paper": lambda: PAPER_DISTILLATION}
    assert chosen_recipe("paper", known) == ("paper", PAPER_DISTILLATION)
    with pytest.raises(TrainingError, match=r"no recipe 'papr'; choose one of small, paper, or give a \.toml file"):
        chosen_recipe("papr", known)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("batch = 3", 'must begin with a line such as recipe = "small"'),
        ('recipe = "huge"', "one of small"),
        ('recipe = "small"\nbacth = 3', "my.toml: there is no 'bacth'; did you mean 'batch'"),
        ('recipe = "small"\n[weights]\ncontent = "much"', "'weights.content' is a number"),
        ("recipe = ", "is no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match=words):
        read_recipe(path, {"small": SmallRecipe})
    with pytest.raises(TrainingError, match="there is no file"):
        read_recipe(tmp_path / "none.toml", {"small": SmallRecipe})
