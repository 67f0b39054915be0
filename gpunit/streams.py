"""Standard output and error that never stop a program: any encoding, and none at all."""

from __future__ import annotations

import io
import os
import sys


def keep_printing() -> None:
    """Make printing safe: characters that the console does not have become "?", and a missing stream swallows all.

    A pipe on Windows, or a terminal in an old locale, knows few characters; without this, printing the name of a
    finished file could end a command with an error.  Programs without a console (pythonw, services) have no streams
    at all, which libraries do not expect.
    """
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
