"""What glibc's heaps do with memory that was freed; on systems with another C library, nothing is changed.

A server gives it back, so that it does not grow on and on; a training run, which asks for the same sizes step after
step, keeps it, because every page that the system hands out anew is cleared first.
"""

from __future__ import annotations

import ctypes
import functools
import platform

import torch

# Bytes that the translators which the page has loaded may take by default: six published ones, or all that are bundled
# many times over.
MODEL_BUDGET = 3 * 2**29

# Parameters of mallopt (malloc.h).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


# What torch says where memory is short without saying so by the error's type, in small letters.
_SHORT = ("can't allocate memory", "not enough memory", "out of memory", "status_alloc_failed")


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory ran out, this machine's or a device's."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SHORT)


def return_freed_memory() -> None:
    """Give what is free between the blocks of all heaps back to the system.

    Each of a server's threads has a heap of its own, and by itself glibc gives back only what lies at its end: under
    load the process would grow although nothing is lost.
    """
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def keep_freed_memory() -> None:
    """Keep what is freed for the blocks to come, large ones too, as long as this process lives."""
    if _is_glibc():
        library = ctypes.CDLL(None)
        for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 2**26)):
            library.mallopt(parameter, value)


@functools.cache  # the answer is read from the interpreter's file
def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
