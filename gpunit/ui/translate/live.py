"""The webcam's stream in the style that is compared: one frame at a time, and none waits.

The browser sends a frame once the last one's picture is there, so that a stream holds one place in the queue of all
jobs, whatever the camera gives.  Pictures go back inside the answers: no file is written.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

import gradio as gr

from gpunit import images
from gpunit.ui.components import Camera, heading
from gpunit.ui.events import IN_BROWSER, ON_DEVICE, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.translate.inputs import Rendered

_JPEG = "data:image/jpeg;base64,"
MOST_CHARACTERS = 2**18  # of a frame; the browser sends squares of 256 pixels
STAGE = """<div class="pair"><figure><video muted playsinline></video></figure><figure><img alt=""></figure></div>
<output aria-live="off"></output>"""


def build(rendered: gr.State, chosen: gr.State, models: Models) -> None:
    """Lay out the section inside the tab's sections, and wire it.

    Args:
        rendered, chosen: what made the pictures in the gallery, and which of them is compared.
        models: hold the translators.
    """
    with gr.Tab(text("tab_live"), id="live"):
        heading("live")
        with gr.Row(elem_classes="acts"):
            begin = gr.Button(text("live_begin"), variant="primary", size="md", elem_id="live-begin")
            end = gr.Button(text("stop"), size="md", elem_id="live-end")
        gr.Markdown(text("live_denied"), elem_classes="hint", elem_id="live-denied")
        gr.HTML(STAGE, elem_id="live-stage", container=False)
        camera = Camera("live-stage", "live-denied", elem_id="live-camera", elem_classes="unseen")
    begin.click(None, None, None, js="() => gpunit.live.begin()", **IN_BROWSER)
    end.click(None, None, None, js="() => gpunit.live.end()", **IN_BROWSER)
    camera.release(endpoint(translate_frame, models), [camera, rendered, chosen], camera, **QUIET, **ON_DEVICE).failure(
        None, None, camera, js="() => ({})", **IN_BROWSER
    )


def translate_frame(models: Models, sent: Any, rendered: Rendered | None, chosen: int) -> dict[str, str]:
    """Translate one frame in the style that is compared.

    Args:
        models: hold the translators.
        sent: {"frame": a JPEG as an address that holds it}.
        rendered, chosen: what made the pictures in the gallery, and which of them is compared.

    Returns:
        {"picture": its translation, likewise}.

    Raises:
        gr.Error: if there is no style yet, or if what was sent is no frame.
        PictureError: if it cannot be read.
    """
    if rendered is None:
        raise gr.Error(notice("live_first"), print_exception=False)
    translator = models.get(rendered.inputs.model_name)
    frame = images.open_picture(io.BytesIO(_content(sent)), name="frame")
    plan = translator.plan(images.cut(frame, translator.resolution))
    (picture,) = translator.render(plan, rendered.styles[chosen][None])
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=90)
    return {"picture": _JPEG + base64.b64encode(buffer.getvalue()).decode("ascii")}


def _content(sent: Any) -> bytes:
    address = sent.get("frame") if isinstance(sent, dict) else None
    try:
        if not isinstance(address, str) or not address.startswith(_JPEG) or len(address) > MOST_CHARACTERS:
            raise ValueError
        return base64.b64decode(address.removeprefix(_JPEG), validate=True)
    except (binascii.Error, ValueError):
        raise gr.Error(notice("live_no_frame"), print_exception=False) from None
