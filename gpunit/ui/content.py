"""The content picture x: the value that actions take, and the part of a tab that asks for it.

The part is a picture input, examples, the crop's sliders, and a preview of exactly what the network sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from gpunit.images import Crop
from gpunit.ui import uploads
from gpunit.ui.components import picture_input, shown_picture
from gpunit.ui.events import ON_DEVICE, Inputs, endpoint, first_opened
from gpunit.ui.examples import FIRST_EXAMPLE, FIRST_OF_ONE_STYLE, first_example, source_examples
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models

PREVIEW_SIZE = 256


@dataclass(frozen=True)
class Content(Inputs):
    """A visitor's picture and the square of it that the network sees.

    Attributes:
        path: the picture.
        zoom: 1 takes the largest square that fits; at most 4.
        across: place of the square from left (0) to right (1).
        down: place of the square from top (0) to bottom (1).
    """

    path: str | None
    zoom: float = 1.0
    across: float = 0.5
    down: float = 0.5

    def square(self, side: int) -> Image.Image:
        """The square, upright RGB, side x side pixels, never squashed.

        Raises:
            gr.Error: if there is no picture.
            PictureError: if it cannot be read.
        """
        return uploads.cut_upload(given(self.path), Crop(self.zoom, self.across, self.down), side)


def given(path: str | None, missing: str = "no_picture") -> str:
    """The path of a picture that must be there.

    Args:
        path: of the upload, or None.
        missing: the notice that asks for it.

    Raises:
        gr.Error: if there is none.
    """
    if not path:
        raise gr.Error(notice(missing))
    return path


def show_crop(content: Content) -> Image.Image | None:
    """Exactly the square that the network sees of a picture: upright, RGB, cropped, never squashed.

    Args:
        content: the picture and its square.

    Returns:
        The square.
    """
    return content.square(PREVIEW_SIZE) if content.path else None


def find_subject(models: Models, path: str | None) -> tuple[float, float, float]:
    """Set the crop on a picture's animal or car, where an ImageNet classifier finds it.

    Args:
        models: hold the classifier.
        path: the picture.

    Returns:
        Zoom from 1 to 4, and the place of the square from left (0) to right (1) and from top (0) to bottom (1).
    """
    crop = models.finder().find(uploads.open_upload(given(path)))
    return round(crop.zoom, 2), round(crop.x, 2), round(crop.y, 2)


@dataclass(frozen=True)
class ContentPicker:
    """The components that ask for a content picture.

    Attributes:
        picture: holds the uploaded file's path.
        crop: zoom, across, down.
        preview: shows the square that the network sees.
        shown: the event that fills the preview.  Whatever else another picture or crop changes is chained to this
            event.  Gradio repeats every event of a trigger when one was missed while it ran: two "always_last" events
            of one trigger would restart each other for ever.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    preview: gr.Image
    shown: Dependency

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The components of a `Content`."""
        return [self.picture, *self.crop]


def content_picker(
    prefix: str, page: gr.Blocks | gr.Tab, models: Models, height: int = 220, is_public: bool = False
) -> ContentPicker:
    """Lay out the components, with a first example in them, and keep the preview up to date.

    Args:
        prefix: starts the elements' ids, so that tabs do not clash ("" for the Translate tab).
        page: what is being built; its load (or a tab's select) fills the preview.
        models: hold what finds the subject.
        height: of picture and preview.
        is_public: whether its events are the endpoints "preview" and "find_subject"; for one tab only.
    """
    with gr.Row():
        picture = picture_input(
            value=first_example(FIRST_EXAMPLE if is_public else FIRST_OF_ONE_STYLE),
            label=text("picture"),
            show_label=False,
            height=height,
            min_width=150,
            elem_id=f"{prefix}picture",
            placeholder=text("drop_photo"),
        )
        preview = shown_picture(
            "preview", f"{prefix}preview", height, show_label=None, min_width=150, buttons=["fullscreen"]
        )
    gr.Examples(source_examples(), picture, label=text("examples"), examples_per_page=15)
    find = gr.Button(text("find_subject"), size="sm", elem_id=f"{prefix}find-subject")
    with gr.Accordion(text("crop"), open=False):
        zoom = gr.Slider(1, 4, 1, step=0.05, label=text("zoom"), info=text("zoom_info"), elem_id=f"{prefix}zoom")
        across = gr.Slider(
            0, 1, 0.5, step=0.01, label=text("across"), info=text("across_info"), elem_id=f"{prefix}across"
        )
        down = gr.Slider(0, 1, 0.5, step=0.01, label=text("down"), info=text("down_info"), elem_id=f"{prefix}down")
    opened = first_opened(page) if isinstance(page, gr.Tab) else page.load
    visibility = "public" if is_public else "private"
    shown = gr.on(
        [opened, picture.change, zoom.change, across.change, down.change],
        endpoint(show_crop),
        [picture, zoom, across, down],
        preview,
        api_name="preview" if is_public else None,
        api_visibility=visibility,
        trigger_mode="always_last",
        show_progress="hidden",
    )
    find.click(
        endpoint(find_subject, models),
        picture,
        [zoom, across, down],
        api_name="find_subject" if is_public else None,
        api_visibility=visibility,
        show_progress_on=preview,
        **ON_DEVICE,
    )
    return ContentPicker(picture, (zoom, across, down), preview, shown)
