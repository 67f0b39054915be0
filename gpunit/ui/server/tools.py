"""What programs that speak MCP are offered of the page: some of its endpoints, as tools.

A tool is what its endpoint says it is: its parameters, their ranges and the docstring of its action.  It is called by
the page's own routes, as any visitor calls it.  So a tool can do nothing that a visitor cannot: sizes, jobs, values and
files have the same limits, addresses are not fetched, and no path leads out of the folder of uploads and results.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import anyio
import gradio as gr
import httpx
from gradio.block_function import BlockFunction
from gradio.utils import get_function_description
from starlette.types import ASGIApp

from gpunit import zoo
from gpunit.prior.table import stored_config
from gpunit.ui.models import PRIORS, downloads_allowed
from gpunit.ui.server.guard import FAILED, TOO_LARGE, UNREADABLE
from gpunit.ui.server.jobs import API

# Endpoints that are offered, with the parameters that stay as the page has them first: they are about what it shows.
OFFERED: Mapping[str, tuple[str, ...]] = {
    "translate": (),
    "style_grid": (),
    "draw_prior": ("kept",),
    "mask_heatmaps": (),
}
LIST_MODELS = "list_models"
A_PICTURE = (
    "as a data URI (data:image/png;base64,...), as the path that the upload route answers, or as a path that a tool "
    "answered; web addresses are not fetched"
)
ALSO = "Answers PNGs, and the path of each, which can be given as a picture again."
_DATA = "data:"
# What a schema of Gradio's says that a program is told too.
_KEPT_KEYS = ("type", "enum", "items")

Caller = tuple[str, int]


class ToolError(ValueError):
    """Why a call gives nothing; the message says what to do, in one sentence."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool.

    Attributes:
        name: the endpoint's name for it.
        schema: its JSON schema.
        default: what the page has first; None for pictures.
        is_picture: whether it takes a picture.
        is_needed: whether it must be given.
        is_offered: whether it can be given.
    """

    name: str
    schema: Mapping[str, Any]
    default: Any
    is_picture: bool
    is_needed: bool
    is_offered: bool


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: of the tool, and of its endpoint.
        description: for who chooses a tool.
        parameters: in the endpoint's order.
        shown: of each value that the endpoint answers, whether it is pictures (True), text (False), or left out (None).
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    shown: tuple[bool | None, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        offered = [each for each in self.parameters if each.is_offered]
        return {
            "type": "object",
            "properties": {each.name: dict(each.schema) for each in offered},
            "required": [each.name for each in offered if each.is_needed],
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Answer:
    """What a tool answers.

    Attributes:
        texts: lines for the reader.
        pictures: PNG files.
        facts: the same as a value, if it is one.
    """

    texts: list[str]
    pictures: list[bytes]
    facts: dict[str, Any] | None = None


class Tools:
    """The tools of a page.

    Args:
        page: whose endpoints they are; those of `OFFERED` that it has are taken.
    """

    def __init__(self, page: gr.Blocks) -> None:
        described = page.get_api_info()["named_endpoints"]
        by_name = {str(each.api_name): each for each in page.fns.values() if f"/{each.api_name}" in described}
        found = [_tool(name, by_name[name], described[f"/{name}"]["parameters"]) for name in OFFERED if name in by_name]
        about = "List the translators and the generative priors of this server, and which of them can be used now."
        self.by_name = {each.name: each for each in (*found, Tool(LIST_MODELS, about))}

    async def call(self, app: ASGIApp, caller: Caller, name: str, arguments: Mapping[str, Any]) -> Answer:
        """Call a tool.

        Args:
            app: what serves the page.
            caller: address and port of who calls.
            name: of the tool.
            arguments: as its schema has them.

        Raises:
            ToolError: in one sentence, for all that cannot be done.
        """
        tool = self.by_name.get(name)
        if tool is None:
            raise ToolError(f"There is no tool {_short(name)}; choose from {', '.join(self.by_name)}.")
        offered = [each.name for each in tool.parameters if each.is_offered]
        for given in arguments:
            if given not in offered:
                raise ToolError(f"{name} does not take {_short(given)}; it takes {', '.join(offered) or 'nothing'}.")
        if name == LIST_MODELS:
            facts = await anyio.to_thread.run_sync(list_models)
            return Answer([json.dumps(facts, indent=1)], [], facts)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=caller)
        routes = f"http://127.0.0.1{API}/"
        async with httpx.AsyncClient(transport=transport, base_url=routes, timeout=None, trust_env=False) as client:
            visit = _Visit(client)
            values = [await visit.value(each, arguments) for each in tool.parameters]
            return await visit.answer(tool, await visit.job(name, values))


def list_models() -> dict[str, Any]:
    """The translators and priors: those here, and where visitors may download, those to be had."""
    may_download = downloads_allowed()
    translators = [
        {
            "model_name": spec.name,
            "sources": list(spec.sources),
            "target": spec.target,
            "resolution": spec.resolution,
            "licence": spec.licence,
            "can_be_used": spec.is_here,
        }
        for spec in zoo.all_models().values()
        if spec.is_here or (may_download and spec.can_be_downloaded)
    ]
    priors = [{"prior_name": name, "can_be_used": stored_config(name) is not None} for name in PRIORS]
    return {"translators": translators, "priors": [each for each in priors if may_download or each["can_be_used"]]}


class _Visit:
    """A visitor's calls of the page's routes, from inside the server: what refuses a visitor refuses these too.

    Args:
        client: that the calls go through, without a socket.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def value(self, parameter: Parameter, arguments: Mapping[str, Any]) -> Any:
        """What the endpoint takes for a parameter."""
        given = arguments.get(parameter.name)
        if not parameter.is_picture:
            return arguments.get(parameter.name, parameter.default)
        if given is None and not parameter.is_needed:
            return None
        if not isinstance(given, str) or not given:
            raise ToolError(f"{parameter.name} must be a picture: give it {A_PICTURE}.")
        path = await self._uploaded(parameter.name, given) if given[: len(_DATA)].lower() == _DATA else given
        return {"path": path, "meta": {"_type": "gradio.FileData"}}

    async def job(self, name: str, values: list[Any]) -> list[Any]:
        """Send a job and wait for its answer."""
        try:
            body = json.dumps({"data": values})
        except RecursionError:
            raise ToolError(UNREADABLE) from None
        joined = _taken(
            await self._client.post(f"call/{name}", content=body, headers={"Content-Type": "application/json"})
        )
        said = (await self._client.get(f"call/{name}/{joined.json()['event_id']}")).text
        *_, event, data = ["", "", *(line for line in said.splitlines() if line)]
        answered = json.loads(data.removeprefix("data: ") or "null")
        if event == "event: complete" and isinstance(answered, list):
            return answered
        reason = answered.get("error") if isinstance(answered, dict) else answered
        raise ToolError(reason if isinstance(reason, str) else FAILED)

    async def answer(self, tool: Tool, values: list[Any]) -> Answer:
        """The pictures among the values that an endpoint answered, and its texts."""
        texts, pictures = [], []
        for are_pictures, value in zip(tool.shown, values, strict=False):
            if are_pictures:
                for path, caption in _files(value):
                    file = _taken(await self._client.get(f"file={quote(path)}"))
                    pictures.append(file.content)
                    texts.append(f"picture {len(pictures)}{f' ({caption})' if caption else ''}: {path}")
            elif are_pictures is not None and value:
                texts.append(str(value))
        return Answer(texts, pictures)

    async def _uploaded(self, name: str, uri: str) -> str:
        head, comma, coded = uri.partition(",")
        kind, *rest = head[len(_DATA) :].lower().split(";")
        try:
            if not comma or "base64" not in rest:
                raise ValueError
            content = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raise ToolError(f"{name} is no data URI that can be read; give data:image/png;base64,... .") from None
        file_name = f"picture{mimetypes.guess_extension(kind) or ''}"
        return str(_taken(await self._client.post("upload", files={"files": (file_name, content)})).json()[0])


