"""Long jobs that a visitor can stop: what is finished by then is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gradio.context import LocalContext

_lock = threading.Lock()
_running: dict[str | None, threading.Event] = {}


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Inside, an event that is set once the visitor whose job this is asks to stop."""
    session, asked = _session(), threading.Event()
    with _lock:
        _running[session] = asked
    try:
        yield asked
    finally:
        with _lock:
            if _running.get(session) is asked:
                del _running[session]


def stop() -> None:
    """Ask the visitor's own job to stop after what it is at."""
    with _lock:
        asked = _running.get(_session())
    if asked is not None:
        asked.set()


def _session() -> str | None:
    request = LocalContext.request.get(None)
    return None if request is None else request.session_hash
