"""What Gradio is given for an action: its own signature, documentation, and sentences for the visitor."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args
from gradio.utils import get_function_description, get_function_params

from gpunit.engine.styles import StyleError
from gpunit.images import PictureError
from gpunit.ui.events import Inputs, endpoint
from gpunit.zoo.weights import ModelError
from tests.ui.conftest import click


@dataclass(frozen=True)
class Place(Inputs):
    """A place.

    Attributes:
        across: from the left,
            in pixels.
        down: from the top.
    """

    across: float
    down: float = 0.5


def act(models: str, name: str, place: Place, dabs: list[int] | None, last: int = 3) -> tuple[Any, ...]:
    """Do something.

    Args:
        models: are given.
        name: of someone.
        place: where,
            which takes two lines.
        dabs: on it.
        last: of all.

    Returns:
        What it was called with.
    """
    return models, name, place, dabs, last


def test_a_value_of_several_components_is_its_fields() -> None:
    called = endpoint(act, "models")
    assert list(inspect.signature(called).parameters) == ["name", "across", "down", "dabs", "last"]
    assert called("a", 1.0, 2.0, None, 4) == ("models", "a", Place(1.0, 2.0), None, 4)
    assert called("a", 1.0, 2.0, [5]) == ("models", "a", Place(1.0, 2.0), [5], 3)
    assert [(name, has_default) for name, has_default, *_ in get_function_params(called)] == [
        *(("name", False), ("across", False), ("down", False)),
        *(("dabs", False), ("last", True)),
    ]


def test_its_documentation_is_the_fields() -> None:
    description, parameters, returns = get_function_description(endpoint(act, "models"))
    assert description == "Do something."
    assert parameters == {
        "name": "of someone.",
        "across": "from the left,",
        "down": "from the top.",
        "dabs": "on it.",
        "last": "of all.",
    }
    assert returns == ["What it was called with."]


def test_gradio_hands_over_progress_and_clicks() -> None:
    def clicked_on(place: Place, clicked: gr.SelectData) -> tuple[Any, ...]:
        return place, clicked.index

    def slow(place: Place, progress: gr.Progress = gr.Progress()) -> Any:  # noqa: B008 - how Gradio hands it over
        return place, progress

    clicked_on.__annotations__ = {"place": Place, "clicked": gr.SelectData}
    slow.__annotations__ = {"place": Place, "progress": gr.Progress}
    event = gr.EventData(None, click(3)._data)
    values, *_ = special_args(endpoint(clicked_on), [1.0, 2.0], event_data=event)
    assert endpoint(clicked_on)(*values) == (Place(1.0, 2.0), 3)
    values, place, *_ = special_args(endpoint(slow), [1.0, 2.0])
    assert place == 2
    assert isinstance(endpoint(slow)(*values)[1], gr.Progress)


def test_as_many_numbers_as_come_are_handed_on() -> None:
    def add(place: Place, *numbers: float) -> float:
        return sum(numbers)

    add.__annotations__ = {"place": Place, "numbers": float}
    assert endpoint(add)(1.0, 2.0, 3.0, 4.0) == 7.0


@pytest.mark.parametrize("kind", [PictureError, StyleError, ModelError])
def test_what_the_visitor_can_mend_is_a_notice(kind: type[Exception]) -> None:
    def fail() -> None:
        raise kind("mine.png: give another.")

    with pytest.raises(gr.Error, match="give another") as raised:
        endpoint(fail)()
    assert raised.value.print_exception is False
