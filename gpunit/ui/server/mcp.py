"""The page's tools over the Model Context Protocol, at `/mcp`: streamable HTTP, without sessions.

Gradio has such an endpoint too, which stays closed.  It offers every event of the page, has the server fetch the
addresses that it is given for files, stores data URIs before anything is checked, and asks for older libraries than the
page.  Here the protocol is the official library's, and what a tool may do is the page's (see `tools`).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import gradio as gr
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gpunit import __version__
from gpunit.ui.server.guard import MAX_JSON_BYTES
from gpunit.ui.server.jobs import API, refuse
from gpunit.ui.server.tools import Answer, ToolError, Tools

ONLY_POST = "Programs send requests here by POST (MCP, streamable HTTP): give this address to an MCP client."
INSTRUCTIONS = (
    "Translates photos between domains (a dog becomes a cat) with GP-UNIT, and shows how: styles, skip masks, and the "
    "generative prior behind it.  list_models says what can be used.  Upload a photo with "
    f"`curl -F files=@photo.jpg` to the path {API}/upload of this server and give the path that it answers; small "
    "pictures can come as data URIs."
)


class Endpoint:
    """The ASGI app that answers MCP clients.

    Args:
        page: whose tools they are.
        hosts: by what names the server may be asked for, where it is for its own machine alone: web pages elsewhere
            could otherwise reach it by a name of theirs that leads here (DNS rebinding); None for a public server.
    """

    def __init__(self, page: gr.Blocks, hosts: Sequence[str] | None = None) -> None:
        self._tools = Tools(page)
        self._server = Server(
            "gp-unit-explorer",
            version=__version__,
            title="GP-UNIT Explorer",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        names = [] if hosts is None else [f"{host}{port}" for host in hosts for port in ("", ":*")]
        self._security = TransportSecuritySettings(
            enable_dns_rebinding_protection=hosts is not None,
            allowed_hosts=names,
            allowed_origins=[f"{scheme}://{name}" for scheme in ("http", "https") for name in names],
        )
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """Inside, clients are answered; for the server's own lifespan."""
        self._manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,  # clients may end a stream whose event is larger than 1 MB, as pictures are
            stateless=True,
            security_settings=self._security,
            max_request_body_size=MAX_JSON_BYTES,
        )
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app: ASGIApp = refuse(405, ONLY_POST)
        if scope["method"] == "POST" and self._manager is not None:  # GET would keep a stream that nothing is sent on
            app = self._manager.handle_request
        await app(scope, receive, send)

    async def _list(
        self, context: ServerRequestContext, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        return types.ListToolsResult(
            tools=[
                types.Tool(name=each.name, description=each.description, input_schema=each.schema, annotations=hints)
                for each in self._tools.by_name.values()
            ]
        )

    async def _call(self, context: ServerRequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
        assert isinstance(context.request, Request)  # it came by HTTP
        app, caller = context.request.scope["app"], context.request.scope["client"]
        try:
            answer = await self._tools.call(app, caller, params.name, params.arguments or {})
        except ToolError as error:
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)
        return types.CallToolResult(content=_content(answer), structured_content=answer.facts)


def _content(answer: Answer) -> list[types.ContentBlock]:
    pictures = [
        types.ImageContent(data=base64.b64encode(each).decode("ascii"), mime_type="image/png")
        for each in answer.pictures
    ]
    return [*pictures, *(types.TextContent(text=text) for text in answer.texts)]
