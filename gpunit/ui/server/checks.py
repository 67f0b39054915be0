"""What passes between visitors and actions: values are checked on the way in, pictures become files on the way out.

The page asks for numbers in a range and for choices of a list, but a program may send anything.  Gradio answers some
of it with a bare "Error" and a traceback in the log, and lets other things pass (NaN is not below any minimum).  Here
every refusal is one sentence with a way out.
"""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
from gradio.block_function import BlockFunction
from gradio.blocks import Block
from gradio.components.api_component import Api
from gradio.data_classes import FileData
from gradio.exceptions import Error, InvalidPathError
from gradio.utils import get_upload_folder
from PIL import Image

from gpunit.images import PictureError, require_picture
from gpunit.prior.classes import PriorError, columns_of, is_mixture
from gpunit.ui.components import ClassChoice, PictureInput
from gpunit.ui.i18n import LABELS, NOTICES, asks_for_chinese
from gpunit.ui.refusals import in_chinese
from gpunit.ui.server import scratch
from gpunit.ui.server.guard import lies_below

MOST_NESTED = 8
MOST_VALUES = 10_000
MOST_SHOWN = 12
UNREADABLE = "This cannot be read as {label}; use the page, or send what “Use via API” describes."
FAILED = "This went wrong on the server; try again, or with another picture or model."
NOT_UPLOADED = "Only uploaded files can be used, and for a while only: upload the picture again."
# A choice that the page itself empties, when there is nothing to choose anew, and one that need not be made.
MAY_BE_EMPTY = ("styles-origin", "prior-mix-c")

# What stands in a label for a text that only a browser can put in.
_I18N_MARK = re.compile(r'__i18n__\{[^}]*"key": "(\w+)"\}')

_log = logging.getLogger(__name__)


