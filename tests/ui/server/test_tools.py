"""Tools are what the page's endpoints say they are, and are called as any visitor calls those."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gpunit.ui.models import Models
from gpunit.ui.page import build_page
from gpunit.ui.server.guard import FAILED, TOO_LARGE
from gpunit.ui.server.tools import LIST_MODELS, OFFERED, Answer, ToolError, Tools, list_models
from tests.conftest import awaited

CALLER = ("203.0.113.5", 4000)
URI = "data:image/png;base64,AAAA"


@pytest.fixture(scope="module")
def tools() -> Tools:
    return Tools(build_page(Models("cpu")))


def test_every_tool_is_an_endpoint_of_the_page(tools: Tools) -> None:
    assert set(tools.by_name) == {*OFFERED, LIST_MODELS}
    for tool in tools.by_name.values():
        assert tool.description.endswith(".")
        for name, schema in tool.schema["properties"].items():
            assert schema["description"], f"{tool.name} does not say what {name} is"
            assert "type" in schema


def test_a_schema_has_the_limits_and_the_first_values_of_the_page(tools: Tools) -> None:
    schema = tools.by_name["translate"].schema
    assert schema["required"] == ["path"]
    count, path = schema["properties"]["count"], schema["properties"]["path"]
    assert (count["minimum"], count["maximum"], count["default"]) == (1, 12, 6)
    assert "to-cat" in schema["properties"]["model_name"]["enum"]
    assert path["type"] == schema["properties"]["exemplar_path"]["type"] == "string"
    assert "default" not in path  # the page's first picture is an example: a forgotten picture is told, not replaced
    assert "kept" not in tools.by_name["draw_prior"].schema["properties"]  # rows that only the page shows


def test_what_is_not_on_the_page_is_no_tool() -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        number = gr.Number()
        gr.Button().click(abs, number, number, api_name="translate", api_visibility="private")
        gr.Button().click(abs, number, number, api_name="other")
    assert set(Tools(page).by_name) == {LIST_MODELS}


def test_models_that_may_not_be_downloaded_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPUNIT_NO_DOWNLOADS", raising=False)
    everything = list_models()["translators"]
    monkeypatch.setenv("GPUNIT_NO_DOWNLOADS", "1")
    here = list_models()
    assert [each for each in everything if each["can_be_used"]] == here["translators"]
    assert len(here["translators"]) < len(everything)
    assert all(each["can_be_used"] for each in here["priors"])


class Routes:
    """Stands for the page's routes: notes what it is asked, and answers a job as it is told to."""

    def __init__(self, joined: Response | None = None, said: str = "") -> None:
        self.bodies: list[Any] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.callers: set[str] = set()
        self._joined = joined or JSONResponse({"event_id": "7"})
        self._said = said

        def noting(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
            async def noted(request: Request) -> Response:
                assert request.client is not None
                self.callers.add(request.client.host)
                return await answer(request)

            return noted

        self.app = Starlette(
            routes=[
                Route("/gradio_api/upload", noting(self._upload), methods=["POST"]),
                Route("/gradio_api/call/{name}", noting(self._join), methods=["POST"]),
                Route("/gradio_api/call/{name}/7", noting(self._answer)),
                Route("/gradio_api/file={path:path}", noting(self._file)),
            ]
        )

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            file: Any = form["files"]
            self.uploads.append((file.filename, await file.read()))
        return JSONResponse(["/served/up.png"])

    async def _join(self, request: Request) -> Response:
        self.bodies.append((await request.json())["data"])
        return self._joined

    async def _answer(self, request: Request) -> Response:
        return PlainTextResponse(self._said)

    async def _file(self, request: Request) -> Response:
        return PlainTextResponse(f"bytes of {request.path_params['path']}")


def call(tools: Tools, routes: Routes, name: str = "translate", **arguments: Any) -> Answer:
    return awaited(lambda: tools.call(routes.app, CALLER, name, arguments))


def complete(*values: Any) -> str:
    return f"event: heartbeat\ndata: null\n\nevent: complete\ndata: {json.dumps(values)}\n\n"


def file(path: str) -> dict[str, Any]:
    return {"path": path, "url": "/elsewhere", "meta": {"_type": "gradio.FileData"}}


def test_a_call_is_a_job_of_the_caller_and_its_pictures_come_back(tools: Tools) -> None:
    gallery = [{"image": file("/served/a b.png"), "caption": None}, {"image": file("/served/c.png"), "caption": "two"}]
    routes = Routes(said=complete(gallery, "2 × 9 ms", [file("/x"), file("/y")], file("/z.zip")))
    answer = call(tools, routes, path=URI, count=2, seed=5)
    assert routes.uploads == [("picture.png", b"\0\0\0")]
    assert routes.callers == {CALLER[0]}
    (values,) = routes.bodies
    assert values[0] == {"path": "/served/up.png", "meta": {"_type": "gradio.FileData"}}
    assert values[1:] == ["to-cat", 1, 0.5, 0.5, "Drawn styles", 2, 5, 1, None]
    assert answer.pictures == [b"bytes of /served/a b.png", b"bytes of /served/c.png"]
    assert answer.texts == ["picture 1: /served/a b.png", "picture 2 (two): /served/c.png", "2 × 9 ms"]


def test_pictures_behind_a_state_come_back(tools: Tools) -> None:
    """The page's own values are answered as nothing, in their places."""
    routes = Routes(said=complete(file("/served/grid.png"), None, file("/served/current.png")))
    answer = call(tools, routes, "style_grid", path=URI)
    assert answer.texts == ["picture 1: /served/grid.png", "picture 2: /served/current.png"]


def test_a_path_is_sent_for_the_page_to_check(tools: Tools) -> None:
    routes = Routes(said=complete([], "", None, None))
    call(tools, routes, path="/etc/passwd", exemplar_path="http://169.254.169.254/")
    assert routes.uploads == []
    assert [routes.bodies[0][0]["path"], routes.bodies[0][-1]["path"]] == ["/etc/passwd", "http://169.254.169.254/"]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("cook", {}, "There is no tool 'cook'; choose from translate, "),
        ("\ud800" * 999, {}, "choose from translate, "),
        ("translate", {"path": URI, "oven": 1}, "translate does not take 'oven'; it takes path, "),
        ("draw_prior", {"kept": ["1"]}, "draw_prior does not take 'kept'"),
        (LIST_MODELS, {"all": True}, "list_models does not take 'all'; it takes nothing."),
        ("translate", {}, "path must be a picture: give it as a data URI"),
        ("translate", {"path": {"path": "/etc/passwd"}}, "path must be a picture"),
        ("translate", {"path": URI, "exemplar_path": 7}, "exemplar_path must be a picture"),
        ("translate", {"path": "data:image/png;base64,@@"}, "path is no data URI that can be read"),
        ("translate", {"path": "data:image/png;base64,AAA"}, "path is no data URI that can be read"),
        ("translate", {"path": "data:image/png,plain"}, "path is no data URI that can be read"),
        ("translate", {"path": "DATA:"}, "path is no data URI that can be read"),
        ("translate", {"path": "data:image/png;base64,\ud800"}, "path is no data URI that can be read"),
    ],
    ids=lambda value: str(value).encode("ascii", "replace").decode()[:40],
)
def test_a_call_that_will_not_do_is_told_so_before_anything_is_sent(
    tools: Tools, name: str, arguments: dict[str, Any], words: str
) -> None:
    routes = Routes()
    with pytest.raises(ToolError) as refused:
        call(tools, routes, name, **arguments)
    assert words in str(refused.value)
    assert str(refused.value).isprintable()
    assert not routes.bodies


@pytest.mark.parametrize(
    ("joined", "said", "sentence"),
    [
        (JSONResponse({"detail": "You have 3 jobs."}, 503), "", "You have 3 jobs."),
        (PlainTextResponse("Internal Server Error", 500), "", FAILED),
        (JSONResponse({"detail": [{"loc": "body"}]}, 422), "", FAILED),
        (JSONResponse([], 404), "", FAILED),
        (PlainTextResponse("File size exceeded", 413), "", TOO_LARGE),
        (None, 'event: error\ndata: {"error": "Seed is out of range."}\n\n', "Seed is out of range."),
        (None, 'event: error\ndata: {"error": null}\n\n', FAILED),
        (None, 'event: error\ndata: "This job is gone."\n\n', "This job is gone."),
        (None, "event: complete\ndata: null\n\n", FAILED),
        (None, "", FAILED),
    ],
    ids=lambda value: getattr(value, "status_code", None),
)
def test_what_the_page_refuses_is_told_in_its_words(
    tools: Tools, joined: Response | None, said: str, sentence: str
) -> None:
    with pytest.raises(ToolError) as refused:
        call(tools, Routes(joined, said), path=URI)
    assert str(refused.value) == sentence
