"""How the page's events call actions: settings of events, values of several components, mistakes as notices."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, get_type_hints

import gradio as gr
from gradio.events import Dependency

from gpunit.engine.styles import StyleError
from gpunit.images import PictureError
from gpunit.zoo.weights import ModelError

# One heavy job at a time per device: events that compute share this queue.
DEVICE_QUEUE = "device"
# What takes minutes has a queue of its own: the others share the device with it, and do not wait behind it.
LONG_QUEUE = "long"

# Settings of events, to be combined.
ON_DEVICE: dict[str, Any] = {"concurrency_id": DEVICE_QUEUE, "concurrency_limit": 1}
LONG: dict[str, Any] = {"concurrency_id": LONG_QUEUE, "concurrency_limit": 1}
LIVE: dict[str, Any] = {**ON_DEVICE, "trigger_mode": "always_last", "show_progress": "hidden"}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
QUIET: dict[str, Any] = {**PRIVATE, "show_progress": "hidden"}
# Of events that the browser answers alone, and at once.
IN_BROWSER: dict[str, Any] = {**PRIVATE, "trigger_mode": "multiple"}

# Shows the whole address in place of its query, and copies it where the browser lets a page do so.
COPY_LINK = """(query) => {
    const address = window.location.origin + window.location.pathname + "?" + query;
    if (navigator.clipboard) navigator.clipboard.writeText(address).catch(() => {});
    return address;
}"""


class Inputs:
    """Base of the frozen dataclasses whose fields come from one component each.

    An endpoint takes the fields one by one, in their order and under their names; the class's "Attributes" describe
    them.
    """


def endpoint(action: Callable[..., Any], *given: Any) -> Callable[..., Any]:
    """Make of an action what Gradio calls.

    Args:
        action: a function of values, or a generator function of several answers.  Parameters that are annotated with a
            class of `Inputs` become its fields.
        given: its first arguments, such as the models; they are no part of the endpoint.

    Returns:
        A function with the endpoint's own signature and documentation.  What the visitor can mend (a bad picture or
        style, a missing model) is raised as a notice.
    """
    hints = get_type_hints(action)
    taken = list(inspect.signature(action).parameters.values())[len(given) :]
    several = {each.name: hints[each.name] for each in taken if _is_several(hints.get(each.name))}
    flat = [part for each in taken for part in _parts(each, hints, several.get(each.name))]

    def arguments_of(values: Sequence[Any]) -> list[Any]:
        rest = iter(values)
        arguments: list[Any] = []
        for each in taken:
            if each.kind is each.VAR_POSITIONAL:
                arguments += rest
            elif each.name in several:
                kind = several[each.name]
                arguments.append(kind(*(next(rest) for _ in fields(kind))))
            else:
                arguments += [next(rest, each.default)]
        return arguments

    @functools.wraps(action)
    def call(*values: Any) -> Any:
        with _mistakes_as_notices():
            return action(*given, *arguments_of(values))

    @functools.wraps(action)
    def stream(*values: Any) -> Iterator[Any]:
        with _mistakes_as_notices():
            yield from action(*given, *arguments_of(values))

    offered: Callable[..., Any] = stream if inspect.isgeneratorfunction(action) else call
    # Gradio takes outputs that have no component from "return"; it would not know what a picture is.
    offered.__signature__ = inspect.Signature(flat, return_annotation=Any)  # type: ignore[attr-defined]
    offered.__annotations__ = {each.name: each.annotation for each in flat} | {"return": Any}
    offered.__doc__ = _documented(inspect.getdoc(action) or "", several)
    return offered


@contextmanager
def _mistakes_as_notices() -> Iterator[None]:
    try:
        yield
    except (PictureError, StyleError, ModelError) as error:
        raise gr.Error(str(error), print_exception=False) from None


def _is_several(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Inputs)


def _parts(parameter: inspect.Parameter, hints: dict[str, Any], kind: type[Any] | None) -> Iterator[inspect.Parameter]:
    """The endpoint's parameters for one of the action's."""
    if kind is None:
        yield parameter.replace(annotation=hints.get(parameter.name, Any))
        return
    field_hints = get_type_hints(kind)
    for field in fields(kind):
        yield inspect.Parameter(field.name, parameter.POSITIONAL_OR_KEYWORD, annotation=field_hints[field.name])


def _documented(text: str, several: dict[str, type[Any]]) -> str:
    """An action's documentation with the fields of a value in place of the value."""
    for name, kind in several.items():
        described = re.search(r"^Attributes:\n((?:    .*\n?)+)", inspect.getdoc(kind) or "", re.MULTILINE)
        lines = described[1].rstrip("\n").replace("\\", r"\\") if described else ""
        text = re.sub(rf"^    {name}: .*(?:\n     +.*)*", lines, text, flags=re.MULTILINE)
    return text


def first_opened(tab: gr.Tab) -> Callable[..., Dependency]:
    """The event that a tab is opened for the first time by a visitor.

    Its own `select` comes twice with one click, and again with every return to it.
    """
    is_open = gr.State(False)
    tab.select(lambda: True, None, is_open, **QUIET)
    change: Callable[..., Dependency] = is_open.change
    return change


def settled(name: str, triggers: Sequence[Any], picture: gr.Image) -> Dependency:
    """The event that some of these have come, and no other for a moment, while there is a picture.

    Controls that change together, such as picture and crop, so start their work once; the browser does the waiting.

    Args:
        name: tells this event from others of its kind.
        triggers: such as `slider.change`.
        picture: without one, nothing comes.
    """
    return gr.on(
        list(triggers), None, picture, None, js=f"(picture) => gpunit.settled('{name}', picture)", **IN_BROWSER
    )


def download_json(name: str) -> str:
    """A browser's function that offers its argument as a JSON file.

    The browser writes the file: it holds what the page shows, and nothing is left on the server.

    Args:
        name: the file's name without suffix, as JavaScript's template literals have it: `${value.model}` is put in.
    """
    return f"""(value) => {{
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1)], {{type: "application/json"}}));
    link.download = `{name}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
}}"""
