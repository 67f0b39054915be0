"""The content picture x, as every tab that needs one asks for it: input, examples, crop, and what the network sees."""

from __future__ import annotations

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from gpunit import images, zoo
from gpunit.images import Crop
from gpunit.ui.i18n import LABELS, notice, text
from gpunit.ui.models import DEVICE_QUEUE, EXAMPLES, Models, first_opened, open_upload, picture_input, with_notices

# What the Translate tab opens with, and what the tabs do that show one style: its mean cat looks back with both eyes.
FIRST_EXAMPLE, FIRST_OF_ONE_STYLE = "dog-husky", "bird-tawny-owl"
PREVIEW_SIZE = 256


@dataclass(frozen=True)
class ContentPicker:
    """The components that name a content picture.

    Attributes:
        picture: holds the uploaded file's path.
        crop: zoom, across, down.
        preview: shows the square that the network sees.
        shown: the event that fills the preview.  What else is to be drawn of another picture, or another part of it,
            is chained to this one: Gradio repeats, after an event that came while it ran, everything that is bound to
            the same trigger, and two that wait for the last would wake each other for ever.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    preview: gr.Image
    shown: Dependency

    @property
    def inputs(self) -> list[gr.components.Component]:
        """What an event passes to `read_content`, after the resolution."""
        return [self.picture, *self.crop]


def source_examples() -> list[str]:
    """The bundled pictures that bundled translators start from."""
    sources = {source for spec in bundled_translators() for source in spec.sources}
    return [str(path) for path in EXAMPLES if domain_of(path) in sources]


def exemplar_examples() -> list[str]:
    """The bundled pictures of what bundled translators draw, in the translators' order."""
    targets = [spec.target for spec in bundled_translators()]
    return [str(path) for target in targets for path in EXAMPLES if domain_of(path) == target]


def own_exemplar(path: str | None, model_name: str) -> Any:
    """In place of an example of another domain, one that the model draws, if there is one; else nothing is changed."""
    target = zoo.find(model_name).target
    names = {example.name: example for example in EXAMPLES}
    shown = names.get(Path(path).name) if path else None
    own = [example for example in EXAMPLES if domain_of(example) == target]
    if not own or shown is None or shown in own:
        return gr.skip()
    return str(own[0])


def example_stem(path: str | None) -> str | None:
    """The name, without suffix, of the bundled picture that a path is a copy of; None for a picture of one's own."""
    if not path:
        return None
    same_name = (example for example in EXAMPLES if example.name == Path(path).name)
    return next((example.stem for example in same_name if filecmp.cmp(example, path, shallow=False)), None)


def domain_of(example: Path) -> str:
    """What a bundled picture shows."""
    return example.stem.split("-")[0]


def bundled_translators() -> list[zoo.ModelSpec]:
    """The table's small translators."""
    return [spec for spec in zoo.MODELS.values() if spec.family == "small"]


def first_example(stem: str = FIRST_OF_ONE_STYLE) -> str:
    """The picture that a tab opens with."""
    sources = source_examples()
    return next((path for path in sources if stem in path), sources[0])


def content_picker(
    prefix: str, page: gr.Blocks | gr.Tab, models: Models, height: int = 220, is_public: bool = False
) -> ContentPicker:
    """Lay out the inputs for a content picture, with a first example in them, and keep the preview true.

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
        preview = gr.Image(
            label=text("preview"),
            interactive=False,
            height=height,
            min_width=150,
            format="png",
            type="pil",
            buttons=["fullscreen"],
            elem_id=f"{prefix}preview",
        )
    gr.Examples(source_examples(), picture, label=text("examples"), examples_per_page=15)
    find = gr.Button(text("find_subject"), size="sm", elem_id=f"{prefix}find-subject")
    with gr.Accordion(text("crop"), open=False):
        zoom = gr.Slider(1, 4, 1, step=0.05, label=text("zoom"), info=text("zoom_info"), elem_id=f"{prefix}zoom")
        across = gr.Slider(
            0, 1, 0.5, step=0.01, label=text("across"), info=text("across_info"), elem_id=f"{prefix}across"
        )
        down = gr.Slider(0, 1, 0.5, step=0.01, label=text("down"), info=text("down_info"), elem_id=f"{prefix}down")
    inputs = [picture, zoom, across, down]
    opened = first_opened(page) if isinstance(page, gr.Tab) else page.load
    shown = gr.on(
        [opened, picture.change, zoom.change, across.change, down.change],
        show_crop,
        inputs,
        preview,
        api_name="preview" if is_public else None,
        api_visibility="public" if is_public else "private",
        trigger_mode="always_last",
        show_progress="hidden",
    )

    @with_notices
    def find_subject(path: str | None) -> tuple[float, float, float]:
        """Set the crop on a picture's animal or car, where an ImageNet classifier finds it.

        Args:
            path: the picture.

        Returns:
            Zoom from 1 to 4, and the place of the square from left (0) to right (1) and from top (0) to bottom (1).
        """
        crop = models.finder().find(_opened(path))
        return round(crop.zoom, 2), round(crop.x, 2), round(crop.y, 2)

    find.click(
        find_subject,
        picture,
        [zoom, across, down],
        api_name="find_subject" if is_public else None,
        api_visibility="public" if is_public else "private",
        concurrency_id=DEVICE_QUEUE,
        concurrency_limit=1,
        show_progress_on=preview,
    )
    return ContentPicker(picture, (zoom, across, down), preview, shown)


@with_notices
def show_crop(path: str | None, zoom: float, across: float, down: float) -> Image.Image | None:
    """Exactly the square that the network sees of a picture: upright, RGB, cropped, never squashed."""
    if not path:
        return None
    return images.cut(open_upload(path), PREVIEW_SIZE, Crop(zoom, across, down))


def read_content(resolution: int, path: str | None, zoom: float, across: float, down: float) -> Image.Image:
    """The square of the visitor's picture, at the network's size.

    Raises:
        gr.Error: if there is no picture.
        PictureError: if it cannot be read.
    """
    return images.cut(_opened(path), resolution, Crop(zoom, across, down))


def _opened(path: str | None) -> Image.Image:
    if not path:
        raise gr.Error(notice("no_picture"))
    return open_upload(path)


def model_choices(only_here: bool = True) -> Sequence[tuple[str, str]]:
    """The translators for a dropdown, (title, name): those on this machine, or also those that can be downloaded."""
    specs = [spec for spec in zoo.all_models().values() if spec.is_here or (spec.can_be_downloaded and not only_here)]
    marks = {spec.name: "" if spec.is_here else f"  ·  ↓ ~{zoo.TRANSLATOR_MB} MB" for spec in specs}
    return [(f"{_title(spec)}  ·  {spec.resolution} px{marks[spec.name]}", spec.name) for spec in specs]


def usable_choices() -> Sequence[tuple[str, str]]:
    """The translators that are here, for a dropdown; all where there are none."""
    return model_choices() or model_choices(only_here=False)


def offered_models(*current: str) -> list[gr.Dropdown]:
    """Pickers of what can be used now.

    Args:
        current: what is picked in each; where it is not offered, the first is picked.
    """
    choices = usable_choices()
    names = [name for _, name in choices]
    return [gr.Dropdown(choices, value=name if name in names else names[0]) for name in current]


def _title(spec: zoo.ModelSpec) -> str:
    """The domain pair; models of the user's own have theirs in the language of their files."""
    key = f"model_{spec.name}"
    return str(text(key)) if key in LABELS else spec.title
