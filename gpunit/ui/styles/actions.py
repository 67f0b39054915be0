"""What the Styles tab's events do with the current style: start from one, move it along axes, save and load it."""

from __future__ import annotations

import base64
import io
import math
import time
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gpunit import zoo
from gpunit.engine.provenance import CodedStyle
from gpunit.engine.styles import Style, StyleError
from gpunit.engine.translator import Translator
from gpunit.images import CENTRE
from gpunit.ui import signing, uploads
from gpunit.ui.content import Content, given
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.values import clamped, read_seed

BY_MEAN = "The mean"
BY_SAMPLE = "A drawn style"
BY_EXEMPLAR = "Style of a picture"
MAX_AXES = 12
# Of the sliders, in deviations: as shown, more where the starting style lies further out; and for programs.
REACH, WIDEST = 2.0, 3.0
STEP_DIGITS = 2
END_SIDE = 96  # of the pictures at a slider's ends
MOST_TEMPERATURE = 1.5
MAX_JSON_BYTES = 2**20


def show(
    models: Models, content: Content, model_name: str, base: Style | None, current: Style | None, shown: float
) -> list[Any]:
    """Render the picture in the current style; where the model has none yet, in the one to start from."""
    if not content.path:
        return [gr.skip(), None, gr.skip(), None, "", *[gr.skip()] * MAX_AXES]
    translator = models.get(model_name)
    if current is None or current.model != model_name:
        return placed(translator, content, style_or_mean(translator, model_name, base), shown)
    seen, picture, line = _render(translator, content, current)
    return [gr.skip(), seen, gr.skip(), picture, line, *[gr.skip()] * MAX_AXES]


def render_style(
    models: Models, content: Content, model_name: str, base: Style | None, *coordinates: float
) -> tuple[Style, Image.Image, str]:
    """Render a picture in the style at these coordinates.  What the axes do not span is the starting style's.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        base: the style that was started from; the mean, until one is.
        coordinates: 12 places along the principal axes, in standard deviations from the mean.

    Returns:
        The picture, and a line on time.
    """
    translator = models.get(model_name)
    started = style_or_mean(translator, model_name, base).code
    if not all(math.isfinite(coordinate) for coordinate in coordinates):
        raise gr.Error("Coordinates are numbers of standard deviations, such as 1.5.")
    # Differences from where the sliders stood: a slider moved back restores the style bit for bit.
    stood = torch.tensor(_slider_values(translator, started), dtype=torch.float64)
    offsets = torch.tensor(coordinates[: len(stood)], dtype=torch.float64) - stood
    moved = Style.of(model_name, translator.style_space.moved(started, offsets.float()))
    return moved, *_render(translator, content, moved)[1:]


def start_style(
    models: Models,
    content: Content,
    model_name: str,
    shown: float,
    origin: str | None,
    seed: float,
    temperature: float,
    exemplar_path: str | None,
) -> list[Any]:
    """Start from the mean style, a drawn one, or a target picture's, and put the sliders where it is.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        shown: how many axes to show, 1 to 12.
        origin: "The mean", "A drawn style" or "Style of a picture".
        seed: the same seed draws the same style.
        temperature: variety of the drawn style, 0 to 1.5.
        exemplar_path: the target picture whose style is taken, if so chosen.

    Returns:
        The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
    """
    if origin is None:  # the current style came from elsewhere; there is nothing to start from anew
        return [gr.skip()] * (5 + MAX_AXES)
    translator = models.get(model_name)
    if origin == BY_EXEMPLAR:
        exemplar = uploads.cut_upload(given(exemplar_path, "no_exemplar"), CENTRE, translator.resolution)
        code = translator.style_of(exemplar)
    elif origin == BY_SAMPLE:
        code = translator.sample(1, read_seed(seed), clamped(temperature, 0.0, MOST_TEMPERATURE))
    else:
        code = translator.mean_style()
    return placed(translator, content, Style.of(model_name, code), shown)


def reset_style(models: Models, content: Content, model_name: str, base: Style | None, shown: float) -> list[Any]:
    """Put the sliders back to the starting style and draw it.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        base: the style that was started from; the mean, until one is.
        shown: how many axes to show, 1 to 12.

    Returns:
        The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
    """
    translator = models.get(model_name)
    return placed(translator, content, style_or_mean(translator, model_name, base), shown)


def show_axes(models: Models, model_name: str, shown: float) -> list[Any]:
    """Show the first axes only."""
    axes = min(int(shown), len(models.get(model_name).style_space.axes))
    return [gr.update(visible=number < axes) for number in range(MAX_AXES)]


