from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunit.streams import keep_printing

ENCODINGS = ("cp1252", "ascii", "latin-1", "gbk", "koi8-r", "cp437", "utf-8", "utf-16")


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.text(st.characters(codec=None)))
def test_anything_can_be_printed_on_any_console(encoding: str, text: str) -> None:
    """Lone surrogates too: file names that are no UTF-8 hold them."""
    kept = sys.stdout, sys.stderr
    try:
        sys.stdout = sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        keep_printing()
        print(f"{text}\udce9 done")
        sys.stdout.flush()
        assert sys.stdout.buffer.getvalue().decode(encoding).endswith("? done\n")
    finally:
        sys.stdout, sys.stderr = kept


def test_a_program_without_a_console_can_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    keep_printing()
    print("nothing is shown")
    assert sys.stdout.isatty() is False
    assert sys.stderr.isatty() is False
    sys.stdout.close()
    sys.stderr.close()


def test_other_ways_out_stay_as_they_were_set(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", chosen)
    keep_printing()
    assert chosen.errors == "backslashreplace"
