"""The content picture x: the value that actions take, and the part of a tab that asks for it.

The part is a picture input with a frame on it, which is the square that the network sees, and example pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from gpunit.images import Crop
from gpunit.segmentation.subject import is_like
from gpunit.ui import uploads
from gpunit.ui.components import CropFrame, picture_input
from gpunit.ui.events import IN_BROWSER, ON_DEVICE, QUIET, Inputs, endpoint, first_opened, settled
from gpunit.ui.examples import example_path, first_example, source_examples
from gpunit.ui.i18n import inform, notice, text
from gpunit.ui.models import Models
from gpunit.ui.thumbnails import NAME_OF_PICTURE, example_choice

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

    @property
    def crop(self) -> Crop:
        """The square, for `images.cut`."""
        return Crop(self.zoom, self.across, self.down)

    def square(self, side: int) -> Image.Image:
        """The square, upright RGB, side x side pixels, never squashed.

        Raises:
            gr.Error: if there is no picture.
            PictureError: if it cannot be read.
        """
        return uploads.cut_upload(given(self.path), self.crop, side)


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
    finder = models.finder()
    crop = finder.find(uploads.open_upload(given(path)))
    likeness = finder.likeness(uploads.cut_upload(given(path), crop, PREVIEW_SIZE))
    if not any(is_like(likeness, [domain]) for domain in likeness):
        inform(notice("no_subject"))
    return round(crop.zoom, 2), round(crop.x, 2), round(crop.y, 2)


def pick_example(stem: str | None) -> tuple[str, float, float, float]:
    """The bundled picture of this name, and its largest square."""
    return example_path(stem), 1.0, 0.5, 0.5


@dataclass(frozen=True)
class ContentPicker:
    """The components that ask for a content picture.

    Attributes:
        picture: holds the uploaded file's path.
        crop: zoom, across, down.
        changed: the event that there is another picture or crop, once for all that changed together.  Whatever they
            change is chained to it: Gradio repeats every event of a trigger when one was missed while it ran, and two
            "always_last" events of one trigger would restart each other for ever.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    changed: Dependency

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The components of a `Content`."""
        return [self.picture, *self.crop]

    def carry_on(self, tab: gr.Tab) -> None:
        """Let a tab that is opened show the picture that was put on any other."""
        tab.select(None, self.inputs, self.inputs, js="(...content) => gpunit.place.carried(...content)", **IN_BROWSER)


def content_picker(
    prefix: str, page: gr.Blocks | gr.Tab, models: Models, is_public: bool = False, also: tuple[Any, ...] = ()
) -> ContentPicker:
    """Lay out the components, with a first example in them.

    Args:
        prefix: starts the elements' ids, so that tabs do not clash ("" for the Translate tab).
        page: what is being built; a tab's first select counts as a change.
        models: hold what finds the subject.
        is_public: whether its events are the endpoints "preview" and "find_subject"; for one tab only.
        also: other events, such as `slider.change`, that `changed` stands for.
    """
    first = first_example()
    picture = picture_input(
        value=first,
        label=text("picture"),
        show_label=False,
        elem_id=f"{prefix}picture",
        elem_classes="framed",
        placeholder=text("drop_photo"),
    )
    frame = CropFrame(f"{prefix}picture", elem_id=f"{prefix}frame", elem_classes="unseen")
    with gr.Row(elem_classes="toolbar"):
        upload = gr.Button(text("upload"), size="md", elem_classes="upload", elem_id=f"{prefix}upload", min_width=60)
        find = gr.Button(text("find_subject"), size="md", elem_id=f"{prefix}find-subject", min_width=60)
    examples = example_choice(source_examples(), first, "examples", f"{prefix}examples")
    # The frame sets them; they stay for programs, for links and for the other tabs.
    zoom = gr.Slider(
        1, 4, 1, step=0.01, label=text("zoom"), info=text("zoom_info"), elem_id=f"{prefix}zoom", visible="hidden"
    )
    across = gr.Slider(
        0,
        1,
        0.5,
        step=0.01,
        label=text("across"),
        info=text("across_info"),
        elem_id=f"{prefix}across",
        visible="hidden",
    )
    down = gr.Slider(
        0, 1, 0.5, step=0.01, label=text("down"), info=text("down_info"), elem_id=f"{prefix}down", visible="hidden"
    )
    crop = (zoom, across, down)

    upload.click(None, None, None, js=f"() => gpunit.browse('{prefix}picture')", **IN_BROWSER)
    picture.upload(None, None, list(crop), js="() => [1, 0.5, 0.5]", **IN_BROWSER)
    picture.change(None, picture, examples, js=NAME_OF_PICTURE, **IN_BROWSER)
    examples.input(pick_example, examples, [picture, *crop], **QUIET)
    frame.release(None, frame, list(crop), js="(crop) => crop", **IN_BROWSER)
    gr.on([each.change for each in crop], None, list(crop), frame, js="(...crop) => [crop]", **IN_BROWSER)
    gr.on(
        [picture.change, *(each.change for each in crop)],
        None,
        [picture, *crop],
        None,
        js="(...content) => gpunit.place.note(...content)",
        **IN_BROWSER,
    )
    opened = [first_opened(page)] if isinstance(page, gr.Tab) else []
    changed = settled(prefix, [*opened, picture.change, *(each.change for each in crop), *also], picture)
    visibility = "public" if is_public else "private"
    find.click(
        endpoint(find_subject, models),
        picture,
        list(crop),
        api_name="find_subject" if is_public else None,
        api_visibility=visibility,
        show_progress_on=picture,
        **ON_DEVICE,
    )
    if is_public:
        seen = gr.Image(visible=False, format="png", type="pil")
        asked = gr.Button(visible=False)
        asked.click(endpoint(show_crop), [picture, *crop], seen, api_name="preview")
    picker = ContentPicker(picture, crop, changed)
    if isinstance(page, gr.Tab):
        picker.carry_on(page)
    return picker
