"""Files that are whole or not there: written beside their final name, then renamed.  The only place that renames."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PIL import Image

# No writer pauses for so long: what is older was left by a process that was killed.
ABANDONED_SECONDS = 3600.0


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Inside, the hidden path to write to; at the end it takes the name `path`, unless an error was raised.

    Readers meet the old file or the new one, never half of one.  The folder is made if missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(path)
    # Machines that share a folder may use the same process number.
    partial = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _clear_abandoned(path: Path) -> None:
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # another process was faster
            if time.time() - partial.stat().st_mtime > ABANDONED_SECONDS:
                partial.unlink()


def save_png(picture: Image.Image, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a picture as PNG; `options` are those of Pillow's PNG writer."""
    with written_beside(Path(path)) as partial:
        picture.save(partial, format="PNG", **options)


def digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