def draw_ends(models: Models, content: Content, model_name: str, base: Style | None, shown: float) -> list[str]:
    """For every axis that is shown, the picture at both ends of its slider, as HTML; nothing without a picture."""
    if not content.path:
        return [""] * MAX_AXES
    translator = models.get(model_name)
    space = translator.style_space
    started = style_or_mean(translator, model_name, base).code
    places = _slider_values(translator, started)[: int(shown)]
    plan = translator.plan(content.square(translator.resolution))
    codes, ends = [], []
    for axis, place in enumerate(places):
        reach = _reach(place)
        for end in (-reach, reach):
            offsets = torch.zeros(len(places))
            offsets[axis] = end - place
            codes.append(space.moved(started, offsets))
            ends.append(notice("axis_end", number=axis + 1, place=f"{end:+g}"))
    rendered = translator.render(plan, torch.stack(codes))
    pictures = [_end_picture(picture, end) for picture, end in zip(rendered, ends, strict=True)]
    drawn = ["".join(pictures[2 * axis : 2 * axis + 2]) for axis in range(len(places))]
    return drawn + [""] * (MAX_AXES - len(drawn))


def use_style(current: Style | None) -> Style | None:
    """Make the current style one end of the way from A to B."""
    return current


def save_style(models: Models, model_name: str, current: Style | None) -> dict[str, object]:
    """Give the current style as JSON, to be loaded again with the same model.

    Args:
        models: hold the translators.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        current: the style that was drawn last; the mean, until one is.

    Returns:
        The style: model, sha256 of its weights, numbers.
    """
    style = style_or_mean(models.get(model_name), model_name, current)
    return style.to_json(zoo.fingerprint(model_name))


def load_style(models: Models, content: Content, model_name: str, shown: float, file: str) -> list[Any]:
    """Start from a style that was saved as JSON.

    Args:
        models: hold the translators.
        content: the picture and its square.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        shown: how many axes to show, 1 to 12.
        file: the JSON file.

    Returns:
        The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
    """
    translator = models.get(model_name)
    if Path(file).stat().st_size > MAX_JSON_BYTES:
        raise StyleError("this is not a saved style; give a JSON file that the Styles tab wrote.")
    length = translator.style_bank.shape[1]
    style = Style.from_json(Path(file).read_bytes(), model_name, zoo.fingerprint(model_name), length)
    return placed(translator, content, style, shown)


def show_groups(origin: str | None) -> tuple[Any, Any]:
    """The inputs that go with a way to start: those of a sampled style, and the exemplar."""
    return gr.update(visible=origin == BY_SAMPLE), gr.update(visible=origin == BY_EXEMPLAR)


def placed(translator: Translator, content: Content, base: Style, shown: float) -> list[Any]:
    """Start from a style.

    Returns:
        The style to start from, the source, the current style (the same one), its picture, a line on time, and the
        sliders where the style is.
    """
    space = translator.style_space
    values = _slider_values(translator, base.code)
    sliders = []
    for number in range(MAX_AXES):
        if number >= len(values):
            sliders.append(gr.update(visible=False))
            continue
        reach = _reach(values[number])
        share = 100 * space.shares[number].item()
        sliders.append(
            gr.update(
                minimum=-reach,
                maximum=reach,
                value=values[number],
                label=f"{text('axis')} {number + 1} · {share:.{0 if share >= 1 else 1}f} %",
                visible=number < int(shown),
            )
        )
    seen, picture, line = _render(translator, content, base)
    return [base, seen, base, picture, line, *sliders]


def style_or_mean(translator: Translator, model_name: str, style: Style | None) -> Style:
    """The style, if it belongs to this model; otherwise the model's mean."""
    if style is not None and style.model == model_name:
        return style
    return Style.of(model_name, translator.mean_style())


def _reach(place: float) -> float:
    """How far a slider goes on which the starting style has this place."""
    return max(REACH, math.ceil(abs(place)))


def _end_picture(picture: Image.Image, what: str) -> str:
    buffer = io.BytesIO()
    picture.resize((END_SIDE, END_SIDE), Image.Resampling.LANCZOS).save(buffer, format="JPEG", quality=80)
    return f'<img alt="{what}" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode("ascii")}">'


def _slider_values(translator: Translator, code: Tensor) -> list[float]:
    """Where the sliders stand for a style: its first coordinates, to the sliders' step."""
    coordinates: list[float] = translator.style_space.coordinates(code)[:MAX_AXES].tolist()
    return [round(coordinate, STEP_DIGITS) + 0.0 for coordinate in coordinates]  # no -0.0


def _render(translator: Translator, content: Content, style: Style) -> tuple[Image.Image, Image.Image, str]:
    """The square of a picture, one render of it, and a line on its time."""
    seen = content.square(translator.resolution)
    plan = translator.plan(seen)
    begun = time.perf_counter()
    (picture,) = translator.render(plan, style.code[None])
    milliseconds = 1000 * (time.perf_counter() - begun)
    signing.sign([picture], [CodedStyle(numbers=style.numbers)], translator, style.model, content)
    line = notice(
        "render_time",
        count=1,
        each=round(milliseconds),
        resolution=translator.resolution,
        device=translator.device.type,
    )
    return seen, picture, line
