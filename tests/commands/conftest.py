from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gpunit.__main__ import main
from tests.zoo.conftest import published_files, states

ROOT = Path(__file__).resolve().parents[2]

__all__ = ["published_files", "states"]  # fixtures


@dataclass(frozen=True)
class Answer:
    """What a command ended with and said."""

    code: int
    out: str
    err: str


def gpunit(*arguments: str | Path) -> Answer:
    """Run a command in this process, which spares it from importing everything anew."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["gpunit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Answer(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def gpunit_alone(*arguments: str | Path) -> Answer:
    """Run a command in a process of its own, with nobody at the keyboard."""
    command = [sys.executable, "-m", "gpunit", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Answer(ended.returncode, ended.stdout, ended.stderr)
