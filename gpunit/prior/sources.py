"""Where the pretrained BigGANs come from: several sources, asked in order, and every file checked.

The library's bucket is a legacy address, and only the 128 px model has a public copy on the Hugging Face Hub, so a
source that fails gives way to the next.  A folder is filled in one go: weights that do not fit their config never get
there.
"""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytorch_pretrained_biggan.model import PRETRAINED_CONFIG_ARCHIVE_MAP, PRETRAINED_MODEL_ARCHIVE_MAP

from gpunit import settings, zoo
from gpunit.files import adopt, digest
from gpunit.prior.reading import build_biggan
from gpunit.prior.table import CONFIG_NAME, KNOWN_SUMS, PRETRAINED, WEIGHTS_NAME, stored_files
from gpunit.zoo import ledger
from gpunit.zoo.fetching import CancelledError, DownloadError, fetch_from_hub, fetch_with_retries
from gpunit.zoo.weights import ModelError

# Two who ask at once share one download.
_one_at_a_time = threading.Lock()
# Puts one of a source's files at a path, reporting (bytes so far, bytes in all), and returns its sha256.
Fetcher = Callable[[str, Path, Callable[[int, int], None]], str]


@dataclass(frozen=True)
class Source:
    """A place that a model may come from.

    Attributes:
        key: tells apart what came from where: "bucket", "hub" or "mirror".
        title: for messages.
        fetch: puts one of its files at a path.
    """

    key: str
    title: str
    fetch: Fetcher


def sources_of(name: str, mirror: str = "") -> list[Source]:
    """The sources of one of `PRETRAINED`, in the order in which they are asked: a mirror that the user names first.

    Args:
        name: one of `PRETRAINED`.
        mirror: a folder's http(s) address, or a Hub repository as owner/name; by default GPUNIT_MIRROR.  It holds
            `<name>/config.json` and `<name>/pytorch_model.bin`; an address may have the library's names instead,
            `<name>-config.json` and `<name>-pytorch_model.bin`, and a repository of one model has no folder.
    """
    found = _mirrors(name, mirror or settings.text("GPUNIT_MIRROR"))
    bucket = {CONFIG_NAME: PRETRAINED_CONFIG_ARCHIVE_MAP[name], WEIGHTS_NAME: PRETRAINED_MODEL_ARCHIVE_MAP[name]}
    found.append(Source("bucket", "the library's bucket", functools.partial(_from_address, bucket)))
    if repository := PRETRAINED[name].hub_copy:
        found.append(Source("hub", f"the Hub's {repository}", functools.partial(_from_hub, repository, "")))
    return found


def fetch_pretrained(
    name: str, report: Callable[[int, int], None] = lambda done, total: None, mirror: str = ""
) -> Path:
    """Download one of `PRETRAINED` into the checkpoints, from the first source that has it; a cut-off one is resumed.

    Args:
        name: one of `PRETRAINED`.
        report: called with (bytes so far, bytes in all; 0 where unknown).  A `CancelledError` that it raises ends the
            download; what came is kept, and the next try goes on from it.
        mirror: see `sources_of`.

    Returns:
        The model's folder.

    Raises:
        DownloadError: if no source gives a file that passes the checks; it says what each of them answered.
    """
    if name not in PRETRAINED:
        raise ModelError(f"{name} is not a pretrained BigGAN; choose from {', '.join(PRETRAINED)}.")
    folder = zoo.checkpoints_folder() / name
    with _one_at_a_time:
        if stored_files(folder):
            return folder
        answers = []
        for source in sources_of(name, mirror):
            try:
                _fetch_both(name, source, folder, report)
            except CancelledError:
                raise
            except (DownloadError, ModelError) as error:
                answers.append(f"{source.title}: {str(error).rstrip('.')}")
            else:
                return folder
    _remove_if_empty(folder)
    raise DownloadError(
        f"{name} could not be downloaded ({'; '.join(answers)}); try again later, name another source with --mirror or "
        f"GPUNIT_MIRROR, or put {CONFIG_NAME} and {WEIGHTS_NAME} into {folder} yourself."
    )


def _fetch_both(name: str, source: Source, folder: Path, report: Callable[[int, int], None]) -> None:
    """Fetch config and weights beside their place, check both, and only then let them take it."""
    arrived = {file: folder / f".{source.key}-{file}" for file in (CONFIG_NAME, WEIGHTS_NAME)}
    try:
        for file, path in arrived.items():
            found = path.is_file() and digest(path)
            if not found:
                found = source.fetch(file, path, report if file == WEIGHTS_NAME else lambda done, total: None)
            _check_sum(name, source, file, found)
        model = build_biggan(arrived[CONFIG_NAME], arrived[WEIGHTS_NAME])[0]
        if model.config.output_dim != PRETRAINED[name].resolution:
            raise DownloadError(f"it holds a model for {model.config.output_dim} px")
        for file, path in arrived.items():
            ledger.record_sum(folder.parent, _record(name, source, file), digest(path))
        for file in (WEIGHTS_NAME, CONFIG_NAME):
            adopt(arrived[file], folder / file)
        for left in folder.glob(".*"):  # what other sources had begun
            _remove(left)
    except CancelledError:
        raise  # what came is gone on with
    except (DownloadError, ModelError):
        for path in arrived.values():
            path.unlink(missing_ok=True)
        raise


def _check_sum(name: str, source: Source, file: str, found: str) -> None:
    known = KNOWN_SUMS.get((name, source.key, file), "")
    recorded = ledger.recorded_sum(zoo.checkpoints_folder(), _record(name, source, file))
    if known and found != known:
        raise DownloadError(f"{file} has the sha256 {found[:16]}…, not {known[:16]}…")
    if recorded and found != recorded:
        raise DownloadError(
            f"{file} is not the file that was downloaded first (another sha256); remove {_record(name, source, file)} "
            f"from {ledger.RECORD_NAME} to accept the new one"
        )


def _record(name: str, source: Source, file: str) -> str:
    """The name by which a file's sum is recorded."""
    return f"{name}/{file} ({source.key})"


def _mirrors(name: str, mirror: str) -> list[Source]:
    if not mirror:
        return []
    if mirror.startswith(("http://", "https://")):
        base = mirror.rstrip("/")
        shapes = [
            {file: f"{base}/{name}/{file}" for file in (CONFIG_NAME, WEIGHTS_NAME)},
            {file: f"{base}/{name}-{file}" for file in (CONFIG_NAME, WEIGHTS_NAME)},
        ]
        return [Source("mirror", mirror, functools.partial(_from_address, shape)) for shape in shapes]
    return [
        Source("mirror", f"the Hub's {mirror}", functools.partial(_from_hub, mirror, folder))
        for folder in (f"{name}/", "")
    ]


def _from_address(addresses: Mapping[str, str], file: str, path: Path, report: Callable[[int, int], None]) -> str:
    return fetch_with_retries(addresses[file], path, report)


def _from_hub(repository: str, folder: str, file: str, path: Path, report: Callable[[int, int], None]) -> str:
    return fetch_from_hub(repository, folder + file, path, report)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
