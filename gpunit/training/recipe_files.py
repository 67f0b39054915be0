"""Recipes as TOML files: every run keeps its own, and one can be given in place of a recipe's name.

recipe = "small"          # the recipe whose values hold where the file gives none
batch = 12

[weights]
content = 2.0
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from gpunit.files import written_beside
from gpunit.networks.params import ParamsError, filled, plain
from gpunit.training.checkpoints import TrainingError

NAME = "recipe.toml"


def write_recipe(path: Path, name: str, recipe: Any) -> None:
    """Write a recipe with all its values.

    Args:
        path: the file.
        name: of the recipe that it began as.
        recipe: a dataclass of recipes.
    """
    text = tomlkit.dumps({"recipe": name, **_tables_last(plain(recipe))})
    with written_beside(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_recipe(path: Path, known: Mapping[str, Callable[[], Any]]) -> tuple[str, Any]:
    """The name of the recipe that a file begins with, and the recipe as the file changes it.

    Args:
        path: the file.
        known: what makes the recipes that it may begin with, by name.

    Raises:
        TrainingError: for a file that is missing, no TOML, or has keys or values that the recipe cannot take.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TrainingError(f"there is no file {path}; check the path.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"{path} is no TOML ({error}); correct it.") from None
    name = values.pop("recipe", None)
    if name not in known:
        raise TrainingError(
            f'{path} must begin with a line such as recipe = "{next(iter(known))}", one of {_list(known)}.'
        )
    try:
        return name, filled(known[name](), values)
    except ParamsError as error:
        raise TrainingError(f"{path}: {error}") from None


def chosen_recipe(given: str, known: Mapping[str, Callable[[], Any]]) -> tuple[str, Any]:
    """The name of a recipe, and the recipe: one of the known, or one of them as a file changes it.

    Args:
        given: a name, or the path of a file that ends with .toml.
        known: what makes the recipes, by name.

    Raises:
        TrainingError: for an unknown name, or as `read_recipe`.
    """
    if given.endswith(".toml"):
        return read_recipe(Path(given), known)
    if given not in known:
        raise TrainingError(f"there is no recipe {given!r}; choose one of {_list(known)}, or give a .toml file.")
    return given, known[given]()


def _list(known: Mapping[str, Any]) -> str:
    return ", ".join(known)


def _tables_last(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, tables after all others, as TOML wants them."""
    ordered = sorted(values.items(), key=lambda item: isinstance(item[1], dict))
    return {name: _tables_last(value) if isinstance(value, dict) else value for name, value in ordered}
