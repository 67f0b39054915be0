"""What asks for a job, and for a job's answer, checked before Gradio sees it.

Gradio answers an unknown action with a traceback and status 500, a body of another shape with a list of its validator's
findings, and the question for an answer that is not there with a transfer that breaks off.  Here each gets a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gpunit.ui.i18n import asks_for_chinese
from gpunit.ui.refusals import in_chinese

API = gr.routes.API_PREFIX
JOIN = f"{API}/queue/join"
DATA = f"{API}/queue/data"
# Where agents call tools, if they may (see `mcp`).
MCP = "/mcp"
INVALID_REQUEST = -32600  # of JSON-RPC
# Actions are called by their names at these.
NAMED_ROUTES = tuple(f"{API}/{name}/" for name in ("call/v2", "call", "run", "api"))
JOB_ROUTES = (JOIN, *NAMED_ROUTES)

_SEE = "see “Use via API”"
NOT_JSON = "This is not JSON: use the page, or a Gradio client."
NO_VALUES = f"The values of an action are sent as an object that holds a list named data: {_SEE}."
NO_ACTION = f"This page has no such action: {_SEE} for those it has."
NO_FIELD = f"{{name}} must be {{wanted}}, or be left out: use the page, or {_SEE}."
NO_ANSWER = "This job's answer is no longer here: send the job again."

# What may stand beside the values, and what it is called in a refusal.
_FIELDS: Mapping[str, tuple[type, str]] = {
    "session_hash": (str, "a text"),
    "event_id": (str, "a text"),
    "trigger_id": (int, "a whole number"),
    "fn_index": (int, "a whole number"),
    "simple_format": (bool, "true or false"),
    "batched": (bool, "true or false"),
}


class Jobs:
    """The jobs that wait or run.

    Args:
        page: whose jobs they are.
    """

    def __init__(self, page: gr.Blocks) -> None:
        self._page = page

    def count(self) -> int:
        """How many wait or run."""
        queue = self._page._queue
        return len(queue) + queue.get_active_worker_count()

    def of_session(self, session: str) -> int:
        """How many of an open page wait or run."""
        return sum(event.session_hash == session for event in list(self._page._queue.event_ids_to_events.values()))

    def of_address(self, address: str) -> int:
        """How many from an address wait or run, whatever sessions they say they are of."""
        clients = [event.request.client for event in list(self._page._queue.event_ids_to_events.values())]
        return sum(client is not None and client.host == address for client in clients)

    def undelivered(self) -> int:
        """How many have messages that no one has fetched yet."""
        return sum(map(len, list(self._page._queue.pending_event_ids_session.values())))

    def forget_undelivered(self) -> None:
        """Forget answers that nobody has fetched and whose messages Gradio has dropped; it keeps their names."""
        queue = self._page._queue
        for session in list(queue.pending_event_ids_session):
            if session not in queue.pending_messages_per_session:
                queue.pending_event_ids_session.pop(session, None)

    def refusal(self, path: str, sent: Any) -> Response | None:
        """Why a request for a job will not do; None if it will.

        Args:
            path: of the request, one of `JOB_ROUTES`.
            sent: its JSON.
        """
        route = next((route for route in NAMED_ROUTES if path.startswith(route)), None)
        # The page itself asks for what does not wait at "run/predict", and says which by its number.
        by_number = route in NAMED_ROUTES[2:] and isinstance(sent, dict) and sent.get("fn_index") is not None
        if route is not None and not by_number and path.removeprefix(route).strip("/") not in self._names():
            return refuse(404, NO_ACTION)
        if not isinstance(sent, dict):
            return refuse(400, NO_VALUES)
        if route == NAMED_ROUTES[0]:  # whose object holds the values by their names
            return None
        for name, (kind, wanted) in _FIELDS.items():
            value = sent.get(name)
            if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                return refuse(400, NO_FIELD.format(name=name, wanted=wanted))
        if not isinstance(sent.get("data"), list):
            return refuse(400, NO_VALUES)
        number = sent.get("fn_index")
        if number is None:
            return None if route is not None else refuse(404, NO_ACTION)
        return None if number in self._page.fns else refuse(404, NO_ACTION)

    def missing_answer(self, scope: Scope, path: str) -> Response | None:
        """What answers the question for a job's answer, where there is none; None where Gradio has it."""
        queue = self._page._queue
        if path.rstrip("/") == DATA:
            asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("session_hash")
            if not asked or asked[0] in queue.pending_messages_per_session:
                return None
            message = {"msg": "unexpected_error", "message": NO_ANSWER, "success": False, "session_not_found": True}
            return _event(f"data: {json.dumps(message)}")
        route = next((route for route in NAMED_ROUTES[:2] if path.startswith(route)), None)
        job = "" if route is None else path.removeprefix(route).partition("/")[2].strip("/")
        if not job or job in queue.event_ids_to_events:
            return None
        if any(job in jobs for jobs in list(queue.pending_event_ids_session.values())):
            return None
        return _event(f"event: error\ndata: {json.dumps(NO_ANSWER)}")

    def _names(self) -> set[str]:
        """The actions that are called by their names."""
        return {str(each.api_name) for each in self._page.fns.values() if each.api_visibility != "private"}


def _event(text: str) -> Response:
    return Response(f"{text}\n\n", media_type="text/event-stream")


class Refusal(Response):
    """JSON with a `detail`, in the language that the browser asks for; to MCP clients an error of JSON-RPC.

    Args:
        status: code of HTTP.
        sentence: why, and what to do, in English.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(_detail(sentence), status, media_type="application/json")
        self._sentence = sentence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        sentence = in_chinese(self._sentence) if asks_for_chinese(Request(scope)) else self._sentence
        is_rpc = path_of(scope).rstrip("/") == MCP
        self.body = _rpc_error(sentence) if is_rpc else _detail(sentence)
        self.init_headers()
        await super().__call__(scope, receive, send)


def path_of(scope: Scope) -> str:
    """The path of a request on this server, without that of a proxy before it."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def refuse(status: int, sentence: str) -> Response:
    """A refusal: JSON with a `detail`."""
    return Refusal(status, sentence)


def _detail(sentence: str) -> bytes:
    return json.dumps({"detail": sentence}, ensure_ascii=False).encode()


def _rpc_error(sentence: str) -> bytes:
    """What MCP clients show of a request that is refused before its id is read."""
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": sentence}}
    return json.dumps(error, ensure_ascii=False).encode()
