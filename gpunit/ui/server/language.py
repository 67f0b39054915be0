"""Middleware that lets browsers of every kind of Chinese get the Chinese page.

Gradio chooses the page's language in the browser, by `navigator.language`, among "zh-CN" and "zh-TW" alone: "zh",
"zh-HK" or "zh-Hans-CN" get English.  It does so before what `launch(head=...)` adds is run.  Here a script at the very
beginning of the page tells it the one of the two whose characters the browser's kind of Chinese is written in.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
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
    """ASGI middleware that puts `SCRIPT` at the beginning of every page of HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message | None = None

        async def with_script(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message  # its length is known when the beginning of the page is
                return
            if start is not None:
                body = message.get("body", b"")
                if _OPENING in body:
                    message = {**message, "body": body.replace(_OPENING, _OPENING + SCRIPT, 1)}
                    headers = MutableHeaders(scope=start)
                    if "content-length" in headers:
                        headers["content-length"] = str(int(headers["content-length"]) + len(SCRIPT))
                await send(start)
                start = None
            await send(message)

        await self.app(scope, receive, with_script)


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
