"""Published translators by name: fetched from a mirror or Google Drive, checked against the record, converted.

Sources are asked in order, and one that fails, or gives a file that does not hold what it should, gives way to the
next.  ArcFace's weights, for the identity loss, come from the copy that there is of them.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gpunit import settings
from gpunit.files import digest
from gpunit.zoo import ledger
from gpunit.zoo.fetching import (
    CancelledError,
    DownloadError,
    fetch_from_drive,
    fetch_from_hub,
    fetch_with_retries,
    mirrored,
)
from gpunit.zoo.published import import_published
from gpunit.zoo.table import CONTENT_ENCODER, DRIVE_IDS, MODELS, checkpoints_folder, find
from gpunit.zoo.weights import ModelError, load_identity_net

IDENTITY_NET = "model_ir_se50.pth"
_IDENTITY_COPY = ("lithiumice/ArcFace_PyTorch", "InsightFace_Pytorch+model_ir_se50.pth")
_IDENTITY_SUM = "a035c768259b98ab1ce0e646312f48b9e1e218197a0f80ac6765e88f8b6ddf28"
Report = Callable[[int, int], None]

# Two who ask at once share one download, and one conversion.
_one_at_a_time = threading.Lock()


def download(
    name: str, mirror: str = "", report: Callable[[str, int, int], None] = lambda file, done, total: None
) -> None:
    """Fetch a published translator, and the content encoder if it is not here, and convert them.

    Args:
        name: a published model's name.
        mirror: where to fetch `<name>.pt` from before Google Drive is asked: an http(s) address of a folder, or a
            Hugging Face repository as "owner/name".  By default the environment's GPUNIT_MIRROR.
            The sha256 of a file is recorded at its first download, and later downloads must have the same.
        report: called with (file, bytes so far, bytes in all; 0 where unknown).

    Raises:
        ModelError: for a name that is not published.
        DownloadError: if no source gives a file that holds what it should; it says what each of them answered.
    """
    spec = find(name)
    if not spec.can_be_downloaded:
        published = ", ".join(known for known in MODELS if known in DRIVE_IDS)
        raise ModelError(f"{name} is not a published model; choose from {published}.")
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


def download_identity_net(mirror: str = "", report: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Fetch ArcFace's weights, which tasks with faces ask for (`train --identity-net`).

    Args:
        mirror: see `download`; it holds `model_ir_se50.pth`.
        report: called with (bytes so far, bytes in all; 0 where unknown).

    Returns:
        Their file among the checkpoints.

    Raises:
        DownloadError: if no source gives them.
    """
    path = checkpoints_folder() / IDENTITY_NET
    with _one_at_a_time:
        if not path.is_file():
            copy = Source("the Hub's lithiumice/ArcFace_PyTorch", _hub_fetcher(*_IDENTITY_COPY))
            _from_first([*_mirrors(path.name, mirror), copy], path, report, _check_identity_net)
    return path


@dataclass(frozen=True)
class Source:
    """A place that a file may come from.

    Attributes:
        title: for messages.
        fetch: puts the file at a path, reporting (bytes so far, bytes in all).
    """

    title: str
    fetch: Callable[[Path, Report], object]


def _download(path: Path, mirror: str, report: Report) -> None:
    """Fetch a published .pt file unless the user has put it there, and convert it."""
    if path.is_file():
        _convert(path)
        return
    drive = Source("Google Drive", lambda path, report: fetch_from_drive(DRIVE_IDS[path.stem], path, report))
    _from_first([*_mirrors(path.name, mirror), drive], path, report, _check_and_convert)
    path.unlink()  # converted, it is not needed


def _from_first(sources: Sequence[Source], path: Path, report: Report, check: Callable[[Path], None]) -> None:
    """Put a file at its path from the first source whose file passes the check.

    Raises:
        DownloadError: if there is none, with what each of them answered.
    """
    answers = []
    for source in sources:
        try:
            source.fetch(path, report)
            check(path)
        except BaseException as error:
            path.unlink(missing_ok=True)  # a wrong file, or an unchecked one, would be taken at the next try
            if isinstance(error, CancelledError) or not isinstance(error, DownloadError | ModelError):
                raise
            answers.append(f"{source.title}: {str(error).removeprefix(f'{path.name}: ').rstrip('.')}")
        else:
            return
    raise DownloadError(
        f"{path.name} could not be downloaded ({'; '.join(answers)}); name another source with --mirror or "
        f"GPUNIT_MIRROR, or fetch the file by hand and put it into {path.parent}."
    )


def _mirrors(file: str, mirror: str) -> list[Source]:
    mirror = mirror or settings.text("GPUNIT_MIRROR")
    if not mirror:
        return []
    if mirror.startswith(("http://", "https://")):
        address = mirrored(mirror, file)
        return [Source(mirror, lambda path, report: fetch_with_retries(address, path, report))]
    return [Source(f"the Hub's {mirror}", _hub_fetcher(mirror, file))]


def _hub_fetcher(repository: str, file: str) -> Callable[[Path, Report], object]:
    return lambda path, report: fetch_from_hub(repository, file, path, report)


def _check_and_convert(path: Path) -> None:
    noted, found = ledger.recorded_sum(path.parent, path.name), digest(path)
    if noted and found != noted:
        raise DownloadError(
            f"{path.name} is not the file that was downloaded first (another sha256): use another mirror, or "
            f"remove {path.name} from {ledger.RECORD_NAME} to accept the new one."
        )
    _convert(path)
    ledger.record_sum(path.parent, path.name, found)


def _check_identity_net(path: Path) -> None:
    found = digest(path)
    if found != _IDENTITY_SUM:
        raise DownloadError(f"the file's sha256 is {found[:16]}…, not {_IDENTITY_SUM[:16]}…")
    load_identity_net(path)


def _convert(path: Path) -> None:
    """Convert a published .pt file, and record the sum of the new file, which lies beside it."""
    converted = import_published(path, path.parent, "content_encoder" if path.stem == CONTENT_ENCODER else "translator")
    ledger.record_sum(path.parent, converted.name, digest(converted))
