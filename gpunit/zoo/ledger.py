"""The record of a checkpoints folder's downloads: their sha256 sums, and the licences that were agreed to.

One small JSON file lies beside the weights, so that a copy of the folder has it too.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from gpunit.files import write_json
from gpunit.zoo.weights import ModelError

RECORD_NAME = "downloads.json"
_lock = threading.Lock()


def recorded_sum(folder: Path, file: str) -> str:
    """The sha256 noted for a file of the folder, in hexadecimal; "" if none was.

    Raises:
        ModelError: if the record is damaged.
    """
    return str(_read(folder)["sha256"].get(file, ""))


def record_sum(folder: Path, file: str, sha256: str) -> None:
    """Note a file's sha256, in place of an older one.

    Raises:
        ModelError: if the record is damaged.
    """
    with _lock:
        record = _read(folder)
        record["sha256"][file] = sha256
        write_json(folder / RECORD_NAME, record)


def has_agreed(folder: Path, licence: str) -> bool:
    """Whether these terms were agreed to for this folder.

    Raises:
        ModelError: if the record is damaged.
    """
    return licence in _read(folder)["agreed"]


def record_agreement(folder: Path, licence: str) -> None:
    """Note that these terms were agreed to.

    Raises:
        ModelError: if the record is damaged.
    """
    with _lock:
        record = _read(folder)
        if licence not in record["agreed"]:
            record["agreed"].append(licence)
            write_json(folder / RECORD_NAME, record)


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RECORD_NAME
    if not path.is_file():
        return {"agreed": [], "sha256": {}}
    try:
        record = json.loads(path.read_bytes())
        sound = isinstance(record["agreed"], list) and isinstance(record["sha256"], dict)
    except (ValueError, KeyError, TypeError, OSError):
        sound = False
    if not sound:
        raise ModelError(f"{path} is damaged; delete it and try again.")
    return dict(record)
