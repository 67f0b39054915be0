"""What the Styles tab's sections do: many pictures in one style, a grid of styles, from A to B, levels mixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine import styles
from gpunit.engine.styles import BANDS, Style
from gpunit.engine.translator import RENDER_BATCH, Translator
from gpunit.images import CENTRE
from gpunit.ui import uploads
from gpunit.ui.content import Content
from gpunit.ui.examples import source_examples
from gpunit.ui.i18n import notice
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.styles.actions import placed, style_or_mean
from gpunit.ui.values import read_seed, whole

GRID_SIZE = 7
CELL = 128  # side of a picture on the sheets
GAP = 4
MAX_STRIP = 15
MIN_FRAMES, MAX_FRAMES = 4, 60
ENDS_SEED = 2  # A and B, until they are chosen, are the two styles sampled with this seed
FRAME_RATE = 20
GIF, MP4 = "GIF", "MP4"

Corners = tuple[Style, ...]
Grid = tuple[Image.Image, Corners, Image.Image]


def style_row(models: Models, content: Content, model_name: str, current: Style | None) -> Image.Image:
    """Render the picture and several examples in the current style.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        current: the style that was drawn last; the mean, until one is.

    Returns:
        Sources in the upper row, the picture first; under each its translation.
    """
    translator = models.get(model_name)
    size = translator.resolution
    own = Path(content.path).name if content.path else ""  # an example that is the picture itself comes only once
    examples = [example for example in source_examples()[1::2] if Path(example).name != own]
    sources = [uploads.cut_upload(example, CENTRE, size) for example in examples]
    if content.path:
        sources.insert(0, content.square(size))
    style = style_or_mean(translator, model_name, current).code[None]
    rendered = [translator.render(translator.plan(seen), style)[0] for seen in sources]
    return _sheet([sources, rendered])


def style_grid(
    models: Models,
    content: Content,
    model_name: str,
    current: Style | None,
    seed: float,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> Grid:
    """Render a 7x7 grid of styles, bilinear between the current style (top left) and three drawn ones.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        current: the style that was drawn last; the mean, until one is.
        seed: the same seed draws the same three corners.
        progress: shown on the page.

    Returns:
        The grid as one picture, and the picture in the current style.
    """
    translator = models.get(model_name)
    corners = (
        style_or_mean(translator, model_name, current),
        *(Style.of(model_name, code) for code in translator.sample(3, read_seed(seed))),
    )
    return _grid(translator, content.square(translator.resolution), corners, progress)


def show_grid(
    models: Models,
    content: Content,
    model_name: str,
    current: Style | None,
    seed: float,
    corners: Corners | None,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> Grid:
    """Render the grid when its section is opened: between the corners it had, so that a visitor may come back to it."""
    if corners is None or corners[0].model != model_name:
        return style_grid(models, content, model_name, current, seed, progress)
    translator = models.get(model_name)
    return _grid(translator, content.square(translator.resolution), corners, progress)


def take_cell(
    models: Models,
    content: Content,
    model_name: str,
    corners: Corners | None,
    shown: float,
    clicked: gr.SelectData,
) -> list[Any]:
    """Make the style of a clicked cell the current one."""
    if corners is None or corners[0].model != model_name:
        raise gr.Error(notice("other_grid"))
    translator = models.get(model_name)
    column, row = (min(int(pixel) // (CELL + GAP), GRID_SIZE - 1) for pixel in clicked.index)
    codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
    values = placed(translator, content, Style.of(model_name, codes[row, column]), shown)
    return [*values, values[3]]


def style_strip(
    models: Models, content: Content, model_name: str, end_a: Style | None, end_b: Style | None, length: float
) -> Image.Image:
    """Render a picture in styles in equal steps from A to B.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        end_a: style A, as set by "use_as_a"; a drawn one, until it is.
        end_b: style B, as set by "use_as_b"; a drawn one, until it is.
        length: how many pictures, 2 to 15.

    Returns:
        The pictures in one row.
    """
    translator = models.get(model_name)
    seen = content.square(translator.resolution)
    codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), whole(length, 2, MAX_STRIP))
    return _sheet([translator.render(translator.plan(seen), codes)])


def mix_styles(
    models: Models,
    content: Content,
    model_name: str,
    end_a: Style | None,
    end_b: Style | None,
    coarse: str,
    middle: str,
    fine: str,
) -> tuple[Image.Image, str]:
    """Render a picture with the generator's coarse, middle and fine levels each in style A or B.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        end_a: style A, as set by "use_as_a"; a drawn one, until it is.
        end_b: style B, as set by "use_as_b"; a drawn one, until it is.
        coarse: "A" or "B", for the coarse levels.
        middle: "A" or "B", for the middle levels.
        fine: "A" or "B", for the fine levels.

    Returns:
        A, the mixture and B in one row, and a line that says which levels are whose.
    """
    translator = models.get(model_name)
    seen = content.square(translator.resolution)
    code_a, code_b = _ends(translator, model_name, end_a, end_b)
    sizes = translator.networks.generator.params.sizes
    codes = {"A": code_a, "B": code_b}
    mixture = styles.mix(codes[coarse], codes[middle], codes[fine], len(sizes))
    three = torch.stack([code_a.expand_as(mixture), mixture, code_b.expand_as(mixture)])
    pictures = translator.render(translator.plan(seen), three)
    parts = []
    for number, (name, choice) in enumerate(zip(BANDS, (coarse, middle, fine), strict=True)):
        its = [str(size) for level, size in enumerate(sizes) if styles.band(level, len(sizes)) == number]
        parts.append(notice(f"{name}_from", sizes=", ".join(its), choice=choice))
    return _sheet([pictures]), "  ·  ".join(parts)


def animate_styles(
    models: Models,
    content: Content,
    model_name: str,
    end_a: Style | None,
    end_b: Style | None,
    kind: str,
    frames: float,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> tuple[Any, Any, Any]:
    """Make an animation of a picture whose style goes from A to B and back.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        end_a: style A, as set by "use_as_a"; a drawn one, until it is.
        end_b: style B, as set by "use_as_b"; a drawn one, until it is.
        kind: "GIF" or "MP4".
        frames: how many from A to B, 4 to 60; those between are shown again on the way back.
        progress: shown on the page.

    Returns:
        The GIF or nothing, the MP4 or nothing, and the file.
    """
    translator = models.get(model_name)
    seen = content.square(translator.resolution)
    codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), whole(frames, MIN_FRAMES, MAX_FRAMES))
    there = _render_with_progress(translator, seen, codes, progress)
    file = scratch.new_file(f"styles-{model_name}.{'mp4' if kind == MP4 else 'gif'}")
    images.save_animation([*there, *there[-2:0:-1]], file, FRAME_RATE)
    gif, video = (None, str(file)) if kind == MP4 else (str(file), None)
    return (
        gr.update(value=gif, visible=gif is not None),
        gr.update(value=video, visible=video is not None),
        gr.update(value=str(file), visible=True),
    )


def _grid(translator: Translator, seen: Image.Image, corners: Corners, progress: gr.Progress) -> Grid:
    """The grid between four styles, its corners, and the first corner's picture."""
    codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
    pictures = _render_with_progress(translator, seen, codes.flatten(0, 1), progress)
    rows = [pictures[start : start + GRID_SIZE] for start in range(0, len(pictures), GRID_SIZE)]
    return _sheet(rows), corners, pictures[0]


def _ends(translator: Translator, model_name: str, end_a: Style | None, end_b: Style | None) -> tuple[Tensor, Tensor]:
    """The codes of A and B; where one is not set for this model, a sampled style."""
    sampled = translator.sample(2, ENDS_SEED).cpu()
    code_a, code_b = (
        end.code if end is not None and end.model == model_name else code
        for end, code in zip((end_a, end_b), sampled, strict=True)
    )
    return code_a, code_b


def _render_with_progress(
    translator: Translator, seen: Image.Image, codes: Tensor, progress: gr.Progress
) -> list[Image.Image]:
    """A picture in many styles (B, D), with progress."""
    plan = translator.plan(seen)
    pictures: list[Image.Image] = []
    for batch in codes.split(RENDER_BATCH):
        progress((len(pictures), len(codes)), desc=notice("rendering"), unit=notice("unit_pictures"))
        pictures += translator.render(plan, batch)
    return pictures


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Rows of pictures on whatever ground the page has."""
    return images.sheet(rows, CELL, gap=GAP, ground=images.CLEAR)