def _tool(name: str, function: BlockFunction, described: list[Any]) -> Tool:
    """The tool of an endpoint."""
    assert function.fn is not None  # what has a name calls something
    about, meant, _ = get_function_description(function.fn)
    parameters: list[Parameter] = []
    inputs = [each for each in function.inputs if not each.skip_api]
    for component, parameter in zip(inputs, described, strict=True):
        own = parameter["parameter_name"]
        is_picture = isinstance(component, gr.Image)
        schema = {key: value for key, value in parameter["type"].items() if key in _KEPT_KEYS}
        if isinstance(component, gr.Slider | gr.Number):
            limits = {"minimum": component.minimum, "maximum": component.maximum}
            schema |= {key: value for key, value in limits.items() if value is not None}
        default = None if is_picture else parameter["parameter_default"]
        if default is not None:
            schema["default"] = default
        meaning = meant.get(own, "")
        if is_picture:
            schema, meaning = {"type": "string"}, f"{meaning.rstrip('.')}, {A_PICTURE}."
        is_needed = is_picture and not any(each.is_picture for each in parameters)  # a second one is an exemplar
        parameters.append(
            Parameter(own, schema | {"description": meaning}, default, is_picture, is_needed, own not in OFFERED[name])
        )
    shown = tuple(map(_is_pictures, function.outputs))  # states too, in whose places nothing is answered
    return Tool(name, f"{about} {ALSO}", tuple(parameters), shown)


def _is_pictures(component: object) -> bool | None:
    """Whether an output is pictures, or text; None for neither."""
    if isinstance(component, gr.Image | gr.Gallery):
        return True
    return False if isinstance(component, gr.Markdown | gr.Textbox) else None


def _files(value: Any) -> Iterator[tuple[str, str]]:
    """Path and caption of the pictures of an output."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            file = each.get("image", each)
            if isinstance(file, dict) and isinstance(file.get("path"), str):
                yield file["path"], str(each.get("caption") or "")


def _taken(answer: httpx.Response) -> httpx.Response:
    """An answer of a route, if it took what it was sent.

    Raises:
        ToolError: with what it says, if it did not.
    """
    if answer.is_success:
        return answer
    if answer.status_code == 413:  # which Gradio says in words of its own
        raise ToolError(TOO_LARGE)
    try:
        reason = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        reason = None
    raise ToolError(reason if isinstance(reason, str) else FAILED)


def _short(text: str) -> str:
    return repr(text[:40])
