"""What the training commands share: option types, and what is read from several options."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import torch
import typer

from gpunit import zoo
from gpunit.commands.shared import UsageError, finite, listed
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.zoo.weights import write_weights

if TYPE_CHECKING:
    from gpunit.training.data import Limits
    from gpunit.training.recipes import PaperRecipe, Recipe, SmallRecipe

Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--weight", help="Change a loss's weight, as in content=0; may be repeated.  `train-recipes` names them."
    ),
]
SnapshotEvery = Annotated[
    int, typer.Option(min=0, help="Steps between numbered snapshots of the finished weights; 0 for none.")
]
TrainingPrecision = Annotated[
    str,
    typer.Option("--precision", help="fp32, bf16, fp16 (with a GPU), or auto: what suits stage and device."),
]
Keep = Annotated[int, typer.Option(min=1, help="How many snapshots are kept, the newest; and the best.")]
Classes = Annotated[str, typer.Option(help="The subfolders, in the order of their labels.", callback=listed)]


def weighted(recipe: Recipe, settings: list[str] | None) -> Recipe:
    """The recipe with the weights of some losses changed.

    Args:
        recipe: to change.
        settings: such as "content=0".

    Raises:
        UsageError: for an unknown loss, or a weight that is no finite number.
    """
    from gpunit.training import recipes

    known, changes = recipes.weight_names(recipe), {}
    for setting in settings or []:
        name, _, value = setting.partition("=")
        if name not in known:
            raise UsageError(f"this recipe has no weight {name!r}; choose from {', '.join(known)}.")
        try:
            changes[name] = finite(float(value))
        except (ValueError, typer.BadParameter):
            raise UsageError(f"--weight takes a name and a number, as in content=0, not {setting!r}.") from None
    return recipes.weighted(recipe, **changes)


def parse_limits(settings: list[str] | None) -> Limits:
    """How many pictures of each folder are used.

    Args:
        settings: such as "600" for every folder, or "cat=4000" for one.

    Raises:
        UsageError: for anything else.
    """
    from gpunit.training.data import Limits

    everywhere, by_name = None, {}
    for setting in settings or []:
        name, _, value = setting.rpartition("=")
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(f"--limit takes a number, or a folder's name and one, as in cat=4000, not {setting!r}.")
        if name:
            by_name[name] = int(value)
        else:
            everywhere = int(value)
    return Limits(everywhere, by_name)


def load_content_encoder(given: str, family: str | None, run: Path, seed: int) -> ContentEncoder:
    """Load a content encoder; or make an untrained one, and write it where `fit-sampler` and the zoo can read it.

    Args:
        given: the path of its file, or "random".
        family: whose shape it has; None for the shape that the file has, and the published one if untrained.
        run: folder of the run that an untrained one is written to.
        seed: of the untrained one.

    Raises:
        ModelError: if the file cannot be used.
    """
    path = Path(given)
    if given == "random":
        path = run / "random-content.safetensors"
        if not path.is_file():
            torch.manual_seed(seed)
            tensors = ContentEncoder(zoo.FAMILIES[family or "published"].content_encoder).state_dict()
            write_weights(path, tensors, {"kind": "content_encoder", "steps": 0}, half=False)
    return zoo.load_content_encoder(path, family)


def stage_two_recipe(given: str, resolution: int | None = None) -> tuple[str, SmallRecipe | PaperRecipe]:
    """The name of a recipe of stage II, and the recipe.

    Args:
        given: its name, or the path of its file, .toml.
        resolution: that was asked for; 256 by default, for the generic recipe.

    Raises:
        TrainingError: if there is none of this name, or the file cannot be used.
        UsageError: if it is of another resolution.
    """
    from gpunit.training.recipe_files import chosen_recipe
    from gpunit.training.recipes import SMALL_RECIPES, generic_recipe
    from gpunit.training.tasks import PAPER_TASKS

    recipes = {**SMALL_RECIPES, **{name: task.recipe for name, task in PAPER_TASKS.items()}}
    makers = {name: partial(_same, recipe) for name, recipe in recipes.items()}
    name, recipe = chosen_recipe(given, {**makers, "generic": partial(generic_recipe, resolution or 256)})
    has = recipe.translator.resolution
    if resolution is not None and has != resolution:
        raise UsageError(f"the recipe {given} is for {has} px: --resolution is for generic, leave it out.")
    return name, recipe


def _same(recipe: Any) -> Any:
    return recipe
