"""The script that chooses among Gradio's kinds of Chinese, as it stands in what is sent."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gpunit.ui.server.language import SCRIPT, EveryChinese
from gpunit.ui.theme import introduction

PAGE = "<!doctype html><html><head><title>猫</title></head><body>a &lt;head></body></html>"


def client(answer: Response) -> TestClient:
    async def respond(request: Request) -> Response:
        return answer

    routes = [Route("/", respond, methods=["GET", "POST"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(EveryChinese)]))


def test_a_page_begins_with_the_script_once_and_says_its_length() -> None:
    answer = client(HTMLResponse(PAGE)).get("/")
    assert answer.text == PAGE.replace("<head>", f"<head>{SCRIPT.decode()}", 1)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_what_links_show_comes_before_gradios_own_and_names_the_pages_address() -> None:
    gradios = PAGE.replace("<head>", '<head><meta property="og:title" content="Gradio">')

    async def respond(request: Request) -> Response:
        return HTMLResponse(gradios)

    middleware = [Middleware(EveryChinese, also=introduction())]
    with TestClient(Starlette(routes=[Route("/", respond)], middleware=middleware), "https://cats.example") as browser:
        text = browser.get("/", headers={"x-forwarded-proto": "https"}).text
        odd = browser.get("/", headers={"host": 'a"><script>'}).text
    assert text.index('content="GP-UNIT Explorer"') < text.index('content="Gradio"')
    assert 'property="og:image" content="https://cats.example/social.jpg"' in text
    assert '"><script>/social' not in odd


def pieces() -> list[bytes]:
    return [b"<p>", PAGE.encode(), b"</p>"]


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (JSONResponse({"a": "<head>"}), b'{"a":"<head>"}'),
        (HTMLResponse("<p>no head</p>"), b"<p>no head</p>"),
        (StreamingResponse(iter(pieces()), media_type="text/html"), b"".join(pieces())),
        (HTMLResponse("<head>", headers={"content-encoding": "identity"}), b"<head>"),
        (HTMLResponse(""), b""),
    ],
)
def test_all_else_is_sent_as_it_is(answer: Response, content: bytes) -> None:
    assert client(answer).get("/").content == content


def test_other_requests_are_answered_as_they_are() -> None:
    assert client(HTMLResponse(PAGE)).post("/").text == PAGE
