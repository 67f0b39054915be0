"""The transfer of one file: it ends in a whole file or in one clear sentence, and a cut-off one is resumed."""

from __future__ import annotations

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import hf_hub_url

from gpunit.files import adopt, digest, resumed_beside

_CHUNK = 1 << 18


class DownloadError(OSError):
    """A download that failed; the message says why and what to do, in one sentence."""


class BrokenOffError(DownloadError):
    """A download that stopped half-way; what came is kept, and the next try goes on from it."""


class CancelledError(DownloadError):
    """A download that its user ended, raised by what it reports to; what came is kept."""


def fetch(
    address: str,
    path: Path,
    report: Callable[[int, int], None] = lambda done, total: None,
    sha256: str = "",
    timeout: float = 30.0,
) -> str:
    """Download a file and check it; what a cut-off download left is resumed where the server can.

    Args:
        address: http(s) address.
        path: the file to make; its folder is made if missing.
        report: called with (bytes so far, bytes in all; 0 if the server does not say).
        sha256: the file's sha256 in hexadecimal, or its first digits; unchecked where empty.
        timeout: seconds without a byte before giving up.

    Returns:
        The file's sha256 in hexadecimal.

    Raises:
        DownloadError: if the server cannot be reached, sends a web page or too few bytes, or the sum differs.
    """
    with resumed_beside(path) as partial:
        _request(address, partial, path.name, report, timeout)
        found = digest(partial)
        if not found.startswith(sha256.lower()):
            partial.unlink()
            raise DownloadError(f"{path.name}: the file's sha256 is {found[:16]}…, not {sha256[:16]}…; try again.")
    return found


