"""A visitor's history: translations with what made them, in the visitor's own state, bounded, some pinned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import gradio as gr
from PIL import Image

from gpunit.ui.i18n import notice
from gpunit.ui.translate.inputs import TranslationInputs

MOST_RECENT = 12
MOST_PINNED = 12
PIN = "★ "


@dataclass(frozen=True)
class Entry:
    """One translation.

    Attributes:
        number: its name, as long as the page is open.
        inputs: the controls' values that made it.
        picture: its first translation.
        caption: model and style.
        is_pinned: whether it stays when newer ones come.
    """

    number: int
    inputs: TranslationInputs
    picture: Image.Image
    caption: str
    is_pinned: bool = False


# In the order in which they are shown: the pinned ones, and then the newest first.
History = tuple[Entry, ...]


def added(history: History, inputs: TranslationInputs, picture: Image.Image, caption: str) -> History:
    """The history with one more entry; beyond `MOST_RECENT`, the oldest that is not pinned goes."""
    number = 1 + max((entry.number for entry in history), default=0)
    return _ordered((*history, Entry(number, inputs, picture, caption)))


def toggled(history: History, number: int | None) -> History:
    """The history with an entry pinned that was not, or the other way round.

    Raises:
        gr.Error: if there is no such entry, or `MOST_PINNED` are pinned.
    """
    entry = find(history, number)
    if not entry.is_pinned and sum(each.is_pinned for each in history) >= MOST_PINNED:
        raise gr.Error(notice("too_many_pins", most=MOST_PINNED), print_exception=False)
    turned = replace(entry, is_pinned=not entry.is_pinned)
    return _ordered(tuple(turned if each is entry else each for each in history))


def pinned(history: History) -> History:
    """The pinned entries only."""
    return tuple(entry for entry in history if entry.is_pinned)


def find(history: History, number: int | None) -> Entry:
    """The entry of that number.

    Raises:
        gr.Error: if there is none.
    """
    for entry in history:
        if entry.number == number:
            return entry
    raise gr.Error(notice("no_entry"), print_exception=False)


def pictures(history: History) -> list[tuple[Image.Image, str]]:
    """The history for a gallery."""
    return [(entry.picture, f"{PIN if entry.is_pinned else ''}{entry.caption}") for entry in history]


def _ordered(history: History) -> History:
    newest = sorted(history, key=lambda entry: -entry.number)
    return (*pinned(tuple(newest)), *[entry for entry in newest if not entry.is_pinned][:MOST_RECENT])
