"""Middleware that lets browsers of every kind of Chinese get the Chinese page, and links to it show what it is.

Gradio chooses the page's language in the browser, by `navigator.language`, among "zh-CN" and "zh-TW" alone: "zh",
"zh-HK" or "zh-Hans-CN" get English.  It does so before what `launch(head=...)` adds is run.  Here a script at the very
beginning of the page tells it the one of the two whose characters the browser's kind of Chinese is written in.

What other sites show beside a link stands there too: Gradio's own head says "Gradio", and the first of two counts.
"""

from __future__ import annotations

import html

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Hong Kong and Macau write as Taiwan does, unless the script says otherwise.
SCRIPT = b"""<script>
(() => {
  const asked = navigator.language || "";
  if (!/^zh(-|_|$)/i.test(asked)) return;
  const traditional = /[-_]hant/i.test(asked) || (!/[-_]hans/i.test(asked) && /[-_](tw|hk|mo)/i.test(asked));
  Object.defineProperty(navigator, "language", { value: traditional ? "zh-TW" : "zh-CN", configurable: true });
})();
</script>"""
_OPENING = b"<head>"


class EveryChinese:
    """ASGI middleware that puts `SCRIPT` at the beginning of every page of HTML.

    Args:
        app: what answers.
        also: more HTML for that place; `{address}` becomes the page's own.
    """

    def __init__(self, app: ASGIApp, also: str = "") -> None:
        self.app = app
        self.also = also

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        opening = SCRIPT + self.also.replace("{address}", _address(scope)).encode()

        async def with_script(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message  # its length is known when the beginning of the page is
                return
            if start is not None:
                body = message.get("body", b"")
                if _OPENING in body:
                    message = {**message, "body": body.replace(_OPENING, _OPENING + opening, 1)}
                    headers = MutableHeaders(scope=start)
                    if "content-length" in headers:
                        headers["content-length"] = str(int(headers["content-length"]) + len(opening))
                await send(start)
                start = None
            await send(message)

        await self.app(scope, receive, with_script)


def _address(scope: Scope) -> str:
    """Where the page is, as its visitor wrote it, for use in HTML."""
    headers = Headers(scope=scope)
    scheme = headers.get("x-forwarded-proto", scope.get("scheme", "http"))
    return html.escape(f"{scheme}://{headers.get('host', '')}{scope.get('root_path', '')}", quote=True)


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