def _request(address: str, partial: Path, name: str, report: Callable[[int, int], None], timeout: float) -> None:
    """Receive what a partial file lacks; `name` is the file in the messages."""
    done = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            _receive(answer, partial, done, name, report)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to send, or the file has changed: begin anew
            partial.unlink(missing_ok=True)
        raise DownloadError(f"{name}: the server answered {error.code} {error.reason}; try again later.") from None
    except DownloadError:
        raise
    except (HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise BrokenOffError(
            f"{name}: the download broke off ({reason}); check the connection and try again, it will be resumed."
        ) from None


def _receive(answer: HTTPResponse, partial: Path, done: int, name: str, report: Callable[[int, int], None]) -> None:
    if "text/html" in answer.headers.get("Content-Type", ""):
        raise DownloadError(_web_page(name))
    resumed = answer.status == 206
    if not resumed:
        done = 0
    length = answer.headers.get("Content-Length")
    total = done + int(length) if length else 0
    with partial.open("ab" if resumed else "wb") as file:
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            report(done, total)
    if total and done != total:
        raise BrokenOffError(f"{name}: {done} of {total} bytes came; try again, the download will be resumed.")


def fetch_with_retries(
    address: str, path: Path, report: Callable[[int, int], None], attempts: int = 3, timeout: float = 30.0
) -> str:
    """Like `fetch`, but a download that breaks off is gone on with, in at most so many attempts."""
    for _ in range(attempts - 1):
        try:
            return fetch(address, path, report, timeout=timeout)
        except BrokenOffError:
            continue
    return fetch(address, path, report, timeout=timeout)


def fetch_from_any(
    addresses: Sequence[str],
    path: Path,
    report: Callable[[int, int], None] = lambda done, total: None,
    sha256: str = "",
    timeout: float = 30.0,
    advice: str = "name another one with --mirror, or get the file elsewhere and give it",
) -> str:
    """Like `fetch`, from the first of several addresses that gives the file; `advice` is the way out for the message.

    Raises:
        DownloadError: if none does, with what each of them answered.
    """
    answers = []
    for address in addresses:
        try:
            return fetch(address, path, report, sha256, timeout)
        except DownloadError as error:
            answers.append(f"{urlsplit(address).netloc}: {str(error).removeprefix(path.name).strip(': .')}")
    raise DownloadError(f"{path.name} could not be had from any of its hosts; {advice} ({'; '.join(answers)}).")


def mirrored(mirror: str, name: str) -> str:
    """The address of a file at a mirror: the http(s) address of a folder, or a Hugging Face repository as owner/name.

    Examples:
        >>> mirrored("https://example.org/weights/", "a.pth")
        'https://example.org/weights/a.pth'
    """
    if mirror.startswith(("http://", "https://")):
        return f"{mirror.rstrip('/')}/{name}"
    return hf_hub_url(mirror, name)


def progress_bar(report: Callable[[int, int], None]) -> type[Any]:
    """A progress bar for huggingface_hub that shows nothing and reports bytes so far and bytes in all."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **settings: Any) -> None:
            settings.pop("name", None)
            super().__init__(*args, **{**settings, "disable": True})
            self.total = settings.get("total")

        def update(self, count: float | None = 1) -> None:
            # A bar that is off does not count.
            self.n += count or 0
            report(int(self.n), int(self.total or 0))

    return Bar


def fetch_from_hub(repository: str, file: str, path: Path, report: Callable[[int, int], None]) -> str:
    """Download a file of a repository on the Hugging Face Hub; what a cut-off download left is resumed.

    Args:
        repository: owner/name.
        file: its path in the repository.
        path: the file to make; its folder is made if missing.
        report: called with (bytes so far, bytes in all; 0 where unknown).

    Returns:
        The file's sha256 in hexadecimal.

    Raises:
        DownloadError: if the Hub cannot be reached, or has no such repository or file.
    """
    from huggingface_hub import hf_hub_download  # slow to import

    # The library's own traces and partial files, gone when the file is here.
    scratch = path.with_name(f".{path.name.lstrip('.')}.hub")
    endpoint = os.environ.get("HF_ENDPOINT")
    try:
        got = hf_hub_download(repository, file, local_dir=scratch, tqdm_class=progress_bar(report), endpoint=endpoint)
        adopt(Path(got), path)
    except DownloadError:
        raise
    except Exception as error:  # of the HTTP library below huggingface_hub, which has changed between versions
        if not any(scratch.rglob("*.incomplete")):
            shutil.rmtree(scratch, ignore_errors=True)
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DownloadError(
            f"{path.name.lstrip('.')}: the Hub's {repository} did not give {file} ({first_line.rstrip('.')}); "
            "check the name and the connection, and try again."
        ) from None
    shutil.rmtree(scratch, ignore_errors=True)
    return digest(path)


def fetch_from_drive(file_id: str, path: Path, report: Callable[[int, int], None]) -> None:
    """Download a public file of Google Drive; what a cut-off download left is resumed.

    Raises:
        DownloadError: if Drive cannot be reached or refuses, most likely for its download quota.
    """
    report(0, 0)
    with resumed_beside(path) as partial:
        _ask_drive(file_id, partial, path.name, report)
    report(path.stat().st_size, path.stat().st_size)


def _ask_drive(file_id: str, partial: Path, name: str, report: Callable[[int, int], None]) -> None:
    """Receive what a partial file lacks; `name` is the file in the messages."""
    import gdown  # imports slowly and is needed on request only

    try:
        got = gdown.download(
            id=file_id,
            output=str(partial),
            quiet=True,
            resume=True,
            use_cookies=False,
            timeout=30.0,
            retries=2,
            progress=lambda done, total: report(done, total or 0),
        )
    except DownloadError:
        raise
    except Exception as error:  # gdown raises what requests and its own parsing raise
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DownloadError(
            f"{name}: Google Drive did not give the file ({first_line}); its download quota may be used up: "
            "try again tomorrow, or fetch the file with a browser and put it in place."
        ) from None
    if not got or not partial.is_file():
        raise DownloadError(f"{name}: Google Drive did not give the file; try again later.")
    if is_web_page(partial):
        partial.unlink()
        raise DownloadError(_web_page(name))


def is_web_page(path: Path) -> bool:
    """Whether a file is HTML, which servers send with a download's name when they refuse it."""
    with path.open("rb") as file:
        return file.read(64).lstrip().lower().startswith((b"<!doctype", b"<html"))


def _web_page(name: str) -> str:
    return (
        f"{name}: the server sent a web page instead of the file (a download quota, most likely); "
        "try again tomorrow, or fetch the file with a browser and put it in place."
    )
