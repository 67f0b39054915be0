"""The real app in a process of its own, as `python app.py` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass
class App:
    """A running app.

    Attributes:
        address: of the page.
        process: the server.
        log: what it writes.
        temporary: its TMPDIR.
    """

    address: str
    process: subprocess.Popen[bytes]
    log: Path
    temporary: Path

    def stop(self) -> int:
        """Ask it to end, as a container's host would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def start_app(
    folder: Path,
    before: Sequence[str] = (),
    work: Path = ROOT,
    program: Path = ROOT / "app.py",
    **environment: str,
) -> App:
    """Start `python app.py` on a free port, with a temporary folder and a log below `folder`.

    Args:
        folder: of temporary folder and log.
        before: a command that runs the app's.
        work: where the app is started.
        program: the app.
        environment: further variables.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    temporary, log = folder / "tmp", folder / "log.txt"
    temporary.mkdir(parents=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GRADIO_", "GPUNIT_"))}
    settings = {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary), **environment}
    with log.open("wb") as output:
        command = [*before, sys.executable, str(program), "--device", "cpu"]
        process = subprocess.Popen(command, cwd=work, env=kept | settings, stdout=output, stderr=output)
    app = App(f"http://127.0.0.1:{port}", process, log, temporary)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{app.address}/health").raise_for_status()
            return app
        except httpx.HTTPError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                pytest.fail(f"the app did not start:\n{log.read_text()}")
            time.sleep(0.1)


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app for all of these tests."""
    running = start_app(tmp_path_factory.mktemp("app"))
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="package")
def app_with_tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app that agents may call."""
    pytest.importorskip("mcp.server.mcpserver", reason="needs mcp, version 2")
    running = start_app(tmp_path_factory.mktemp("app-with-tools"), GPUNIT_MCP="1")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="package")
def client(app: App, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(app.address, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))
