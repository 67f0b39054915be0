"""What the server refuses is said in the language that the browser asks for."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.testclient import TestClient

from gpunit.images import PictureError
from gpunit.ui.events import endpoint
from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.server.jobs import NO_ACTION, refuse

CHINESE = {"accept-language": "zh-HK,zh;q=0.9,en;q=0.8"}


def test_a_refused_request() -> None:
    client = TestClient(refuse(404, NO_ACTION))
    assert client.get("/").json() == {"detail": NO_ACTION}
    answer = client.get("/", headers=CHINESE)
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("本页面没有此操作")


def unreadable(number: float) -> None:
    raise PictureError("note.pdf: a PDF document, not a picture; save it as PNG, JPEG or WebP and try again.")


@pytest.mark.parametrize(
    ("sent", "english", "chinese"),
    [(9.0, "out of range", "超出范围；请取 0 到 5 之间的值"), (3.0, "a PDF document", "PDF 文档，不是图片；请另存为")],
)
def test_a_refused_job(sent: float, english: str, chinese: str) -> None:
    with CheckedBlocks() as page:
        number = gr.Number(0, minimum=0, maximum=5, label="Number")
        gr.Button().click(endpoint(unreadable), number, None, api_name="unreadable")
    for headers, words, title in (({}, english, "Error"), (CHINESE, chinese, "错误")):
        job = page.process_api(0, [sent], request=SimpleNamespace(headers=headers))
        # In a thread: where a browser's tests ran before, this one has a loop of theirs.
        with ThreadPoolExecutor(1) as thread, pytest.raises(gr.Error) as refused:
            thread.submit(asyncio.run, job).result()
        assert words in str(refused.value)
        assert refused.value.title == title
