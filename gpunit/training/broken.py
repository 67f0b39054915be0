"""Pictures of a training set that cannot be read: they are named once and left out, and cost no step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gpunit.images import PictureError, require_picture

_log = logging.getLogger(__name__)
_SCANNING_THREADS = 8


class BrokenPictureError(PictureError):
    """A picture of a training set that cannot be decoded; another one takes its place."""


def leave_out(broken: PictureError) -> None:
    """Say that a picture is not trained on, and why."""
    _log.warning("%s  It is left out.", broken)


def sound(paths: Sequence[Path]) -> list[bool]:
    """Whether each file is a picture by its header, which takes a fraction of a millisecond; others are named.

    Raises:
        PictureError: if none is.
    """

    def fault(path: Path) -> PictureError | None:
        try:
            require_picture(path)
        except PictureError as error:
            return error
        return None

    with ThreadPoolExecutor(_SCANNING_THREADS) as pool:
        faults = list(pool.map(fault, paths))
    broken = [each for each in faults if each is not None]
    if len(broken) == len(paths):
        raise broken[0]
    for each in broken:
        leave_out(each)
    return [each is None for each in faults]
