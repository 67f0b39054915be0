"""Whether the results that a visitor is sent say how they were made: on, until the visitor switches it off."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import gradio as gr
from gradio.context import LocalContext
from PIL import Image

from gpunit import zoo
from gpunit.engine.provenance import Signature, StyleSource
from gpunit.engine.translator import Translator
from gpunit.ui.content import Content, given
from gpunit.ui.events import QUIET
from gpunit.ui.i18n import text
from gpunit.ui.uploads import photo_of

# Open pages that are remembered as switched off.
MOST_SESSIONS = 20_000

_lock = threading.Lock()
_switched_off: OrderedDict[str, None] = OrderedDict()


def signing_switch() -> gr.Checkbox:
    """Lay out the switch and wire it."""
    switch = gr.Checkbox(True, label=text("signs"), info=text("signs_info"), elem_id="signs")
    switch.change(turn, switch, None, queue=False, **QUIET)
    return switch


def turn(on: bool) -> None:
    """Switch it on or off for the page whose event is running."""
    session = _session()
    if session is None:
        return
    with _lock:
        _switched_off.pop(session, None)
        if not on:
            _switched_off[session] = None
            while len(_switched_off) > MOST_SESSIONS:
                _switched_off.popitem(last=False)


def is_on() -> bool:
    """Whether results of the event that is running say how they were made."""
    with _lock:
        return _session() not in _switched_off


def sign(
    results: Sequence[Image.Image],
    styles: Sequence[StyleSource],
    translator: Translator,
    model_name: str,
    content: Content,
) -> None:
    """Let results say how they were made, where that is switched on.

    Args:
        results: the pictures.
        styles: the style of each.
        translator, model_name: what rendered them.
        content: the picture and its square.

    Raises:
        ModelError: if the translator's file is gone.
    """
    if is_on():
        signature = Signature.of(translator, model_name, zoo.fingerprint(model_name))
        signature.sign(results, styles, photo_of(given(content.path)), content.crop)


def _session() -> str | None:
    request = LocalContext.request.get(None)
    return None if request is None else request.session_hash
