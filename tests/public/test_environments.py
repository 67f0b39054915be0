"""Environments that users have: proxies, consoles, ports that are taken, no console at all."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from gpunit.__main__ import main
from gpunit.ui import launch
from tests.public.conftest import ROOT, start_app


class Refusing(BaseHTTPRequestHandler):
    """A proxy that knows nothing of localhost, as those of companies."""

    def do_GET(self) -> None:
        self.send_error(502)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_the_page_starts_whatever_proxies_the_environment_names(proxy: str, tmp_path: Path) -> None:
    """One that answers for localhost, one of a kind that HTTP clients refuse, and one that is not there."""
    app = start_app(
        tmp_path,
        http_proxy=proxy,
        HTTP_PROXY=proxy,
        ALL_PROXY="socks5://127.0.0.1:9",
        https_proxy="socks://127.0.0.1:9",
    )
    try:
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{app.address}/health").json()["status"] == "ok"
            assert client.get(app.address).status_code == 200
    finally:
        app.stop()
    assert "Traceback" not in app.log.read_text()


def test_the_page_is_served_at_an_ipv6_address_and_without_a_console(tmp_path: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            port = probe.getsockname()[1]
    except OSError:
        pytest.skip("this machine has no IPv6")
    command = f'exec "{sys.executable}" app.py --host ::1 --port {port} >&- 2>&-'
    environment = os.environ | {"GRADIO_TEMP_DIR": str(tmp_path)}
    app = subprocess.Popen(["/bin/sh", "-c", command], cwd=ROOT, env=environment)
    try:
        with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=0)) as client:
            for _ in range(600):
                assert app.poll() is None
                try:
                    assert client.get(f"http://[::1]:{port}/health").json()["status"] == "ok"
                    break
                except httpx.TransportError:
                    threading.Event().wait(0.2)
            else:
                pytest.fail("the app did not start")
    finally:
        app.terminate()
        app.wait(60)


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--port", "70000"], {}, "--port must be a whole number from 1 to 65535, not '70000'"),
        (["--port", "0"], {}, "--port must be a whole number"),
        (["--port", "http"], {}, "--port must be a whole number"),
        ([], {"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT must be a whole number"),
        (["--port", "{taken}"], {}, "is in use; choose another --port"),
        ([], {"GRADIO_SERVER_PORT": "{taken}"}, "is in use; choose another --port"),
        (["--host", "203.0.113.7"], {}, "203.0.113.7 is no address of this machine"),
        ([], {"GRADIO_SERVER_NAME": "no.such.host.invalid"}, "there is no host 'no.such.host.invalid'"),
    ],
)
def test_an_address_that_will_not_do_ends_with_a_sentence(
    arguments: list[str],
    environment: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value.replace("{taken}", taken))
        with pytest.raises(SystemExit) as ended:
            launch.main([argument.replace("{taken}", taken) for argument in arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "gbk"])
@pytest.mark.parametrize(("command", "words"), [("models", "to-cat"), ("train-recipes", "small")])
def test_lists_are_printed_on_consoles_of_any_encoding(
    command: str, words: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    monkeypatch.setattr(sys, "argv", ["gpunit", command])
    with pytest.raises(SystemExit) as ended:
        main()
    console.flush()
    assert not ended.value.code
    assert words in console.buffer.getvalue().decode(encoding)
