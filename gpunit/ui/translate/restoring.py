"""A result that is dropped on the page, or loaded, sets everything as it was when it was made.

The result is not the photo that it was made of.  That is found among the bundled examples and the photos that the
visitor has dropped before; otherwise the page asks for it, and goes on once it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit import zoo
from gpunit.engine import provenance
from gpunit.engine.provenance import Provenance, SampledStyle
from gpunit.engine.styles import Style
from gpunit.images import PictureError
from gpunit.ui.events import ON_DEVICE, PRIVATE, QUIET, endpoint
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.i18n import notice, warn
from gpunit.ui.models import Models
from gpunit.ui.translate import actions
from gpunit.ui.translate.history import Entry
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, TranslationInputs, fits_controls
from gpunit.ui.uploads import photo_of
from gpunit.zoo.weights import ModelError

CONTROLS = 10


@dataclass(frozen=True)
class Dropped:
    """What a visitor has dropped on the page.

    Attributes:
        photo: path of the last photo, which is none of our results.
        made: how the result was made that came last.
        is_complete: whether all is there that makes it again.
    """

    photo: str | None = None
    made: Provenance | None = None
    is_complete: bool = False


def wire(
    picture: gr.Image, load: gr.UploadButton, dropped: gr.State, inputs: list[Any], outputs: list[Any], models: Models
) -> tuple[Dependency, Dependency]:
    """Let results that are dropped as the picture, or loaded by the button, be made again.

    Args:
        picture: the picture input.
        load: takes PNG and JSON files.
        dropped: a state, the `Dropped` of the page.
        inputs: the components of a `TranslationInputs`.
        outputs: what "translate" sets.
        models: hold the translators.
    """
    setting = [*inputs, dropped]
    taken = picture.upload(endpoint(take_upload), [picture, dropped], setting, **QUIET)
    loaded = load.upload(endpoint(load_file), [load, dropped], setting, api_name="load_settings")
    for event in (taken, loaded):
        make_after(event, dropped, inputs, outputs, models)
    return taken, loaded


def make_after(event: Dependency, dropped: gr.State, inputs: list[Any], outputs: list[Any], models: Models) -> None:
    """After an event that has set the controls and `dropped`, translate what is complete."""
    event.success(endpoint(translate_restored, models), [dropped, *inputs], outputs, **PRIVATE, **ON_DEVICE)


def take_upload(path: str | None, dropped: Dropped) -> tuple[Any, ...]:
    """Set everything as a dropped result says; a photo stays what it is.

    A result that is dropped twice in a row is taken for a photo, and so is one that cannot be made here.

    Returns:
        The values of the controls, and what has been dropped now.
    """
    if path is None:
        return *[gr.skip()] * CONTROLS, replace(dropped, is_complete=False)
    try:
        made = provenance.read(path, Path(path).name)
        if made is not None and made != dropped.made:
            zoo.require_same_weights(made.model, made.sha256, Path(path).name)
            return _restored(made, path, dropped, _photo_of(made, dropped))
    except (PictureError, ModelError) as error:
        warn(str(error))
    return _with_photo(path, dropped)


def load_file(file: str, dropped: Dropped) -> tuple[Any, ...]:
    """Set everything as a saved JSON file, or a PNG that was made here, says.

    Args:
        file: the JSON file or the PNG.
        dropped: of the page's own.

    Returns:
        Picture, model, zoom, across, down, guidance, count, seed, temperature and exemplar for "translate".
    """
    name = Path(file).name
    if name.lower().endswith(".json"):
        return *actions.load_settings(file), replace(dropped, made=None, is_complete=True)
    made = provenance.require(file, name)
    zoo.require_same_weights(made.model, made.sha256, name)
    return _restored(made, file, dropped, _photo_of(made, dropped))


def recall(sent: Any, dropped: Dropped) -> tuple[Any, ...]:
    """`take_upload` for an entry of the history, as the browser has it."""
    entry = Entry.read(sent)
    _require_model(entry)
    photo = _photo_of(entry.made, dropped) or entry.photo_path()
    style = entry.made.style
    exemplar = "" if isinstance(style, SampledStyle) and _fits(style) else entry.exemplar_path()
    return _restored(entry.made, exemplar, dropped, photo, "entry_waits")


def hand_on(models: Models, sent: Any, dropped: Dropped) -> tuple[Any, ...]:
    """Picture, zoom, across, down, model and style of an entry of the history.

    Raises:
        gr.Error: if the server no longer has its photo.
        ModelError: if the model is not here, or has other weights.
    """
    entry = Entry.read(sent)
    _require_model(entry)
    made = entry.made
    photo = _photo_of(made, dropped) or entry.photo_path()
    if photo is None:
        raise gr.Error(
            notice("entry_photo_gone", width=made.photo.width, height=made.photo.height), print_exception=False
        )
    style = Style.of(made.model, made.code(models.get(made.model))[0])
    return photo, made.square.zoom, made.square.across, made.square.down, made.model, style


def _require_model(entry: Entry) -> None:
    zoo.require_same_weights(entry.made.model, entry.made.sha256, entry.caption)


def translate_restored(models: Models, dropped: Dropped, inputs: TranslationInputs) -> Any:
    """Translate as the restored controls say, and compare the picture that was dropped; nothing without its photo."""
    if not dropped.is_complete:
        return [gr.skip()] * 6
    results, line, sides, archive, rendered, chosen = actions.translate(models, inputs)
    if dropped.made is not None and isinstance(dropped.made.style, SampledStyle) and not inputs.by_exemplar:
        chosen = min(dropped.made.style.number, len(results)) - 1
        sides = (sides[0], results[chosen])
    return results, line, sides, archive, rendered, chosen


def _restored(
    made: Provenance, path: str, dropped: Dropped, photo: str | None, missing: str = "photo_missing"
) -> tuple[Any, ...]:
    """Set everything.

    Args:
        made: how the result was made.
        path: of a picture that has its style.
        dropped: what has been dropped before.
        photo: its photo, or None.
        missing: the notice that asks for it.
    """
    if photo is None:
        warn(notice(missing, width=made.photo.width, height=made.photo.height))
    style, square = made.style, made.square
    if isinstance(style, SampledStyle) and _fits(style):
        drawing: tuple[Any, ...] = (BY_SAMPLE, style.count, style.seed, style.temperature, gr.skip())
    else:  # a result taken for an exemplar has exactly its own style
        drawing = (BY_EXEMPLAR, gr.skip(), gr.skip(), gr.skip(), path)
    crop = (square.zoom, square.across, square.down)
    return photo, made.model, *crop, *drawing, Dropped(dropped.photo, made, is_complete=photo is not None)


def _fits(style: SampledStyle) -> bool:
    return fits_controls(style.count, style.temperature)


def _with_photo(path: str, dropped: Dropped) -> tuple[Any, ...]:
    """The controls for a photo: those of the result that waits for it, if one does."""
    values = [gr.skip()] * CONTROLS
    is_awaited = False
    if dropped.made is not None and not dropped.is_complete:
        try:
            is_awaited = photo_of(path) == dropped.made.photo
        except PictureError:  # whoever uses the picture says why
            is_awaited = False
    if is_awaited and dropped.made is not None:
        square = dropped.made.square
        values[2:5] = [square.zoom, square.across, square.down]
    return *values, Dropped(path, dropped.made if is_awaited else None, is_awaited)


def _photo_of(made: Provenance, dropped: Dropped) -> str | None:
    """The photo that a result was made of: one that was dropped before, or an example."""
    for path in (dropped.photo, *map(str, EXAMPLES)):
        try:
            if path is not None and photo_of(path) == made.photo:
                return path
        except PictureError:  # swept away meanwhile
            continue
    return None
