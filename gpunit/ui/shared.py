"""What the tabs share: the loaded models, errors as notices, the bundled example pictures."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import gradio as gr

from gpunit import zoo
from gpunit.images import PictureError
from gpunit.translator import Translator

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"
EXAMPLES = sorted((ASSETS / "examples").glob("*.jpg"))

# One heavy job at a time per device: events that compute share this queue.
DEVICE_QUEUE = "device"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Models:
    """Translators, loaded on first use and kept; safe to call from several visitors' threads."""

    def __init__(self, device: str = "auto", precision: str = "auto") -> None:
        self._device = device
        self._precision = precision
        self._lock = threading.Lock()
        self._loaded: dict[str, Translator] = {}

    def get(self, name: str) -> Translator:
        """The translator of that name, loaded if need be."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = zoo.load(name, self._device, self._precision)
            return self._loaded[name]


def with_notices(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Show what the visitor can mend (a bad picture, a missing model) as a notice instead of a failure."""

    @functools.wraps(function)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except (PictureError, zoo.ModelError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped
