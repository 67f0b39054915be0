"""What becomes of an action's answer; what is sent to actions is tried on the running app in tests/public."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from gpunit.ui.server.checks import CheckedBlocks
from tests.conftest import blobs


@pytest.fixture
def answered() -> Any:
    """What a client gets of an action that gives pictures to a state, an update, and no component at all."""

    def show() -> tuple[Any, ...]:
        return blobs(1), gr.update(value=blobs(2), label="two"), "text", None

    def look(kept: Image.Image) -> str:
        return type(kept).__name__

    def give() -> Any:
        return [blobs(3), {"inner": (blobs(4), 7)}]

    with CheckedBlocks(analytics_enabled=False) as page:
        state = gr.State()
        text = gr.Textbox()
        button = gr.Button()
        button.click(show, None, [state, gr.Image(format="png"), text, gr.Image(format="png")], api_name="show")
        button.click(look, state, text, api_name="look")
        gr.api(give, api_name="give")
    page.queue().launch(prevent_thread_lock=True, quiet=True)
    client = Client(page.local_url, verbose=False)
    yield {name: client.predict(api_name=name) for name in ("/show", "/look", "/give")}
    page.close(verbose=False)


def pixels(path: str) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_pictures_become_files_and_states_keep_them(answered: dict[str, Any]) -> None:
    update, text, nothing = answered["/show"]
    shown = update["value"] if isinstance(update, dict) else update
    np.testing.assert_array_equal(pixels(shown), blobs(2))
    assert (text, nothing) == ("text", None)
    assert answered["/look"] == "Image"
    first, rest = answered["/give"]
    np.testing.assert_array_equal(pixels(first), blobs(3))
    inner, number = rest["inner"]
    np.testing.assert_array_equal(pixels(inner), blobs(4))
    assert number == 7
    assert Path(inner).suffix == ".png"
