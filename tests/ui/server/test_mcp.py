"""The endpoint for agents: off unless it is asked for, and under the same limits as the page."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from gpunit.images import MAX_BYTES
from gpunit.settings import SettingError
from gpunit.ui import launch
from gpunit.ui.server.addresses import is_private
from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.server.guard import STOPPING, TOO_LARGE
from gpunit.ui.server.jobs import MCP
from gpunit.ui.server.serving import Server

pytest.importorskip("mcp.server.mcpserver", reason="needs mcp, version 2")
WAIT = 60


class Page:
    """A served page with one tool, which waits until it is let go."""

    def __init__(self, host: str = "127.0.0.1", offers_tools: bool = True) -> None:
        self.go, self.begun = threading.Event(), threading.Event()

        def wait(rows: float) -> str:
            """Wait.

            Args:
                rows: a number.
            """
            self.begun.set()
            self.go.wait(WAIT)
            return f"{rows:g} rows"

        with CheckedBlocks(analytics_enabled=False) as page:
            gr.Button().click(wait, gr.Slider(1, 8, 3, label="Rows"), gr.Markdown(), api_name="draw_prior")
        self.server = Server(page, host, offers_tools=offers_tools)
        self.address = f"http://127.0.0.1:{page.server_port}"

    def post(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
        return httpx.post(f"{self.address}{MCP}", content=content, headers=kept, timeout=WAIT)

    def call(self, **arguments: Any) -> tuple[bool, str]:
        """Whether a call of the tool went well, and the first line of its answer."""
        result = self.post(asked(arguments)).raise_for_status().json()["result"]
        return not result["isError"], result["content"][0]["text"]


def asked(arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": "draw_prior", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


@contextmanager
def served(**settings: Any) -> Iterator[Page]:
    page = Page(**settings)
    try:
        yield page
    finally:
        page.go.set()
        page.server.stop()


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GPUNIT_JOBS_PER_ADDRESS", "2")
    monkeypatch.setenv("GPUNIT_SHUTDOWN_SECONDS", "1")


@pytest.fixture
def page() -> Iterator[Page]:
    with served() as page:
        page.go.set()
        yield page


def test_nothing_is_offered_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    with served(offers_tools=False) as page:
        assert page.post(asked({})).status_code in (404, 405)


def test_gradios_own_endpoint_stays_closed(monkeypatch: pytest.MonkeyPatch, page: Page) -> None:
    for path in ("mcp", "mcp/", "mcp/sse", "mcp/schema"):
        assert httpx.get(f"{page.address}/gradio_api/{path}").status_code == 404
    assert page.server.page.mcp_server is False


def test_a_tool_takes_what_its_endpoint_takes_and_says_the_same_of_the_rest(page: Page) -> None:
    assert page.call(rows=2) == (True, "2 rows")
    assert page.call() == (True, "3 rows")
    for wrong, words in (
        (float("nan"), "Rows must be a finite number, not nan"),
        (float("inf"), "Rows must be a finite number, not inf"),
        (9, "Rows is out of range with 9; give one from 1 to 8."),
        (None, "Rows must be a number, not None"),
        ("many", "Rows must be a number, not 'many'"),
    ):
        went_well, said = page.call(rows=wrong)
        assert not went_well
        assert words in said
        assert "\n" not in said


def test_calls_are_jobs_of_the_address_that_they_come_from() -> None:
    with served() as page, ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(page.call, rows=1) for _ in range(2)]
        while page.server.jobs.of_address("127.0.0.1") < 2:
            assert not any(each.done() for each in waiting)
            time.sleep(0.01)
        assert page.call(rows=1) == (False, "Your network has 2 jobs waiting already: wait until some are done.")
        page.go.set()
        assert [each.result() for each in waiting] == [(True, "1 rows")] * 2


def test_a_server_that_stops_says_so(page: Page) -> None:
    page.server.gate.close()
    assert page.call(rows=1) == (False, STOPPING)


@pytest.mark.parametrize("path", [MCP, f"{MCP}/"])
def test_what_is_too_large_is_refused_in_a_sentence_that_clients_show(page: Page, path: str) -> None:
    uri = b"data:image/png;base64," + b"A" * (2 * MAX_BYTES)
    answer = httpx.post(f"{page.address}{path}", content=uri, timeout=WAIT)
    assert answer.status_code == 413
    assert answer.json() == {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": TOO_LARGE}}


def test_only_posts_are_answered(page: Page) -> None:
    for method in ("GET", "DELETE", "PUT"):
        answer = httpx.request(method, f"{page.address}{MCP}", headers={"Accept": "text/event-stream"})
        assert answer.status_code == 405
        assert "MCP client" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"jsonrpc": "2.0", "id": 1}'])
def test_what_is_no_request_is_an_error_of_the_protocol(page: Page, body: bytes) -> None:
    answer = page.post(body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["message"]


def test_web_pages_elsewhere_do_not_reach_a_server_of_this_machine_alone(
    monkeypatch: pytest.MonkeyPatch, page: Page
) -> None:
    """Their own names can be made to lead here (DNS rebinding)."""
    assert page.post(asked({}), Host="rebound.example:80").status_code == 421
    assert page.post(asked({}), Origin="http://rebound.example").status_code == 403
    port = page.address.rpartition(":")[2]
    for host in ("localhost", "127.0.0.1", "[::1]"):
        answer = page.post(asked({}), Host=f"{host}:{port}", Origin=f"http://{host}:{port}")
        assert answer.status_code == 200


def test_a_public_server_is_reached_by_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/gpunit")
    assert not is_private("127.0.0.1")
    with served() as page:
        page.go.set()
        assert page.post(asked({}), Host="example.org").status_code == 200
        page.address += "/gpunit"  # a proxy may keep the path, or strip it as above
        assert page.call(rows=4) == (True, "4 rows")


@pytest.mark.parametrize("way", ["flag", "variable"])
def test_without_the_library_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    for name in [name for name in sys.modules if name == "mcp" or name.startswith("mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "gpunit.ui.server.mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setenv("GPUNIT_MCP", "1" if way == "variable" else "0")
    with pytest.raises(SystemExit) as ended:
        launch.main(["--mcp"] if way == "flag" else [])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == "Error: --mcp and GPUNIT_MCP need the library mcp, version 2: pip install -r requirements-mcp.txt.\n"


def test_the_library_of_an_older_version_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import mcp.server

    monkeypatch.delattr(mcp.server, "ServerRequestContext")
    monkeypatch.delitem(sys.modules, "gpunit.ui.server.mcp", raising=False)
    with pytest.raises(SettingError, match="version 2"):
        Page()
