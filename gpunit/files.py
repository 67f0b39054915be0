"""Files that are whole or not there: written beside their final name, then renamed.  The only place that renames."""

from __future__ import annotations

import functools
import glob
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PIL import Image

# No writer pauses for so long: what is older was left by a process that was killed.
ABANDONED_SECONDS = 3600.0
# Nor does whoever has reserved a name with an empty file, see `_take_name`.
RESERVED_SECONDS = 5.0
_PARTIAL = re.compile(r"\..+\.[0-9a-f]{12}\.part")
# File systems allow 255 bytes.
_LONGEST_STEM = 255 - len("..0123456789ab.part")


@contextmanager
def written_beside(path: Path, replaces: bool = True) -> Iterator[Path]:
    """Inside, the hidden path to write to; at the end it takes the name `path`, unless an error was raised.

    Readers meet the old file or the new one, never half of one.  The folder is made if missing.

    Args:
        path: the file.
        replaces: whether the file takes the place of another one.

    Raises:
        FileExistsError: without `replaces`, if the name is taken at the end.
        OSError: what the system refuses; it names `path`.
    """
    with _partial_of(path) as partial:
        try:
            yield partial
        except OSError as error:
            if error.errno is not None and error.filename in (None, str(partial)):
                error.filename = str(path)
            raise
        if replaces:
            partial.replace(path)
        elif not _take_name(partial, path):
            raise FileExistsError(f"{path} was made by another program in the meantime; choose another folder.")


@contextmanager
def resumed_beside(path: Path) -> Iterator[Path]:
    """Like `written_beside`, but an error leaves the partial file in place, and the next call yields it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    yield partial
    partial.replace(path)


@contextmanager
def folder_written_beside(path: Path) -> Iterator[Path]:
    """Inside, a hidden folder to fill; at the end it takes the name `path`, unless an error was raised.

    Readers meet the whole folder or none.

    Args:
        path: the folder; where it is there already, it must be empty.

    Raises:
        FileExistsError: if there is a file of that name, or a folder that is not empty.
    """
    refuse_filled(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if _PARTIAL.fullmatch(left.name) and left.is_dir() and time.time() - _last_change(left) > ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    partial.mkdir()
    try:
        yield partial
        refuse_filled(path)
        if path.is_dir():
            path.rmdir()
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_filled(path: Path, advice: str = "choose another folder, or move it away") -> None:
    """Stop before a folder would be mixed with another one.

    Raises:
        FileExistsError: if there is a file of that name, or a folder that is not empty.
        NotADirectoryError: if a file lies where a folder above it should be.
    """
    if not path.is_dir() or any(path.iterdir()):
        refuse_existing(path, advice=advice)


def adopt(file: Path, path: Path) -> None:
    """Let a finished file take another name on the same disk, in place of an older file; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file.replace(path)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON, in place of an older file."""
    with written_beside(path) as partial:
        _dump(value, partial)


def write_json_once(path: Path, value: object) -> None:
    """Write a value as indented JSON unless the file is there: of several processes, the first decides what it holds.

    Works on file systems without hard links, such as exFAT and many network shares.
    """
    with _partial_of(path) as partial:
        _dump(value, partial)
        _take_name(partial, path)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; none where there is no file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def refuse_existing(*paths: Path, advice: str = "choose another folder, or move it away") -> None:
    """Stop before a file would be overwritten.

    Args:
        paths: the files that are about to be written.
        advice: the way out, for the end of the message.

    Raises:
        FileExistsError: if one of the files is there.
        NotADirectoryError: if a file lies where the folder of one of them should be.
    """
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path} exists already; {advice}.")
        above = next(parent for parent in path.parents if parent.exists())
        if not above.is_dir():
            raise NotADirectoryError(f"{above} is a file and not a folder; {advice}.")


def save_png(picture: Image.Image, path: str | os.PathLike[str], replaces: bool = True, **options: Any) -> None:
    """Write a picture as PNG; `replaces` as for `written_beside`, and `options` are those of Pillow's PNG writer."""
    with written_beside(Path(path), replaces) as partial:
        picture.save(partial, format="PNG", **options)


def digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(parts: Iterable[bytes]) -> str:
    """sha256 of bytes that come in parts, in hexadecimal."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def drop_torn_line(path: Path) -> None:
    """Remove the last line of a file of lines if it was cut off: the next line would be joined to it."""
    if path.is_file():
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


@contextmanager
def _partial_of(path: Path) -> Iterator[Path]:
    """A hidden path beside `path` that no other process or thread uses; what is left there at the end is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    stem = path.name.encode()[:_LONGEST_STEM].decode(errors="ignore")
    partial = path.with_name(f".{stem}.{secrets.token_hex(6)}.part")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@functools.lru_cache(maxsize=1024)  # once a process: listing a folder of many pictures takes longer than writing one
def _remove_abandoned(folder: Path) -> None:
    for partial in folder.glob(".*.part"):
        if _PARTIAL.fullmatch(partial.name):
            with suppress(OSError):  # another process was faster
                if time.time() - partial.stat().st_mtime > ABANDONED_SECONDS:
                    partial.unlink()


def _last_change(folder: Path) -> float:
    """When something was last made in a folder or in one of its subfolders, in seconds as of `time.time`."""
    return max(Path(inner).stat().st_mtime for inner, _, _ in os.walk(folder))


def _dump(value: object, path: Path) -> None:
    path.write_text(json.dumps(_without_nan(value), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _without_nan(value: object) -> object:
    """A value with null in place of NaN and infinity, for which JSON has no words."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value


def _take_name(partial: Path, path: Path) -> bool:
    """Give a finished file its name, unless another file has it; whether it got it."""
    try:
        os.link(partial, path)  # unlike a rename, it replaces nothing
    except FileExistsError:
        return False
    except OSError:  # no hard links here: whoever makes the empty file may replace it
        try:
            path.open("x").close()
        except FileExistsError:
            if _is_filled(path):
                return False
        partial.replace(path)
    return True


def _is_filled(path: Path) -> bool:
    """Whether a reserved name has its content; waits for it, but not for a process that was killed in between."""
    deadline = time.monotonic() + RESERVED_SECONDS
    while path.stat().st_size == 0:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
