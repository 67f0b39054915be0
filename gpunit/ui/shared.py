"""What the tabs share: the loaded models, errors as notices, the bundled example pictures."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import gradio as gr
from gradio.data_classes import ImageData
from PIL import Image

from gpunit import weights, zoo
from gpunit.images import PictureError, open_picture
from gpunit.styles import StyleError
from gpunit.translator import Translator

if TYPE_CHECKING:
    from gpunit.prior.biggan import Prior

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"
EXAMPLES = sorted((ASSETS / "examples").glob("*.jpg"))

PRIORS = ("prior-small", "biggan-deep-128", "biggan-deep-256", "biggan-deep-512")

# One heavy job at a time per device: events that compute share this queue.
DEVICE_QUEUE = "device"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def picture_input(**settings: Any) -> gr.Image:
    """A gr.Image that hands on the uploaded file itself, for `images.open_picture` to read.

    gr.Image's own reading drops what this project handles (16-bit, transparency) and meets a file that is
    no picture with a failure instead of a sentence.
    """
    component = gr.Image(
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], buttons=["fullscreen"], **settings
    )
    read = component.preprocess

    def uploaded_path(payload: ImageData | None) -> Any:
        is_stored = payload is not None and payload.path and not (payload.url or "").startswith("data:")
        return payload.path if payload is not None and is_stored else read(payload)

    component.preprocess = uploaded_path  # type: ignore[method-assign]
    return component


def heading(title: str, line: str) -> None:
    """A section's title with the line that explains it."""
    gr.Markdown(f"### {title}\n{line}", elem_classes="heading")


def open_upload(path: str) -> Image.Image:
    """Read an uploaded picture; messages name the visitor's file, not where the server keeps it."""
    return open_picture(path, name=Path(path).name)


class Models:
    """Translators and priors, loaded on first use and kept; safe to call from several visitors' threads."""

    def __init__(self, device: str = "auto", precision: str = "auto") -> None:
        self._device = device
        self._precision = precision
        self._lock = threading.Lock()
        self._loaded: dict[str, Translator] = {}
        self._priors: dict[str, Prior] = {}

    def get(self, name: str) -> Translator:
        """The translator of that name, loaded if need be."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = zoo.load(name, self._device, self._precision)
            return self._loaded[name]

    def prior(self, name: str) -> Prior:
        """The prior of that name among the checkpoints, loaded if need be."""
        from gpunit.prior.biggan import load_prior  # its library is slow to import

        if name not in PRIORS:  # a name, never a path from a request
            raise weights.ModelError(f"there is no prior {name!r}; choose from {', '.join(PRIORS)}.")
        with self._lock:
            if name not in self._priors:
                self._priors[name] = load_prior(name, self._device)
            return self._priors[name]


def with_notices(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Show what the visitor can mend (a bad picture or style, a missing model) as a notice instead of a failure."""

    @functools.wraps(function)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except (PictureError, StyleError, weights.ModelError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped
