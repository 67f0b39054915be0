"""Middleware that refuses requests before Gradio sees them: too large, too many of one visitor, to unused routes.

Gradio limits the size of one uploaded file and the length of the queue.  It limits neither the rest of what is sent
nor how much of the queue one visitor takes.  And it serves routes for what this page does not have: fetching
addresses for visitors, saving sessions as links, screen recordings, an editor of its own.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpunit.images import MAX_BYTES
from gpunit.ui.server.jobs import API, JOB_ROUTES, NOT_JSON, Jobs, path_of, refuse

# A webcam's picture comes inside JSON, a third larger than its bytes.
MAX_JSON_BYTES = MAX_BYTES * 4 // 3 + 2**16
MAX_UPLOAD_BYTES = MAX_BYTES + 2**16
LEAST_FREE_DISK = 2**29
# What file systems take.
LONGEST_NAME = 255

FILE_ROUTES = (f"{API}/file=", f"{API}/file/")
CLOSED_ROUTES = (
    *(f"{API}/{name}" for name in ("proxy=", "deep_link", "process_recording", "vibe-edit", "runs", "run-history")),
    *(f"{API}/{name}" for name in ("component_server", "stream/", "dev/", "mcp")),
    *(f"{API}/file={scheme}" for scheme in ("http:", "https:")),
    "/monitoring",
)

TOO_LARGE = f"This is larger than the maximum allowed size of {MAX_BYTES >> 20} MB: make it smaller and try again."
NOT_SERVED = "This file is not served: upload a picture, or ask for one that the page has made."
NO_NAME = "A name in this address is too long for any file of this page: check it, or upload the picture again."
STOPPING = "The server is stopping and takes no new work: try again in a minute."
FULL_SHARE = "You have {count} jobs waiting already: wait until some are done."
FULL_ADDRESS = "Your network has {count} jobs waiting already: wait until some are done."
FAILED = "This went wrong on the server: try again, or with another picture."
UNREADABLE = "This cannot be read: use the page, or send what “Use via API” describes."
NO_ROOM = "The server has no room for files at the moment: try again in some minutes."

_log = logging.getLogger(__name__)


def lies_below(path: str, folders: Sequence[Path]) -> bool:
    """Whether a path leads, links followed, to something below one of these resolved folders."""
    try:
        real = Path(path).resolve()
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, a loop
        return False
    return any(real.is_relative_to(folder) for folder in folders)


class Gate:
    """Whether new work is taken, and how much one visitor may have waiting; shared by all requests.

    Args:
        jobs: that wait or run now.
        jobs_per_visitor: how many jobs of one open page may wait or run.
        jobs_per_address: how many from one address, whatever pages they say they are of.
        folder: where uploads and results go.
        opened: other folders whose files are served.
    """

    def __init__(
        self, jobs: Jobs, jobs_per_visitor: int, jobs_per_address: int, folder: Path, opened: Sequence[str] = ()
    ) -> None:
        self.jobs = jobs
        self.jobs_per_visitor = jobs_per_visitor
        self.jobs_per_address = jobs_per_address
        self.folder = folder
        self._served = [Path(served).resolve() for served in (str(folder), *opened)]
        self._closed = threading.Event()

    @property
    def is_open(self) -> bool:
        """Whether new work is taken."""
        return not self._closed.is_set()

    def close(self) -> None:
        """Take no new work from now on."""
        self._closed.set()

    def refusal(self, path: str, sent: Any, address: str) -> Response | None:
        """Why a request for a job is not taken; None if it is.

        Args:
            path: of the request.
            sent: its JSON.
            address: of who sends it.
        """
        if refused := self.jobs.refusal(path, sent):
            return refused
        session = sent.get("session_hash")
        if isinstance(session, str) and self.jobs.of_session(session) >= self.jobs_per_visitor:
            return refuse(503, FULL_SHARE.format(count=self.jobs_per_visitor))
        if self.jobs.of_address(address) >= self.jobs_per_address:
            return refuse(503, FULL_ADDRESS.format(count=self.jobs_per_address))
        return None

    def serves(self, path: str) -> bool:
        """Whether a file lies where files are served from, and not only a link to it; Gradio does not follow links."""
        return lies_below(path, self._served)

    def has_room(self) -> bool:
        """Whether the disk takes another upload, or the pictures of another job."""
        folder = next((path for path in (self.folder, *self.folder.parents) if path.is_dir()), None)
        return shutil.disk_usage(folder or tempfile.gettempdir()).free > LEAST_FREE_DISK


class _TooLargeError(MultiPartException):
    """What is being received is longer than allowed; Gradio clears away the files of an upload that ends so."""


class Guard:
    """ASGI middleware that refuses what must not reach Gradio; every refusal is JSON with a `detail`."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = path_of(scope)
        if path.lower().startswith(CLOSED_ROUTES):
            await refuse(404, "This page has no such route: see “Use via API” for those it has.")(scope, receive, send)
            return
        if any(len(name.encode(errors="replace")) > LONGEST_NAME for name in path.split("/")):
            await refuse(404, NO_NAME)(scope, receive, send)  # Gradio would fail on asking the disk for it
            return
        asked = next((path.removeprefix(route) for route in FILE_ROUTES if path.startswith(route)), None)
        if asked is not None and not self.gate.serves(asked):
            await refuse(403, NOT_SERVED)(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await (self.gate.jobs.missing_answer(scope, path) or self.app)(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        limit = MAX_UPLOAD_BYTES if path.startswith(f"{API}/upload") else MAX_JSON_BYTES
        try:
            answer, limited = await self._pass(scope, path, _limited(receive, limit), limit)
            await (answer or self.app)(scope, limited, watched_send)
        except _TooLargeError:
            if not started:
                await refuse(413, TOO_LARGE)(scope, receive, send)
        except Exception:
            if started:
                raise
            _log.exception("%s %s failed", scope["method"], path)
            # What asks for a job by values' names is read by Gradio itself, which raises whatever they lead it to.
            status, sentence = (400, UNREADABLE) if path.startswith(JOB_ROUTES) else (500, FAILED)
            await refuse(status, sentence)(scope, receive, send)

    async def _pass(self, scope: Scope, path: str, receive: Receive, limit: int) -> tuple[Response | None, Receive]:
        """A refusal, or None; and what the body is read from next."""
        request = Request(scope, receive)
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            raise _TooLargeError(TOO_LARGE)
        if path.startswith((f"{API}/upload", *JOB_ROUTES)) and not self.gate.has_room():
            return refuse(507, NO_ROOM), receive
        if not path.startswith(JOB_ROUTES):
            return None, receive
        if not self.gate.is_open:
            return refuse(503, STOPPING), receive
        body = await request.body()
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            return refuse(400, NOT_JSON), receive
        return self.gate.refusal(path, sent, request.client.host if request.client else ""), _replayed(body, receive)


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts what comes, for requests that do not say their length or say a wrong one."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _TooLargeError(TOO_LARGE)
        return message

    return counting


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already once more, and then what comes after it."""
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replaying() -> Message:
        return pending.pop() if pending else await receive()

    return replaying
