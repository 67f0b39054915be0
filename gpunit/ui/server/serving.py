"""Serving the page: limits, a health route, and a stop that finishes the jobs in hand."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from gpunit import memory, settings, zoo
from gpunit.images import MAX_BYTES
from gpunit.settings import SettingError
from gpunit.ui import theme, thumbnails
from gpunit.ui.examples import EXAMPLES_FOLDER
from gpunit.ui.i18n import I18N
from gpunit.ui.server import scratch
from gpunit.ui.server.addresses import is_private
from gpunit.ui.server.guard import Gate, Guard
from gpunit.ui.server.jobs import MCP, Jobs
from gpunit.ui.server.language import EveryChinese

ROOT = settings.ROOT
HEALTH = "/health"
# Light actions, such as the crop's preview, at a time; what computes waits in a queue of its own.
LIGHT_AT_ONCE = 4
SESSIONS_KEPT = 1000
SWEEP_SECONDS = 60.0
# Gradio moves whole uploads into folders of their own at once; what lies outside of them for so long broke off.
BROKEN_OFF_SECONDS = 600.0
# How often memory that the jobs freed goes back to the system.
TRIM_SECONDS = 5.0
# Last messages reach their pages within this time after the last job, and the pages fetch the pictures in them.
DELIVERY_SECONDS = 2.0
FETCHING_SECONDS = 2.0


class Server:
    """The page on an address, until it is stopped.

    Args:
        page: what is served.
        host: address to listen on.
        port: by default GRADIO_SERVER_PORT, or the first free one from 7860.
        open_browser: open the page in this machine's browser.
        offers_tools: offer the page's tools to agents (see `mcp`).

    Raises:
        SettingError: if the library for that is not there.
    """

    def __init__(
        self,
        page: gr.Blocks,
        host: str = "127.0.0.1",
        port: int | None = None,
        open_browser: bool = False,
        offers_tools: bool = False,
    ) -> None:
        self.page = page
        extra_routes, extra_settings = _mcp(page, host) if offers_tools else ([], {})
        opened = [path.strip() for path in os.environ.get("GRADIO_ALLOWED_PATHS", "").split(",") if path.strip()]
        self._folder = Path(get_upload_folder()).resolve()
        # The page's examples and first pictures, which were put there while it was built.
        self._first_files = frozenset(path for path in self._folder.rglob("*") if path.is_file())
        self.jobs = Jobs(page)
        of_visitor, of_address = settings.number("GPUNIT_JOBS_PER_VISITOR"), settings.number("GPUNIT_JOBS_PER_ADDRESS")
        self.gate = Gate(self.jobs, of_visitor, of_address, self._folder, opened)
        self._patience = settings.number("GPUNIT_SHUTDOWN_SECONDS")
        self._kept_seconds = 60.0 * settings.number("GPUNIT_FILES_MINUTES")
        self._most_bytes = settings.number("GPUNIT_FILES_MB") << 20
        self._begun = time.monotonic()
        page.queue(
            default_concurrency_limit=LIGHT_AT_ONCE, max_size=settings.number("GPUNIT_QUEUE_SIZE"), api_open=False
        ).launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            max_file_size=MAX_BYTES,
            theme=theme.THEME,
            css=theme.style_sheet() + thumbnails.style_sheet(),
            i18n=I18N,
            head=theme.head(),
            favicon_path=theme.FAVICON,
            ssr_mode=False,
            prevent_thread_lock=True,
            # Events hand out examples; from their own folder none is served.
            allowed_paths=[*opened, str(EXAMPLES_FOLDER)],
            blocked_paths=blocked_paths(),
            enable_monitoring=False,
            run_history=False,
            mcp_server=False,  # whatever GRADIO_MCP_SERVER says: Gradio's tools would fetch addresses for visitors
            # Gradio would ask the page of itself, and not start where that takes more than 3 seconds.
            _frontend=False,
            state_session_capacity=SESSIONS_KEPT,
            app_kwargs={
                **extra_settings,
                "routes": [Route(HEALTH, self._health), Route(theme.SOCIAL_ROUTE, _social_picture), *extra_routes],
                "middleware": [Middleware(Guard, gate=self.gate), Middleware(EveryChinese, also=theme.introduction())],
            },
        )

    def wait(self) -> None:
        """Serve until SIGTERM or Ctrl-C; then take no new work, finish the jobs in hand, and end."""
        stopped = threading.Event()
        with _signals(lambda: stopped.set()):
            swept = trimmed = time.monotonic()
            while not stopped.wait(0.5):  # with a timeout, so that signals are met on every system
                if time.monotonic() - swept > SWEEP_SECONDS:
                    swept = time.monotonic()
                    self.sweep()
                if time.monotonic() - trimmed > TRIM_SECONDS:
                    trimmed = time.monotonic()
                    memory.return_freed_memory()
        self.stop()

    def sweep(self, kept_seconds: float = BROKEN_OFF_SECONDS) -> None:
        """Delete files that no one has asked for in a while, or that take more than they may.

        Args:
            kept_seconds: how long what an upload left that broke off stays.
        """
        for path in self._folder.glob("tmp*"):
            with suppress(OSError):  # another sweep was faster
                if path.is_file() and time.time() - path.stat().st_mtime > kept_seconds:
                    path.unlink()
        scratch.sweep(self._folder, self._first_files, self._kept_seconds, self._most_bytes)
        self.jobs.forget_undelivered()
        for paths in self.page.temp_file_sets:  # Gradio's own list of files, which only its own clean-up would shorten
            paths.clear()

    def stop(self) -> bool:
        """Take no new work, finish the jobs in hand, and close.

        Returns:
            Whether all jobs were finished in GPUNIT_SHUTDOWN_SECONDS.
        """
        self.gate.close()
        had_jobs = self.jobs.count() > 0
        finished = _until(lambda: not self.jobs.count(), self._patience)
        _until(lambda: not self.jobs.undelivered(), DELIVERY_SECONDS)
        if had_jobs:
            time.sleep(FETCHING_SECONDS)
        self.page.close(verbose=False)
        return finished

    async def _health(self, request: Request) -> JSONResponse:
        """200 while new work is taken, 503 while the server stops; for load balancers and containers."""
        queue = self.page._queue
        facts: dict[str, Any] = {
            "status": "ok" if self.gate.is_open else "stopping",
            "waiting": len(queue),
            "running": queue.get_active_worker_count(),
            "models": [spec.name for spec in zoo.MODELS.values() if spec.is_here],
            "seconds_up": round(time.monotonic() - self._begun),
            "gradio": version("gradio"),
        }
        return JSONResponse(facts, 200 if self.gate.is_open else 503, {"Cache-Control": "no-store"})


async def _social_picture(request: Request) -> FileResponse:
    """What other sites show beside a link to the page."""
    return FileResponse(theme.SOCIAL_PICTURE)


def _mcp(page: gr.Blocks, host: str) -> tuple[list[Route], dict[str, Any]]:
    """Routes and settings of the server that let agents call the page's tools.

    Raises:
        SettingError: if the library is not there, or too old.
    """
    try:
        from gpunit.ui.server.mcp import Endpoint  # an extra
    except ImportError:
        command = settings.install_command("mcp")
        raise SettingError(f"--mcp and GPUNIT_MCP need the library mcp, version 2: {command}.") from None
    endpoint = Endpoint(page, ("localhost", "127.0.0.1", "[::1]", host) if is_private(host) else None)
    return [Route(path, endpoint) for path in (MCP, f"{MCP}/")], {"lifespan": endpoint.lifespan}


def blocked_paths() -> list[str]:
    """What is never served, whatever GRADIO_ALLOWED_PATHS says: weights, code, and where runs and results go."""
    kept = ("tests", ".git", ".env", "app.py", "runs", "results")
    # The examples of an installed package lie inside it.
    code = (path for path in settings.PACKAGE.iterdir() if path != ROOT)
    return [str(path) for path in (*settings.checkpoint_folders(), *code, *(ROOT / name for name in kept))]


def _until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, at most this long; whether it is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C call `stop`; a second one ends the process at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: FrameType | None) -> None:
        restore()
        stop()

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
