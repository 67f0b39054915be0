"""Components that several tabs lay out: picture inputs, pictures that are shown, headings, seeds."""

from __future__ import annotations

import base64
import binascii
from abc import ABCMeta
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.data_classes import ImageData

from gpunit.seeds import MAX_SEED
from gpunit.ui.assets import script
from gpunit.ui.events import IN_BROWSER, QUIET, endpoint
from gpunit.ui.i18n import text
from gpunit.ui.server import scratch
from gpunit.ui.uploads import accept_upload


class _WithoutStub(ComponentMeta):
    """Gradio's metaclass writes a type stub beside the source of every new component; this one does not."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> _WithoutStub:
        return ABCMeta.__new__(cls, name, bases, attrs)


class PictureInput(gr.Image, metaclass=_WithoutStub):
    """A gr.Image that hands on the uploaded file itself, for `images.open_picture` to read.

    gr.Image's own reading drops what this project handles (16-bit, transparency), and fails on a file that is no
    picture instead of refusing it in a sentence.
    """

    is_template = True  # the browser shows it as a gr.Image

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of the uploaded file, or of what came inside the request: a webcam's picture.

        Raises:
            gr.Error: if the latter cannot be decoded.
        """
        if payload is None or not (payload.url or "").startswith("data:"):
            return None if payload is None else payload.path
        try:
            content = base64.b64decode((payload.url or "").partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            sentence = "The picture cannot be read; take it again, or upload a file."
            raise gr.Error(sentence, print_exception=False) from None
        return str(scratch.kept_bytes(content, "webcam.png"))


class ClassChoice(gr.Dropdown, metaclass=_WithoutStub):
    """A choice of a prior's classes; a program may also send mixtures of them, as commands write them."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        """What was chosen; gr.Dropdown's own way takes nothing that it does not list."""
        return payload

    def api_info(self) -> dict[str, Any]:
        """The schema of what a program may send."""
        names = ", ".join(str(name) for _, name in self.choices[:8])
        about = f"classes ({names}{', ...' if len(self.choices) > 8 else ''}), or mixtures such as cat:0.7+dog:0.3"
        return {"type": "array", "items": {"type": "string"}, "description": about}


class CropFrame(gr.HTML, metaclass=_WithoutStub):
    """The frame on a picture input: dragged, wheeled, pinched, or moved by keys.

    Its value is [zoom, across, down]; the event `release` comes when a visitor has moved it.

    Args:
        picture: element id of the picture input.
    """

    is_template = True  # the browser shows it as a gr.HTML

    def __init__(self, picture: str, **settings: Any) -> None:
        super().__init__(
            [1, 0.5, 0.5],
            html_template="",
            js_on_load=script("frame"),
            picture=picture,
            label=text("frame"),
            container=False,
            **settings,
        )


class Brush(gr.HTML, metaclass=_WithoutStub):
    """Strokes over a picture that the page shows.

    Its value is the last stroke, a list of [across, down] in parts of the picture's side; the event `release` comes
    when it is done.

    Args:
        picture: element id of the picture.
        radius: element id of the slider with the brush's radius, in percent of the side.
    """

    is_template = True

    def __init__(self, picture: str, radius: str, **settings: Any) -> None:
        super().__init__(
            [],
            html_template="",
            js_on_load=script("brush"),
            picture=picture,
            radius=radius,
            label=text("paint_label"),
            container=False,
            **settings,
        )


class Cells(gr.HTML, metaclass=_WithoutStub):
    """The cells of a sheet of pictures, which arrow keys go between and Enter clicks, as the mouse does.

    Args:
        picture: element id of the sheet.
        rows, columns: how many cells it has.
        cell, gap: a cell's side and the width of the lines around it, in pixels of the sheet.
    """

    is_template = True

    def __init__(self, picture: str, rows: int, columns: int, cell: int, gap: int, **settings: Any) -> None:
        super().__init__(
            "",
            html_template="",
            js_on_load=script("cells"),
            picture=picture,
            rows=rows,
            columns=columns,
            cell=cell,
            gap=gap,
            label=text("cells"),
            container=False,
            **settings,
        )


class AxisNames(gr.HTML, metaclass=_WithoutStub):
    """Names of sliders that visitors give themselves, which the browser keeps for each model; its value is the model's.

    Args:
        row: element id of what holds the sliders.
        axes: what the sliders' element ids start with; they end in the axis's number.
    """

    is_template = True

    def __init__(self, model: str, row: str, axes: str, **settings: Any) -> None:
        super().__init__(
            model,
            html_template="",
            js_on_load=script("names"),
            row=row,
            axes=axes,
            label=text("rename"),
            container=False,
            **settings,
        )


class Shelf(gr.HTML, metaclass=_WithoutStub):
    """The entries of the history that the browser keeps, of which one can be chosen."""

    is_template = True

    def __init__(self, **settings: Any) -> None:
        super().__init__("", html_template="", js_on_load="gpunit.history.show(element);", container=False, **settings)


class Camera(gr.HTML, metaclass=_WithoutStub):
    """The webcam's stream, a frame at a time.

    Its value is {"frame": a JPEG's address}, when the event `release` comes, and the answer's {"picture": likewise}; an
    answer without a picture ends the stream.

    Args:
        stage: element id of what holds a <video>, an <img> and an <output>.
        denied: element id of what says that there is no webcam.
    """

    is_template = True

    def __init__(self, stage: str, denied: str, **settings: Any) -> None:
        super().__init__(
            {},
            html_template="",
            js_on_load=script("live"),
            stage=stage,
            denied=denied,
            label=text("live_picture"),
            container=False,
            **settings,
        )


def picture_input(**settings: Any) -> PictureInput:
    """The page's input for one picture; a file that cannot be read leaves the picture before it."""
    picture = PictureInput(
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], buttons=[], **settings
    )
    remembered = f"'{settings['elem_id']}'"
    picture.change(None, picture, None, js=f"(picture) => gpunit.remember({remembered}, picture)", **IN_BROWSER)
    picture.upload(None, picture, None, js="(picture) => gpunit.looking(picture)", **IN_BROWSER)
    accepted = picture.upload(endpoint(accept_upload), picture, picture, **QUIET)
    accepted.failure(None, None, picture, js=f"() => gpunit.lastGood({remembered})", **IN_BROWSER).then(
        None, picture, None, js="(picture) => gpunit.decided(picture)", **IN_BROWSER
    )
    accepted.success(None, picture, None, js="(picture) => gpunit.decided(picture)", **IN_BROWSER)
    return picture


