"""What becomes of freed memory, seen from outside: the resident bytes of a process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.public.conftest import ROOT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")


HEAD = """
import os
from pathlib import Path
from gpunit import memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""


def told(script: str) -> int:
    """The number that a fresh process prints."""
    command = [sys.executable, "-c", HEAD + script]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def test_what_is_free_between_blocks_goes_back_to_the_system() -> None:
    script = """
blocks = [bytearray(b"x" * 60_000) for _ in range(4_000)]  # 240 MB, each below what glibc maps by itself
kept = blocks[::100]
del blocks
before = resident()
memory.return_freed_memory()
print(before - resident())
"""
    assert told(script) > 150e6


def test_a_large_block_stays_with_a_process_that_keeps_what_it_freed() -> None:
    script = """
{setting}
before = resident()
block = bytearray(b"x" * 100_000_000)
del block
print(resident() - before)
"""
    assert told(script.format(setting="")) < 20e6
    assert told(script.format(setting="memory.keep_freed_memory()")) > 80e6
