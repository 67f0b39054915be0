from __future__ import annotations

import gradio as gr
import pytest

from gpunit.ui.translate import history
from gpunit.ui.translate.inputs import BY_SAMPLE, TranslationInputs
from tests.conftest import blobs


def with_seed(seed: int) -> TranslationInputs:
    return TranslationInputs("photo.png", "to-cat", 1, 0.5, 0.5, BY_SAMPLE, 6, seed, 1, None)


def made(count: int) -> history.History:
    entries: history.History = ()
    for number in range(count):
        entries = history.added(entries, with_seed(number), blobs(number, 8, 8), str(number))
    return entries


def test_the_newest_come_first_and_the_oldest_go() -> None:
    entries = made(history.MOST_RECENT + 3)
    assert [entry.inputs.seed for entry in entries] == list(range(history.MOST_RECENT + 2, 2, -1))


def test_a_pinned_entry_stays_and_stands_first() -> None:
    entries = made(3)
    oldest = entries[-1]
    entries = history.toggled(entries, oldest.number)
    for number in range(history.MOST_RECENT + 5):
        entries = history.added(entries, with_seed(100 + number), blobs(0, 8, 8), "later")
    assert entries[0].inputs == oldest.inputs
    assert entries[0].is_pinned
    assert len(entries) == 1 + history.MOST_RECENT
    assert len({entry.number for entry in entries}) == len(entries)
    assert history.pinned(entries) == entries[:1]
    assert history.pictures(entries)[0][1].startswith(history.PIN)
    let_go = history.toggled(entries, oldest.number)
    assert history.pinned(let_go) == ()


def test_pins_are_bounded_and_said_so() -> None:
    entries: history.History = ()
    for number in range(history.MOST_PINNED):
        entries = history.added(entries, with_seed(number), blobs(0, 8, 8), "")
        entries = history.toggled(entries, entries[number if number else 0].number)
        assert sum(entry.is_pinned for entry in entries) == number + 1
    entries = history.added(entries, with_seed(99), blobs(0, 8, 8), "")
    with pytest.raises(gr.Error, match="unpin one"):
        history.toggled(entries, entries[-1].number)


def test_nothing_chosen_is_said() -> None:
    with pytest.raises(gr.Error, match="Click a picture"):
        history.find(made(2), None)
