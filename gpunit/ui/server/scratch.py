"""The files that visitors are sent: pictures that the page shows, and results to download.

They lie in the folder that Gradio serves (`get_upload_folder`), where it takes them as they are.  A picture's file is
named by its content, so everyone who opens the page is sent the same files.  It is written once, beside its name, and
renamed: a file that is being sent never changes.  Gradio's own writer opens the file anew for every answer, and who is
being sent it then gets another number of bytes than was announced.

What no one has asked for in `KEPT_SECONDS` is swept away, and what was asked for longest ago, as long as all files take
more than they may; being handed out, or sent back as an input, counts as asking.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import secrets
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from gpunit.engine.provenance import text_of
from gpunit.files import written_beside

KEPT_SECONDS = 7200.0
MOST_LETTERS = 80  # of a file's name
_NAME = "gpunit_name"
# However little room there is, who is sent a file has this time to fetch it.
FETCHED_SECONDS = 60.0

# Names cannot be guessed by who does not have this key: who has a picture cannot tell whether another visitor has it.
_KEY = secrets.token_bytes(32)
_lock = threading.Lock()
_last_used: dict[Path, float] = {}


def new_file(name: str) -> Path:
    """A path of this file name, in a folder of its own, for a result that is written before anyone hears of it."""
    folder = Path(get_upload_folder()).resolve() / secrets.token_hex(32)
    folder.mkdir(parents=True)
    return folder / name


def file_stem(name: str) -> str:
    """A file's name without suffix: the letters and digits of `name`, with hyphens between its words.

    >>> file_stem("My photo (1)-to-cat")
    'My-photo-1-to-cat'
    """
    return "-".join(re.findall(r"[^\W_]+", name))[:MOST_LETTERS]


def named(picture: Image.Image, name: str) -> Image.Image:
    """The picture, to be downloaded under the `file_stem` of this name."""
    picture.info[_NAME] = file_stem(name)
    return picture


def kept_picture(picture: Image.Image) -> Path:
    """A PNG of a picture, without what its file said besides the pixels and their colour profile; see `named`.

    A result says how it was made, where the action that rendered it let it.
    """
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=text_of(picture))
    return kept_bytes(buffer.getvalue(), f"{picture.info.get(_NAME) or 'image'}.png")


def kept_bytes(content: bytes, name: str) -> Path:
    """A file of this name and content; an earlier one with the same is left as it is."""
    path = Path(get_upload_folder()).resolve() / hashlib.blake2b(content, key=_KEY, digest_size=32).hexdigest() / name
    with _lock:
        if not path.is_file():
            with written_beside(path) as partial:
                partial.write_bytes(content)
        _last_used[path] = time.time()
    return path


def keep(path: Path) -> bool:
    """Count a file as asked for now; whether it is still there."""
    path = path.resolve()
    with _lock:
        if not path.is_file():
            return False
        _last_used[path] = time.time()
        return True


def sweep(
    folder: Path,
    spared: Collection[Path] = (),
    kept_seconds: float = KEPT_SECONDS,
    most_bytes: float = math.inf,
) -> None:
    """Delete what no one has asked for.

    Args:
        folder: of this process's own; nothing else may put files there.
        spared: files that stay: the page's examples and first pictures.
        kept_seconds: how long a file stays after it was last asked for.
        most_bytes: what the files may take together.  The least recently asked for go first; those of the last
            `FETCHED_SECONDS` stay.
    """
    folder = folder.resolve()
    paths = [path for path in sorted(folder.rglob("*"), reverse=True) if path not in spared]
    oldest = time.time() - kept_seconds
    for path in paths:  # files before the folder they are in
        _remove(path, oldest)
    sizes = {}
    for path in paths:
        with suppress(OSError):  # it was just removed
            found = path.stat()
            if not path.is_dir():
                sizes[path] = (max(found.st_mtime, _last_used.get(path, 0.0)), found.st_size)
    excess = sum(size for _, size in sizes.values()) - most_bytes
    for path in sorted(sizes, key=lambda each: sizes[each][0]):
        if excess <= 0:
            return
        if _remove(path, time.time() - FETCHED_SECONDS):
            excess -= sizes[path][1]


def _remove(path: Path, oldest: float) -> bool:
    """Delete a file, or a folder that is empty, unless it was asked for since `oldest`; whether it is gone."""
    with _lock, suppress(OSError):  # a folder that is not empty; on Windows a file that is being sent
        if max(path.lstat().st_mtime, _last_used.get(path, 0.0)) >= oldest:
            return False
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
            _last_used.pop(path, None)
        return True
    return False
