"""Agents' tools on the running app, by the official client: the page's pictures, and the page's refusals."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from gpunit.images import MAX_BYTES
from tests.conftest import awaited, blobs
from tests.public.conftest import App
from tests.public.test_corpus import is_sentence

pytest.importorskip("mcp.server.mcpserver", reason="needs mcp, version 2")
from mcp import Client, MCPError, types

SECRET = "the contents of a file that is nobody's business"


def call(app: App, name: str, arguments: dict[str, Any], mode: str = "auto") -> types.CallToolResult:
    """Call a tool as agents do; "legacy" is the protocol before 2026."""

    async def called() -> types.CallToolResult:
        async with Client(f"{app.address}/mcp", mode=mode) as client:
            return await client.call_tool(name, arguments)

    return awaited(called)


def pictures(answer: types.CallToolResult) -> list[bytes]:
    assert not answer.is_error, texts(answer)
    found = [each for each in answer.content if isinstance(each, types.ImageContent)]
    assert all(each.mime_type == "image/png" for each in found)
    return [base64.b64decode(each.data) for each in found]


def texts(answer: types.CallToolResult) -> list[str]:
    return [each.text for each in answer.content if isinstance(each, types.TextContent)]


def refusal(app: App, name: str, arguments: dict[str, Any]) -> str:
    """The one sentence of a call that must fail."""
    answer = call(app, name, arguments)
    assert answer.is_error
    (sentence,) = texts(answer)
    assert is_sentence(sentence), sentence
    assert SECRET not in sentence
    return sentence


@pytest.fixture(scope="module")
def png() -> bytes:
    buffer = io.BytesIO()
    blobs(3, 120, 90).save(buffer, format="PNG")
    return buffer.getvalue()


def data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def uploaded(app: App, content: bytes) -> str:
    answer = httpx.post(f"{app.address}/gradio_api/upload", files={"files": ("picture.png", content)})
    return str(answer.raise_for_status().json()[0])


def by_endpoint(app: App, path: str) -> list[bytes]:
    """What the endpoint makes of an upload, as any program asks for it."""
    address = f"{app.address}/gradio_api/call/translate"
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    values = [file, "to-dog", 1, 0.5, 0.5, "Drawn styles", 2, 11, 0.8, None]
    job = httpx.post(address, json={"data": values}).raise_for_status().json()["event_id"]
    *_, kind, said = (line for line in httpx.get(f"{address}/{job}", timeout=120).text.splitlines() if line)
    assert kind == "event: complete", said
    made = [each["image"]["path"] for each in json.loads(said.removeprefix("data: "))[0]]
    return [httpx.get(f"{app.address}/gradio_api/file={each}").raise_for_status().content for each in made]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_are_listed_and_one_translates_as_its_endpoint_does(
    app_with_tools: App, png: bytes, mode: str
) -> None:
    async def listed() -> list[types.Tool]:
        async with Client(f"{app_with_tools.address}/mcp", mode=mode) as client:
            return (await client.list_tools()).tools

    names = [each.name for each in awaited(listed)]
    assert names == ["translate", "style_grid", "draw_prior", "mask_heatmaps", "list_models"]
    path = uploaded(app_with_tools, png)
    by_endpoint(app_with_tools, path)  # a model's first picture chooses its precision
    asked = {"model_name": "to-dog", "count": 2, "seed": 11, "temperature": 0.8}
    expected = by_endpoint(app_with_tools, path)
    assert len(set(expected)) == 2
    for picture in (path, data_uri(png)):
        assert pictures(call(app_with_tools, "translate", {"path": picture, **asked}, mode)) == expected


def test_every_tool_shows_pictures_that_can_be_given_again(app_with_tools: App, png: bytes) -> None:
    drawn = call(app_with_tools, "draw_prior", {"rows": 1, "classes": ["cat", "dog"]})
    (sheet,) = pictures(drawn)
    assert Image.open(io.BytesIO(sheet)).width > 100
    path = texts(drawn)[0].removeprefix("picture 1: ")
    assert httpx.get(f"{app_with_tools.address}/gradio_api/file={path}").content == sheet
    assert len(pictures(call(app_with_tools, "mask_heatmaps", {"path": path}))) == 2
    grid, current = pictures(call(app_with_tools, "style_grid", {"path": path}))
    assert Image.open(io.BytesIO(grid)).width > 5 * Image.open(io.BytesIO(current)).width


def test_the_models_are_listed_as_a_value_too(app_with_tools: App) -> None:
    answer = call(app_with_tools, "list_models", {})
    assert json.loads(texts(answer)[0]) == answer.structured_content
    usable = [each["model_name"] for each in answer.structured_content["translators"] if each["can_be_used"]]
    assert usable == httpx.get(f"{app_with_tools.address}/health").json()["models"]


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.png"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize("name", ["path", "exemplar_path"])
def test_no_picture_comes_from_anywhere_but_an_upload(app_with_tools: App, png: bytes, secret: Path, name: str) -> None:
    folder = Path(uploaded(app_with_tools, png)).parent
    asked = {"path": data_uri(png), "guidance": "Style of a picture"}
    addresses = ("http://169.254.169.254/latest/meta-data", "HTTPS://example.org/a.png", f"{app_with_tools.address}/")
    for address in addresses:
        assert "Addresses are not fetched" in refusal(app_with_tools, "translate", {**asked, name: address})
    above = folder / ".." / ".." / ".." / ".."
    paths = ("/etc/passwd", "file:///etc/passwd", f"file://{secret}", str(secret), f"{above}{secret}", "~/.ssh/id_rsa")
    for path in (*paths, str(folder), str(folder / "other.png"), "x" * 5000, "\0"):
        assert "upload the picture again" in refusal(app_with_tools, "translate", {**asked, name: path})


def test_a_page_that_is_asked_for_itself_gets_no_request(app_with_tools: App, png: bytes) -> None:
    """What a data URI holds is a picture or nothing: an SVG's or a playlist's addresses are not followed."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://169.254.169.254/"/></svg>'
    assert "SVG" in refusal(app_with_tools, "translate", {"path": data_uri(svg)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model_name": "to-cake"}, "Model does not offer 'to-cake'; choose from to-cat"),
        ({"model_name": "../../etc/passwd"}, "Model does not offer"),
        ({"count": 13}, "out of range with 13"),
        ({"count": "2"}, "must be a number"),
        ({"seed": -1}, "out of range with -1"),
        ({"seed": 10**400}, "out of range"),
        ({"guidance": "Style of a picture"}, "picture"),
        ({"temperature": [1]}, "must be a number"),
        ({"temperature": None}, "must be a number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_values_are_refused_as_the_page_refuses_them(
    app_with_tools: App, png: bytes, arguments: dict[str, Any], words: str
) -> None:
    assert words in refusal(app_with_tools, "translate", {"path": data_uri(png), **arguments})


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(app_with_tools: App, png: bytes, value: str) -> None:
    """Python's client sends none; others may."""
    arguments = f'{{"path": "{data_uri(png)}", "temperature": {value}}}'
    params = f'{{"name": "translate", "arguments": {arguments}}}'
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = httpx.post(f"{app_with_tools.address}/mcp", content=body, headers=headers, timeout=60).json()
    assert answer["result"]["isError"]
    assert "must be a finite number" in answer["result"]["content"][0]["text"]


def test_a_picture_that_is_too_large_is_refused_in_a_sentence(app_with_tools: App) -> None:
    assert "32 MB" in refusal(app_with_tools, "translate", {"path": data_uri(b"\0" * (MAX_BYTES + 1))})

    async def refused() -> str:  # what does not fit into a request is no answer of a tool
        async with Client(f"{app_with_tools.address}/mcp") as client:
            with pytest.raises(MCPError) as error:
                await client.call_tool("translate", {"path": data_uri(b"\0" * (MAX_BYTES * 5 // 4))})
        return str(error.value)

    assert "larger than the maximum allowed size of 32 MB: make it smaller" in awaited(refused)


def test_nothing_of_this_is_a_failure_in_the_log(app_with_tools: App, png: bytes) -> None:
    refusal(app_with_tools, "translate", {"path": "/etc/passwd"})
    refusal(app_with_tools, "cook", {})
    call(app_with_tools, "translate", {"path": data_uri(png)})
    assert "Traceback" not in app_with_tools.log.read_text()
