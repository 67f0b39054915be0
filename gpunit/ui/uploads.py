"""Uploaded pictures, opened once and cut once for all events that need them.

A slider's tick must not cost the decoding of a photo.  The pictures are kept per process, not per visitor: a file's
pixels are the same for everyone who can name it.  Callers get copies, so that none can change what another is given.
"""

from __future__ import annotations

import functools
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from gpunit.engine.provenance import Photo
from gpunit.images import MAX_BYTES, Crop, cut, is_shown_by_browsers, open_picture
from gpunit.ui.server import scratch

# The largest picture that is read takes 150 MB.
OPENED_BYTES = 192 * 2**20
CUT_BYTES = 32 * 2**20


@dataclass(frozen=True)
class FileKey:
    """What tells a file from another one, or from what it was before it was written anew."""

    path: str
    modified_ns: int
    size: int

    @classmethod
    def of(cls, path: str) -> FileKey | None:
        """The key of a file; None if there is none."""
        try:
            found = Path(path).stat()
        except (OSError, ValueError):
            return None
        return cls(path, found.st_mtime_ns, found.st_size)


class KeptPictures:
    """Pictures by key: made once however many threads ask for one, the least recently used dropped first.

    Args:
        budget: bytes that the pictures may take together; the one that was asked for last stays, however large.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._forget()
        if hasattr(os, "register_at_fork"):
            # A process that is forked while another thread makes a picture would wait for that thread for ever.
            os.register_at_fork(after_in_child=self._forget)

    def get(self, key: Hashable, make: Callable[[], Image.Image]) -> Image.Image:
        """The picture of this key, not to be changed; `make` is called if it is not here.  Its errors are not kept."""
        with self._lock:
            made = self._made.get(key)
            is_mine = made is None
            if made is None:
                made = self._made[key] = Future()
            self._made.move_to_end(key)
        if is_mine:
            try:
                made.set_result(make())
            except BaseException as error:
                with self._lock:
                    self._made.pop(key, None)
                made.set_exception(error)
            else:
                self._drop_oldest()
        return made.result()

    def _drop_oldest(self) -> None:
        with self._lock:
            finished = [key for key, made in self._made.items() if made.done()]
            taken = {key: _bytes_of(self._made[key].result()) for key in finished}
            total = sum(taken.values())
            for key in finished[:-1]:
                if total <= self._budget:
                    return
                del self._made[key]
                total -= taken[key]

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[Hashable, Future[Image.Image]] = OrderedDict()


_opened = KeptPictures(OPENED_BYTES)
_cut = KeptPictures(CUT_BYTES)


def open_upload(path: str) -> Image.Image:
    """The whole picture, upright 8-bit RGB; messages name the visitor's file, not where the server keeps it.

    Raises:
        PictureError: if it cannot be read.
    """
    key = FileKey.of(path)
    if key is None:
        return _read(path)  # which says what is wrong
    return _opened.get(key, lambda: _read(path)).copy()


def cut_upload(path: str, crop: Crop, side: int) -> Image.Image:
    """The square of an uploaded picture that a network sees, (side, side) 8-bit RGB.

    Raises:
        PictureError: if it cannot be read.
    """
    key = FileKey.of(path)
    if key is None:
        return cut(_read(path), side, crop)
    return _cut.get((key, crop, side), lambda: cut(_opened.get(key, lambda: _read(path)), side, crop)).copy()


def photo_of(path: str) -> Photo:
    """What results say of an uploaded picture that they were made of.

    Raises:
        PictureError: if it cannot be read.
    """
    key = FileKey.of(path)
    return Photo.of(_read(path)) if key is None else _photo_of(key)


@functools.lru_cache(maxsize=1024)
def _photo_of(key: FileKey) -> Photo:
    return Photo.of(_opened.get(key, lambda: _read(key.path)))


def accept_upload(path: str | None) -> Any:
    """What takes an upload's place in its input: a PNG of it, where browsers do not show its format, else nothing.

    A picture whose PNG would be too large to be read again stays as it is.

    Raises:
        PictureError: if it cannot be read.
    """
    if not path:
        return gr.skip()
    picture = open_upload(path)
    if is_shown_by_browsers(Path(path)):
        return gr.skip()
    shown = scratch.kept_picture(picture)
    return str(shown) if shown.stat().st_size <= MAX_BYTES else gr.skip()


def _read(path: str) -> Image.Image:
    return open_picture(path, name=Path(path).name)


def _bytes_of(picture: Image.Image) -> int:
    return picture.width * picture.height * len(picture.getbands())
