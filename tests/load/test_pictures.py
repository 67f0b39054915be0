"""Visitors who are sent the same pictures at once get them byte for byte."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.server.serving import Server
from tests.load.visitors import Told, fetch, urls_in

VISITORS = 8
ROUNDS = 4


def noise(seed: int) -> Image.Image:
    """A picture whose file is large: noise does not compress."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (256, 256, 3), dtype=np.uint8))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A page that answers everyone with the same pictures, in every kind of component that shows some."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    one, other = noise(1), noise(2)

    def show() -> tuple[Any, ...]:
        hidden = gr.update(value=[(one, "again")], visible=False)
        return one, (one, other), [other, (one, "one")], hidden, other

    with CheckedBlocks(analytics_enabled=False) as page:
        outputs = [
            gr.Image(noise(1), format="png"),
            gr.ImageSlider(format="png"),
            gr.Gallery(format="png"),
            gr.Gallery(format="png"),
            gr.State(),
        ]
        gr.Button().click(show, None, outputs, api_name="show", concurrency_limit=VISITORS)
    server = Server(page)
    yield server
    server.stop()


def test_pictures_are_whole_whoever_else_is_sent_them(served: Server) -> None:
    told, address = Told(), served.page.local_url
    start = threading.Barrier(VISITORS)

    def visit(_: int) -> list[bytes]:
        client, contents = Client(address, verbose=False, download_files=False), []
        with httpx.Client(timeout=30) as http:
            start.wait(60)
            for _ in range(ROUNDS):
                for url in urls_in(client.predict(api_name="/show")):
                    contents.append(fetch(http, url, told))
        return contents

    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            served.sweep()
            time.sleep(0.01)

    with ThreadPoolExecutor(VISITORS + 1) as pool:
        sweeping = pool.submit(sweep)
        visits = [pool.submit(visit, number) for number in range(VISITORS)]
        try:
            contents = [content for each in visits for content in each.result(120)]
        finally:
            stop.set()
        sweeping.result(20)
    assert told.broken == []
    assert told.files == len(contents) == VISITORS * ROUNDS * 6
    assert len(set(contents)) == 2
    for content in set(contents):
        pixels = np.asarray(Image.open(io.BytesIO(content)))
        assert any(np.array_equal(pixels, np.asarray(noise(seed))) for seed in (1, 2))
