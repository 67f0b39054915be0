"""Published translators by name: fetched from Google Drive or a mirror, checked against the record, converted."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path

from gpunit import settings
from gpunit.files import digest
from gpunit.zoo import ledger
from gpunit.zoo.fetching import DownloadError, fetch_from_drive, fetch_from_hub, fetch_with_retries, mirrored
from gpunit.zoo.published import import_published
from gpunit.zoo.table import CONTENT_ENCODER, DRIVE_IDS, MODELS, checkpoints_folder, find
from gpunit.zoo.weights import ModelError

# Two who ask at once share one download, and one conversion.
_one_at_a_time = threading.Lock()


def download(
    name: str, mirror: str = "", report: Callable[[str, int, int], None] = lambda file, done, total: None
) -> None:
    """Fetch a published translator, and the content encoder if it is not here, and convert them.

    Args:
        name: a published model's name.
        mirror: where to fetch `<name>.pt` from instead of Google Drive: an http(s) address of a folder, or a
            Hugging Face repository as "owner/name".  By default the environment's GPUNIT_MIRROR.
            The sha256 of a file is recorded at its first download, and later downloads must have the same.
        report: called with (file, bytes so far, bytes in all; 0 where unknown).

    Raises:
        ModelError: for a name that is not published, or a file that does not hold what it should.
        DownloadError: if a download fails.
    """
    spec = find(name)
    if not spec.can_be_downloaded:
        published = ", ".join(known for known in MODELS if known in DRIVE_IDS)
        raise ModelError(f"{name} is not a published model; choose from {published}.")
    mirror = mirror or settings.text("GPUNIT_MIRROR")
    with _one_at_a_time:
        for file in (CONTENT_ENCODER, name):
            path = checkpoints_folder() / f"{file}.safetensors"
            if not path.is_file():
                _download(path.with_suffix(".pt"), mirror, functools.partial(report, f"{file}.pt"))


def convert_here(file: str) -> Path:
    """The safetensors file of a published file among the checkpoints, which is converted if that was not done yet.

    Args:
        file: its name without suffix.

    Raises:
        ModelError: if the published file does not hold what it should.
    """
    path = checkpoints_folder() / f"{file}.safetensors"
    if not path.is_file():
        with _one_at_a_time:
            if not path.is_file():
                _convert(path.with_suffix(".pt"))
    return path


def _download(path: Path, mirror: str, report: Callable[[int, int], None]) -> None:
    """Fetch a published .pt file unless the user has put it there, and convert it."""
    if path.is_file():
        _convert(path)
        return
    _fetch(path, mirror, report)
    try:
        noted, found = ledger.recorded_sum(path.parent, path.name), digest(path)
        if noted and found != noted:
            raise DownloadError(
                f"{path.name} is not the file that was downloaded first (another sha256): use another mirror, or "
                f"remove {path.name} from {ledger.RECORD_NAME} to accept the new one."
            )
        _convert(path)
        ledger.record_sum(path.parent, path.name, found)
    finally:
        # Converted, it is not needed; and a wrong file would block the next try.
        path.unlink()


def _fetch(path: Path, mirror: str, report: Callable[[int, int], None]) -> None:
    if not mirror:
        fetch_from_drive(DRIVE_IDS[path.stem], path, report)
    elif mirror.startswith(("http://", "https://")):
        fetch_with_retries(mirrored(mirror, path.name), path, report)
    else:
        fetch_from_hub(mirror, path.name, path, report)


def _convert(path: Path) -> None:
    """Convert a published .pt file, and record the sum of the new file, which lies beside it."""
    converted = import_published(path, path.parent, "content_encoder" if path.stem == CONTENT_ENCODER else "translator")
    ledger.record_sum(path.parent, converted.name, digest(converted))
