"""A published model that is absent is offered with its licence, downloads at a click, and translates."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, expect

from gpunit import zoo
from gpunit.zoo import published
from tests.browser.conftest import ROOT
from tests.browser.waiting import settle
from tests.test_parity import FOLDER, load_recipe
from tests.zoo.hub_stand_in import serving


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    recipe = load_recipe()
    layout = recipe.read_layout(FOLDER / "layout.txt")
    parts = ("content_encoder", "generator", "sampler")
    states = {name: published.as_tensors(recipe.make_state(layout[name])) for name in parts}
    folder = tmp_path / "mirror"
    folder.mkdir()
    torch.save(states["content_encoder"], folder / "content_encoder.pt")
    torch.save({"g_ema": states["generator"], "sampler": states["sampler"]}, folder / "dog2cat.pt")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def the_hub(tmp_path: Path) -> Iterator[str]:
    """A stand-in of the Hub with one translator, me/my-cat."""
    folder = zoo.save_pretrained("to-cat", tmp_path / "to-cat")
    with serving() as server:
        server.repositories["me/my-cat"] = {path.name: path.read_bytes() for path in folder.iterdir()}
        yield server.address


@pytest.fixture
def own_address(mirror: str, the_hub: str, tmp_path: Path) -> Iterator[str]:
    """An app with a checkpoints folder of its own, which holds what the repository bundles."""
    shelf = tmp_path / "checkpoints"
    shelf.mkdir()
    for path in (ROOT / "checkpoints").iterdir():
        (shelf / path.name).symlink_to(path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GPUNIT_CHECKPOINTS": str(shelf), "GPUNIT_MIRROR": mirror, "GRADIO_TEMP_DIR": str(tmp_path / "gradio")}
    settings |= {"HF_ENDPOINT": the_hub, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_DISABLE_XET": "1"}
    with (tmp_path / "log.txt").open("w") as log:
        command = [sys.executable, "app.py", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 120
            while socket.socket().connect_ex(("127.0.0.1", port)):
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((tmp_path / "log.txt").read_text())
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def test_an_absent_model_downloads_and_translates(browser: Browser, own_address: str, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.goto(own_address)
    expect(page.locator("#timing")).to_contain_text("128 px")  # the opening picture is drawn
    page.locator("#more").click()
    page.locator("#model input").click()
    page.get_by_role("option", name="dog → cat").click()
    offer = page.locator("#download-offer")
    expect(offer).to_contain_text("S-Lab License 1.0")
    expect(offer).to_contain_text("198 MB")
    page.locator("#download-model").click()
    expect(page.get_by_text("Agree to the licence first")).to_be_visible()
    assert not (tmp_path / "checkpoints" / "dog2cat.safetensors").exists()
    page.get_by_label("I agree to the licence").check()
    page.locator("#download-model").click()
    expect(offer).to_be_hidden()
    assert (tmp_path / "checkpoints" / "dog2cat.safetensors").is_file()
    page.get_by_label("number input for How many styles").fill("1")
    page.get_by_label("number input for How many styles").press("Tab")
    page.locator("#translate").click()
    expect(page.locator("#timing")).to_contain_text("256 px")
    context.close()


def test_a_translator_of_the_hub_is_offered_and_fetched(browser: Browser, own_address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(own_address)
    expect(page.locator("#timing")).to_contain_text("128 px")
    page.locator("#more").click()
    name = page.locator("#hub-name").get_by_role("textbox")
    name.fill("me/none")
    page.locator("#hub-find").click()
    expect(page.get_by_text("the Hub has no such repository")).to_be_visible()
    expect(page.locator("#hub-fetch")).to_be_hidden()
    name.fill("me/my-cat")
    settle(page)  # a new name hides the offer of the one before
    name.press("Enter")
    offer = page.locator("#hub-offer")
    expect(offer).to_contain_text("me/my-cat")
    expect(offer).to_contain_text(zoo.find("to-cat").licence)
    page.locator("#hub-fetch").click()
    title = "dog / bird / car → cat  ·  me/my-cat  ·  128 px"
    expect(page.locator("#model input")).to_have_value(title, timeout=60_000)
    expect(page.locator("#more-models")).to_contain_text("me/my-cat · 7.7 MB, on this machine")
    page.close()