class CheckedBlocks(gr.Blocks):
    """A page that checks what it is sent, tells failures in sentences, and sends pictures as whole files."""

    async def process_api(
        self,
        block_fn: BlockFunction | int,
        inputs: list[Any],
        state: Any = None,
        request: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Answer a job; refusals are in the visitor's language.

        Raises:
            gr.Error: for all that goes wrong.
        """
        try:
            return await super().process_api(block_fn, inputs, state, request, *args, **kwargs)
        except Error as error:
            if asks_for_chinese(request):
                error.message, error.title = in_chinese(str(error.message)), NOTICES["mistake"][1]
            raise

    async def preprocess_data(self, block_fn: BlockFunction, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Check what was sent, and make of it what the action takes.

        Raises:
            gr.Error: if it cannot be used.
        """
        if len(inputs) < len(block_fn.inputs):
            raise _error(f"This action takes {len(block_fn.inputs)} values, not {len(inputs)}; see “Use via API”.")
        inputs = list(inputs)
        state = args[0] if args else kwargs.get("state")
        names = list(inspect.signature(block_fn.fn).parameters) if callable(block_fn.fn) else []
        for number, (component, value) in enumerate(zip(block_fn.inputs, inputs, strict=False)):
            if getattr(component, "stateful", False):
                continue
            # An event may have given this visitor's component other limits or choices.
            own = state[component._id] if state is not None and component._id in state else component
            value = inputs[number] = _as_offered(own, value)
            check_value(own, value, names[number] if isinstance(own, Api) and number < len(names) else "")
        try:
            return await super().preprocess_data(block_fn, inputs, *args, **kwargs)
        except Error as error:
            error.print_exception = False
            raise
        except (InvalidPathError, FileNotFoundError):
            raise _error(NOT_UPLOADED) from None
        except Exception as error:  # components raise whatever the values lead them to
            _log.info("refused before %s: %s", block_fn.name, error)
            raise _error(UNREADABLE.format(label="the inputs of this action")) from None

    async def call_function(self, block_fn: BlockFunction | int, *args: Any, **kwargs: Any) -> Any:
        """Call an action.

        Raises:
            gr.Error: if it fails.
        """
        event = kwargs.get("event_data")
        if event is not None and not _is_place(getattr(event, "_data", None)):
            raise _error("A click is told by where it was; use the page.")
        try:
            return await super().call_function(block_fn, *args, **kwargs)
        except Error as error:  # a sentence for the visitor, and nothing that a log should show as a failure
            error.print_exception = False
            raise
        except Exception:
            _log.exception("an action failed: %s", getattr(block_fn, "name", block_fn))
            raise _error(FAILED) from None

    async def postprocess_data(self, block_fn: BlockFunction, predictions: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Make of an action's answer what is sent; pictures as files that are written once (see `scratch`)."""
        several = len(block_fn.outputs) > 1 and isinstance(predictions, list | tuple)
        values = list(predictions) if several else [predictions]
        filed = await anyio.to_thread.run_sync(_filed, block_fn.outputs, values)
        return await super().postprocess_data(block_fn, filed if several else filed[0], *args, **kwargs)


def _filed(outputs: Sequence[Block], values: list[Any]) -> list[Any]:
    """The values with files in place of pictures, as the outputs take them; states keep theirs."""
    if len(outputs) != len(values):
        return values  # Gradio says what is wrong
    return [
        value if getattr(output, "stateful", False) else _with_files(value, isinstance(output, Api))
        for output, value in zip(outputs, values, strict=True)
    ]


def _with_files(value: Any, is_bare: bool) -> Any:
    """A value with files in place of pictures.

    Args:
        value: an action's answer for one output.
        is_bare: whether no component makes file data of a path.
    """
    if isinstance(value, Image.Image):
        path = str(scratch.kept_picture(value))
        return FileData(path=path, mime_type="image/png").model_dump() if is_bare else path
    if isinstance(value, dict):
        return {key: _with_files(inner, is_bare) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_files(inner, is_bare) for inner in value]
    return value


def check_value(component: Block, value: Any, name: str = "") -> None:
    """Check one value against the component that it is meant for.

    Args:
        component: a slider, a picture, ...
        value: as it was sent.
        name: what messages call it; the component's label by default.

    Raises:
        gr.Error: for a number that is none, is not finite or is out of range, a choice that is not offered, a file
            that is not an upload or a result of this page's, or anything nested too deep.
    """
    label = name or _label(component)
    for count, inner in enumerate(_walk(value, label)):
        if count > MOST_VALUES:
            raise _error(UNREADABLE.format(label=label))
        if isinstance(inner, float) and not math.isfinite(inner):
            raise _error(f"{label} must be a finite number, not {inner}; {_wanted(component)}.")
        if isinstance(inner, dict) and ("path" in inner or "url" in inner):
            _check_file(component, inner.get("path"), inner.get("url"))
    if isinstance(component, gr.Slider | gr.Number):
        _check_number(component, label, value)
    elif isinstance(component, gr.Dropdown | gr.Radio | gr.CheckboxGroup):
        _check_choice(component, label, value)
    elif isinstance(component, gr.Image | gr.File | gr.UploadButton | gr.ImageSlider | gr.Gallery):
        if value is not None and not isinstance(value, dict | list):
            raise _error(f"{label} takes an uploaded file; upload one and send what the upload answers.")
    elif isinstance(component, Api):
        _check_parameter(component, label, value)


def is_stored(path: str) -> bool:
    """Whether a path that was sent is that of an upload or result of this page's, which now counts as asked for."""
    try:
        return lies_below(path, [Path(get_upload_folder()).resolve()]) and scratch.keep(Path(path))
    except OSError:  # a name that is too long
        return False


def _check_file(component: Block, path: Any, url: Any) -> None:
    """Gradio checks where a file lies only if it is marked as one, and hands unmarked ones on as they are."""
    if isinstance(url, str) and url.startswith("data:"):  # a webcam's picture
        if not isinstance(component, PictureInput):
            raise _error(NOT_UPLOADED)
        return
    if not isinstance(path, str):
        raise _error(NOT_UPLOADED)
    if path.lower().startswith(("http:", "https:")):
        raise _error("Addresses are not fetched: save the picture on your machine and upload the file.")
    stored = Path(path)
    if not is_stored(path):
        raise _error(NOT_UPLOADED)
    opens_it_itself = isinstance(component, gr.Image | gr.ImageSlider | gr.Gallery)
    if opens_it_itself and not isinstance(component, PictureInput):
        try:
            require_picture(stored, stored.name)
        except PictureError as error:
            raise _error(str(error)) from None


def _check_number(component: gr.Slider | gr.Number, label: str, value: Any) -> None:
    if value is None and isinstance(component, gr.Number):
        return  # an emptied field
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _error(f"{label} must be a number, not {_short(value)}; {_wanted(component)}.")
    low, high = component.minimum, component.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise _error(f"{label} is out of range with {_short(value)}; {_wanted(component)}.")


def _as_offered(component: Block, value: Any) -> Any:
    """A choice in place of its text: Gradio describes every choice as a text, also those that are numbers."""
    if isinstance(component, gr.Dropdown | gr.Radio) and isinstance(value, str):
        return next((choice for _, choice in component.choices if str(choice) == value), value)
    return value


def _check_choice(component: gr.Dropdown | gr.Radio | gr.CheckboxGroup, label: str, value: Any) -> None:
    offered = [choice for _, choice in component.choices]
    several = isinstance(component, gr.CheckboxGroup) or bool(getattr(component, "multiselect", False))
    if several and value is not None and not isinstance(value, list):
        raise _error(f"{label} takes a list; choose from {_listed(offered)}.")
    if value is None and (several or component.elem_id in MAY_BE_EMPTY):
        return
    for choice in value if several else [value]:
        if isinstance(component, ClassChoice) and isinstance(choice, str) and is_mixture(choice):
            _check_mixture(choice, [str(each) for each in offered])
        elif isinstance(choice, bool) or choice not in offered:
            raise _error(f"{label} does not offer {_short(choice)}; choose from {_listed(offered)}.")


def _check_mixture(choice: str, offered: Sequence[str]) -> None:
    try:
        columns_of([choice], offered)
    except PriorError as error:
        raise _error(str(error)) from None


def _check_parameter(component: Api, label: str, value: Any) -> None:
    """A parameter of an action that has no place on the page."""
    kind = component.api_info().get("type")
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise _error(f"{label} must be a number, not {_short(value)}; send one such as 0.5.")
    if kind == "string" and not isinstance(value, str):
        raise _error(f"{label} must be a text, not {_short(value)}; see “Use via API”.")
    if kind == "array" and not (isinstance(value, list) and all(isinstance(inner, str) for inner in value)):
        raise _error(f"{label} takes a list of texts, not {_short(value)}; see “Use via API”.")


def _walk(value: Any, label: str, depth: int = 0) -> Iterator[Any]:
    """A value and all that is in it."""
    if depth > MOST_NESTED:
        raise _error(UNREADABLE.format(label=label))
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _walk(child, label, depth + 1)


def _is_place(data: Any) -> bool:
    """Whether an event's data is what a click in a picture or gallery gives; other events carry none."""
    index = data.get("index") if isinstance(data, dict) else None
    if index is None:
        return True
    parts = index if isinstance(index, list) else [index]
    return 1 <= len(parts) <= 2 and all(
        isinstance(part, int | float) and not isinstance(part, bool) and math.isfinite(part) for part in parts
    )


def _wanted(component: Block) -> str:
    low, high = getattr(component, "minimum", None), getattr(component, "maximum", None)
    if low is None or high is None:
        return "send one such as 1" if low is None else f"send one from {low:g} on"
    return f"give one from {low:.10g} to {high:.10g}"


def _label(component: Block) -> str:
    label = str(getattr(component, "label", None) or component.get_block_name().capitalize())
    return _I18N_MARK.sub(lambda found: LABELS[found[1]][0], label)


def _listed(offered: Sequence[Any]) -> str:
    more = ", …" if len(offered) > MOST_SHOWN else ""
    return ", ".join(str(choice) for choice in offered[:MOST_SHOWN]) + more


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"


def _error(sentence: str) -> Error:
    return Error(sentence, print_exception=False)
