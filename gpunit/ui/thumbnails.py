"""Choices that are shown as pictures: radio buttons, so that keys, names and focus are the browser's own.

The pictures are in the style sheet, by the choice's value; a page with three such choices holds each picture once.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from gpunit import zoo
from gpunit.images import CENTRE
from gpunit.ui import uploads
from gpunit.ui.examples import EXAMPLES, domain_of
from gpunit.ui.i18n import text

SIDE = 144
# The picture that stands for a domain, where the first example of it would not do.
_OF_DOMAIN = {"bird": "bird-lorikeet", "car": "car-beetle", "dog": "dog-shepherd"}

# A browser's function: the choice that is the picture in an input, by its file's name; null for a visitor's own.
NAME_OF_PICTURE = "(picture) => gpunit.exampleOf(picture)"


def example_choice(paths: Sequence[str], first: str | None, label: str, elem_id: str) -> gr.Radio:
    """Bundled pictures to choose from; its value is the file's name without suffix.

    Args:
        paths: of the pictures.
        first: the one that is chosen at first.
        label: key of the page's texts.
        elem_id: of the element.
    """
    stems = [Path(path).stem for path in paths]
    choices = [(text(example_key(stem)), stem) for stem in stems]
    return _choice(choices, None if first is None else Path(first).stem, label, elem_id, "examples")


def target_choice(models: Sequence[str], first: str | None, elem_id: str) -> gr.Radio:
    """Translators to choose from by what they draw.

    Args:
        models: names of translators, of different targets.
        first: the one that is chosen at first.
        elem_id: of the element.
    """
    choices = [(text(f"target_{zoo.find(name).target}"), name) for name in models]
    return _choice(choices, first if first in models else None, "targets", elem_id, "targets")


def one_for_each_target(models: Sequence[str]) -> list[str]:
    """The first of these translators for every target that has a picture, as far as they are here."""
    found: dict[str, str] = {}
    for name in models:
        spec = zoo.find(name)
        if spec.is_here and _picture_of(spec.target):
            found.setdefault(spec.target, name)
    return list(found.values())


def example_key(stem: str) -> str:
    """The key of the text that names a bundled picture."""
    return "example_" + stem.replace("-", "_")


def style_sheet() -> str:
    """The rules that give every choice its picture."""
    small = {path.stem: _data_address(path) for path in EXAMPLES}
    pictures = "".join(f"--pic-{stem}:url({address});" for stem, address in small.items())
    rules = [f":root{{{pictures}}}", *(_rule(stem, stem) for stem in small)]
    for spec in zoo.all_models().values():
        if stem := _picture_of(spec.target):
            rules.append(_rule(spec.name, stem))
    return "\n".join(rules)


def _choice(choices: list[Any], first: str | None, label: str, elem_id: str, kind: str) -> gr.Radio:
    return gr.Radio(
        choices, value=first, label=text(label), container=False, elem_id=elem_id, elem_classes=["thumbs", kind]
    )


def _rule(value: str, stem: str) -> str:
    return f'.thumbs label:has(input[value="{value}"]){{--pic:var(--pic-{stem})}}'


def _picture_of(domain: str) -> str | None:
    stems = [path.stem for path in EXAMPLES if domain_of(path) == domain]
    wanted = _OF_DOMAIN.get(domain, "")
    return wanted if wanted in stems else next(iter(stems), None)


def _data_address(path: Path) -> str:
    buffer = io.BytesIO()
    uploads.cut_upload(str(path), CENTRE, SIDE).save(buffer, format="JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
