"""The bundled example pictures: which are offered where, and which of them a visitor's file is."""

from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any

import gradio as gr

from gpunit import settings, zoo

EXAMPLES_FOLDER = settings.ROOT / "assets" / "examples"
EXAMPLES = sorted(EXAMPLES_FOLDER.glob("*.jpg"))

# What the page opens with.
FIRST_EXAMPLE = "dog-husky"


def source_examples() -> list[str]:
    """The bundled pictures that bundled translators start from."""
    sources = {source for spec in bundled_translators() for source in spec.sources}
    return [str(path) for path in EXAMPLES if domain_of(path) in sources]


def exemplar_examples() -> list[str]:
    """The bundled pictures of the bundled translators' targets, in the translators' order."""
    targets = [spec.target for spec in bundled_translators()]
    return [str(path) for target in targets for path in EXAMPLES if domain_of(path) == target]


def own_exemplar(path: str | None, model_name: str) -> Any:
    """An example of the model's target in place of an example of another domain; else, or without one, a skip."""
    target = zoo.find(model_name).target
    names = {example.name: example for example in EXAMPLES}
    shown = names.get(Path(path).name) if path else None
    own = [example for example in EXAMPLES if domain_of(example) == target]
    if not own or shown is None or shown in own:
        return gr.skip()
    return str(own[0])


def example_stem(path: str | None) -> str | None:
    """The name, without suffix, of the bundled picture that a file is a copy of; None for a picture of one's own."""
    if not path:
        return None
    same_name = (example for example in EXAMPLES if example.name == Path(path).name)
    return next((example.stem for example in same_name if filecmp.cmp(example, path, shallow=False)), None)


def example_path(stem: str | None) -> str:
    """The bundled picture of this name, without its suffix.

    Raises:
        gr.Error: if there is none.
    """
    found = next((path for path in EXAMPLES if path.stem == stem), None)
    if found is None:
        raise gr.Error(f"There is no example {stem!r}; choose one that the page shows.", print_exception=False)
    return str(found)


def domain_of(example: Path) -> str:
    """What a bundled picture shows."""
    return example.stem.split("-")[0]


def bundled_translators() -> list[zoo.ModelSpec]:
    """The table's small translators."""
    return [spec for spec in zoo.MODELS.values() if spec.family == "small"]


def first_example() -> str:
    """The picture that every tab opens with."""
    sources = source_examples()
    return next((path for path in sources if Path(path).stem == FIRST_EXAMPLE), sources[0])
