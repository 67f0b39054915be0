"""A folder of this process's own for uploads and results, deleted when it ends, or by the next one if it was killed."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "gpunit-page-"


def use_own_folder() -> None:
    """Keep uploads and results in a folder of this process's own, below GRADIO_TEMP_DIR if that is set.

    Gradio's default is one folder for all its apps on a machine, from which each serves what any has put there.

    Raises:
        OSError: where no folder for temporary files can be written.
    """
    try:
        parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        delete_left(parent)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except OSError:
        raise OSError("uploads and results have no place; set TMPDIR to a folder that can be written.") from None
    lock = FileLock(_lock_of(folder))
    lock.acquire()  # held until the process ends, however it does
    folder.mkdir(exist_ok=True)  # if another process took it for one that was left
    atexit.register(_delete, folder, lock)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)


def delete_left(parent: Path) -> None:
    """Delete the folders of processes that have been killed.

    Args:
        parent: where they are; folders of other programs, and of processes that run, stay.
    """
    for path in parent.glob(f".{_PREFIX}*.lock"):
        lock = FileLock(path)
        with suppress(Timeout, OSError):  # its process runs; or it is another user's
            lock.acquire(timeout=0)
            _delete(parent / path.name[1 : -len(".lock")], lock)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _delete(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # on Windows while it is held
        Path(lock.lock_file).unlink()
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()