def shown_picture(
    label: str, elem_id: str, height: int | None = None, elem_classes: str = "", titled: bool = False, **settings: Any
) -> gr.Image:
    """A picture that the page shows and no one uploads.

    Args:
        label: key of the page's texts; the picture's alternative.
        elem_id, height, settings: of the gr.Image.
        elem_classes: of the element, parted by spaces.
        titled: whether the label is seen; it would lie on the picture.  (Gradio's `show_label` empties it, and screen
            readers would be told nothing.)
    """
    return gr.Image(
        label=text(label),
        format="png",
        type="pil",
        interactive=False,
        height=height,
        elem_id=elem_id,
        elem_classes=[*elem_classes.split(), *([] if titled else ["untitled"])],
        **{"buttons": ["download", "fullscreen"], **settings},
    )


def shown_gallery(label: str | None, elem_id: str, columns: int, elem_classes: str = "", **settings: Any) -> gr.Gallery:
    """Pictures that the page shows and no one uploads; `label` is a key of the page's texts."""
    return gr.Gallery(
        label=None if label is None else text(label),
        columns=columns,
        object_fit="contain",
        height="auto",
        format="png",
        type="pil",
        allow_preview=False,
        interactive=False,
        elem_id=elem_id,
        elem_classes=[*elem_classes.split(), "untitled"],
        **{"buttons": [], **settings},
    )


def heading(key: str) -> None:
    """A section's title with the line that explains it: the text "<key>_heading"."""
    gr.Markdown(text(f"{key}_heading"), elem_classes="heading")


def seed_input(
    value: int, elem_id: str, label: str = "seed", info: str = "seed_info", min_width: int = 160
) -> gr.Number:
    """A whole number from 0 on; label and info are keys of the page's texts."""
    return gr.Number(
        value,
        label=text(label),
        info=text(info),
        precision=0,
        minimum=0,
        maximum=MAX_SEED,
        min_width=min_width,
        elem_id=elem_id,
    )


def roll(button: gr.Button, seed: gr.Number) -> None:
    """Let a button put another seed, in the browser; never 0, which may stand for something of its own."""
    button.click(None, None, seed, js=f"() => 1 + Math.floor(Math.random() * {MAX_SEED - 1})", **IN_BROWSER)
