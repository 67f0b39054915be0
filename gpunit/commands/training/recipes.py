"""train-recipes: the recipes of stage II, and the loss weights of all."""

from __future__ import annotations

import typer
from rich.table import Table

from gpunit.commands.shared import print_table


def train_recipes() -> None:
    """List the recipes of stage II: what each was published for and its switches; and all recipes' weights."""
    from gpunit.training.recipes import PAPER_DISTILLATION, SMALL_DISTILLATION, SMALL_RECIPES, AnyRecipe, weight_names
    from gpunit.training.tasks import PAPER_TASKS

    table = Table(title="Tasks of the paper (256 px)")
    for heading in ("recipe", "switches", "style layer", "skips in ȳ", "identity", "mirrored", "rare", "data"):
        table.add_column(heading, no_wrap=heading == "recipe")
    for name, task in PAPER_TASKS.items():
        recipe = task.recipe
        flags = (
            recipe.reconstruct_with_skips,
            recipe.weights.identity > 0,
            recipe.mirror_style,
            recipe.oversample_rare,
        )
        origin = "inferred" if task.inferred else "published"
        shown = ("yes" if flag else "no" for flag in flags)
        table.add_row(name, origin, str(recipe.discriminator.style_layer), *shown, task.data)
    print_table(table, 150)
    recipes: dict[str, AnyRecipe] = {
        **SMALL_RECIPES,
        "tasks of the paper, and generic": PAPER_TASKS["cat2dog"].recipe,
        "distill, small": SMALL_DISTILLATION,
        "distill, paper": PAPER_DISTILLATION,
    }
    for name, chosen in recipes.items():
        weights = "  ".join(f"{loss}={getattr(chosen.weights, loss):g}" for loss in weight_names(chosen))
        typer.echo(f"weights, {name}:  {weights}")
