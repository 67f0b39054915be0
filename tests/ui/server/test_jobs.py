"""Requests for jobs that will not do, and for answers that are not there, are told so in sentences."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.server.jobs import NO_ACTION, NO_ANSWER, NO_VALUES, NOT_JSON
from gpunit.ui.server.serving import Server


class Page:
    """A served page with one action that waits until it is let go, and one that the page keeps to itself."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()

        def wait(word: str) -> str:
            self.begun.set()
            self.go.wait(30)
            return word

        with CheckedBlocks(analytics_enabled=False) as page:
            word = gr.Textbox()
            gr.Button().click(wait, word, gr.Textbox(), api_name="wait", concurrency_limit=1)
            gr.Button().click(wait, word, gr.Textbox(), api_name="own", api_visibility="private")
            gr.Button().click(str.upper, word, gr.Textbox(), queue=False)
        self.server = Server(page)
        self.address = f"{page.local_url}gradio_api"

    def post(self, path: str, content: Any) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content)
        return httpx.post(f"{self.address}/{path}", content=body, headers={"Content-Type": "application/json"})

    def get(self, path: str) -> str:
        return httpx.get(f"{self.address}/{path}", timeout=30).text


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Page]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GPUNIT_JOBS_PER_ADDRESS", "4")
    monkeypatch.setenv("GPUNIT_SHUTDOWN_SECONDS", "1")
    served = Page()
    yield served
    served.go.set()
    served.server.stop()


@pytest.mark.parametrize("route", ["call", "call/v2", "run", "api"])
@pytest.mark.parametrize("name", ["nothing", "own", "wait/x", "%00", "猫", ""])
def test_an_action_that_is_not_there_is_told_so(page: Page, route: str, name: str) -> None:
    answer = page.post(f"{route}/{name}", {"data": ["a"]})
    assert (answer.status_code, answer.json()["detail"]) == (404, NO_ACTION)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"{", 400, NOT_JSON),
        (b"\xff\xfe\x00", 400, NOT_JSON),
        (b'{"data":' + b"[" * 100_000, 400, NOT_JSON),
        (None, 400, NO_VALUES),
        ([], 400, NO_VALUES),
        ({}, 400, NO_VALUES),
        ({"data": {"word": "a"}}, 400, NO_VALUES),
        ({"data": ["a"], "session_hash": 5}, 400, "session_hash must be a text, or be left out"),
        ({"data": ["a"], "fn_index": "x"}, 400, "fn_index must be a whole number"),
        ({"data": ["a"], "fn_index": True}, 400, "fn_index must be a whole number"),
        ({"data": ["a"], "trigger_id": 1.5}, 400, "trigger_id must be a whole number"),
        ({"data": ["a"], "fn_index": -1}, 404, NO_ACTION),
        ({"data": ["a"], "fn_index": 10**400}, 404, NO_ACTION),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_of_another_shape_is_told_so(page: Page, content: Any, status: int, words: str) -> None:
    answers = [page.post("call/wait", content)]
    if isinstance(content, dict):
        answers.append(page.post("queue/join", {"session_hash": "a", "fn_index": 0, **content}))
    else:
        answers.append(page.post("queue/join", content))
    for answer in answers:
        assert answer.status_code == status
        assert words in answer.json()["detail"]


def test_what_does_not_wait_is_asked_for_by_its_number(page: Page) -> None:
    """As the page does when an example is clicked."""
    answer = page.post("run/predict", {"data": ["a"], "fn_index": 2, "trigger_id": None, "session_hash": "a"})
    assert answer.json()["data"] == ["A"]
    assert page.post("run/predict", {"data": ["a"], "fn_index": 9}).json()["detail"] == NO_ACTION


def test_values_by_other_names_are_told_so(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    answer = page.post("call/v2/wait", {"nothing": 1})
    assert answer.status_code == 400
    assert "use the page" in answer.json()["detail"]


def test_an_answer_that_is_not_there_is_told_so_at_once(page: Page) -> None:
    assert json.loads(page.get("call/wait/nothing").split("data: ")[1]) == NO_ANSWER
    assert json.loads(page.get("call/v2/wait/nothing").split("data: ")[1]) == NO_ANSWER
    said = json.loads(page.get("queue/data?session_hash=nobody").removeprefix("data: "))
    assert (said["message"], said["session_not_found"]) == (NO_ANSWER, True)


@pytest.mark.parametrize("session", [{}, {"session_hash": "mine"}])
def test_an_answer_is_there_until_it_is_fetched(page: Page, session: dict[str, str]) -> None:
    page.go.set()
    job = page.post("call/wait", {"data": ["a"], **session}).json()["event_id"]
    assert 'event: complete\ndata: ["a"]' in page.get(f"call/wait/{job}")
    assert json.loads(page.get(f"call/wait/{job}").split("data: ")[1]) == NO_ANSWER


def test_one_address_cannot_fill_the_queue_whatever_sessions_it_names(page: Page) -> None:
    def ask(number: int) -> httpx.Response:
        return page.post("call/wait", {"data": ["a"], **({"session_hash": f"s{number}"} if number % 2 else {})})

    assert [ask(number).status_code for number in range(4)] == [200] * 4
    refused = [ask(4), page.post("call/v2/wait", {"param_0": "a"})]
    assert [answer.status_code for answer in refused] == [503, 503]
    assert all("wait until some are done" in answer.json()["detail"] for answer in refused)
    page.go.set()


def test_jobs_whose_answers_no_one_fetches_do_not_count_once_they_are_done(page: Page) -> None:
    page.go.set()
    for _ in range(6):
        assert page.post("call/wait", {"data": ["a"], "session_hash": "mine"}).status_code == 200
        while page.server.jobs.count() or page.server.jobs.of_session("mine"):
            threading.Event().wait(0.01)
    assert page.server.jobs.undelivered() == 6
    page.server.page._queue.pending_messages_per_session.clear()  # as Gradio does once there are many
    page.server.sweep()
    assert page.server.jobs.undelivered() == 0
