"""A real Chromium on the real page, served by app.py as a user would start it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=60_000)

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Runs app.py as `python app.py --precision fp32` would (what "auto" takes is tried out on the machine, and page and
# tests could find differently), and writes down every address outside this machine that it asks for.
WATCHED_APP = """
import runpy, socket, sys
log, sys.argv = sys.argv[1], ["app.py", "--precision", "fp32"]

def watch(name, place):
    inner = getattr(socket.socket if place else socket, name)
    def watched(*args, **kwargs):
        asked = args[place]
        host = asked[0] if isinstance(asked, tuple) else asked
        if host not in ("127.0.0.1", "localhost", "::1", "0.0.0.0", None, ""):
            with open(log, "a") as file:
                file.write(f"{name} {asked}\\n")
        return inner(*args, **kwargs)
    setattr(socket.socket if place else socket, name, watched)

watch("getaddrinfo", 0)
watch("connect", 1)
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="session")
def asked_outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the app's requests to other machines are written down."""
    return tmp_path_factory.mktemp("network") / "asked.txt"


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, asked_outside: Path) -> Iterator[str]:
    """Where the page is served; the port is given the way Gradio's own users give it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
    }
    environment.pop("GRADIO_ANALYTICS_ENABLED", None)  # a user's environment does not have it
    log = tmp_path_factory.mktemp("app") / "log.txt"
    with log.open("w") as output:
        command = [sys.executable, "-c", WATCHED_APP, str(asked_outside)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 120
            while True:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the app did not start:\n{log.read_text()}")
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    yield page
    context.close()
