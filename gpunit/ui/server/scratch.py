"""Files made for visitors to download: kept apart per file, cleared away after a while and when the app ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from pathlib import Path

KEPT_SECONDS = 600


class Scratch:
    """A temporary folder for results.  Gradio copies a result into its own cache at once, so older ones can go."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gpunit-"))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)

    def file(self, name: str) -> Path:
        """A path of this file name that no one else has; files older than `KEPT_SECONDS` are deleted."""
        for folder in self._folder.iterdir():
            if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._folder)) / name
