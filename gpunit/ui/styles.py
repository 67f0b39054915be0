"""Styles tab: walk the style space of a translator along its PCA axes, between styles, and level by level."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from gradio.events import Dependency
from PIL import Image
from torch import Tensor

from gpunit import images, styles, weights, zoo
from gpunit.images import CENTRE
from gpunit.styles import BANDS, Style, StyleError
from gpunit.translator import RENDER_BATCH, Translator
from gpunit.ui.content import content_picker, exemplar_examples, model_choices, read_content, source_examples
from gpunit.ui.scratch import Scratch
from gpunit.ui.seeds import read_seed, roll, seed_input
from gpunit.ui.shared import DEVICE_QUEUE, Models, heading, open_upload, picture_input, with_notices
from gpunit.ui.sharing import download_json
from gpunit.ui.texts import notice, text

BY_MEAN = "The mean"
BY_SAMPLE = "A drawn style"
BY_EXEMPLAR = "Style of a picture"
MAX_AXES = 12
FIRST_AXES = 6
REACH = 3.0  # of the sliders, in deviations; more where the starting style lies further out
STEP_DIGITS = 2
GRID_SIZE = 7
CELL = 128  # side of a picture on the sheets
GAP = 4
SHEET_GROUND = (120, 113, 108)  # between light and dark
STRIP_LENGTH = 9
MAX_STRIP = 15
MAX_FRAMES = 60
ENDS_SEED = 2  # A and B, until they are chosen, are the two styles drawn with this seed
FRAME_RATE = 20
GIF, MP4 = "GIF", "MP4"
MAX_JSON_BYTES = 2**20


@dataclass(frozen=True)
class StylesInputs:
    """What another tab sets to open a picture, a model and a style here.

    Attributes:
        picture: the content picture's file.
        crop: zoom, across, down.
        model: the translator's name.
        style, current: states; the `Style` to start from goes into both, for the pictures that are drawn while the
            tab is opening show the current one.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    model: gr.Dropdown
    style: gr.State
    current: gr.State
    _draw_after: Callable[[Dependency], Dependency]

    def draw_after(self, event: Dependency) -> Dependency:
        """After an event that has set these components, put the sliders where the style is and draw it."""
        return self._draw_after(event)


def build(tab: gr.Tab, models: Models) -> StylesInputs:
    """Lay out the tab, which is being built, and wire its events."""
    choices = model_choices() or model_choices(only_here=False)
    exemplars = exemplar_examples()
    actions = StyleActions(models, Scratch())

    base, current = gr.State(None), gr.State(None)
    end_a, end_b = gr.State(None), gr.State(None)
    corners = gr.State(None)

    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            heading("styles_content")
            content = content_picker("styles-", tab, models)
            model = gr.Dropdown(choices, value=choices[0][1], label=text("model"), info=text("model_info"))
            heading("styles_origin")
            origin = gr.Radio(
                [
                    (text("by_mean"), BY_MEAN),
                    (text("by_one_sample"), BY_SAMPLE),
                    (text("by_exemplar"), BY_EXEMPLAR),
                ],
                value=BY_MEAN,
                label=text("origin"),
                show_label=False,
                container=False,
                elem_id="styles-origin",
            )
            with gr.Group(visible=False) as sampling:
                seed = seed_input(0, "styles-seed", info="seed_style_info")
                temperature = gr.Slider(0, 1.5, 1, step=0.05, label=text("temperature"), info=text("temperature_info"))
                dice = gr.Button(text("new_seed"), size="sm")
            with gr.Group(visible=False) as exemplar_group:
                exemplar = picture_input(
                    value=exemplars[0] if exemplars else None,
                    label=text("exemplar"),
                    height=200,
                    elem_id="styles-exemplar",
                )
                gr.Examples(exemplars, exemplar, label=text("exemplar_examples"))
        with gr.Column(scale=5, min_width=320):
            heading("styles_result")
            with gr.Row():
                source = _picture("styles_source", "styles-source", height=300)
                result = _picture("styles_result", "styles-result", height=300)
            timing = gr.Markdown(elem_classes="quiet", elem_id="styles-timing")
            heading("axes")
            with gr.Row():
                axes = [
                    gr.Slider(
                        -REACH,
                        REACH,
                        0,
                        step=10**-STEP_DIGITS,
                        label=f"{text('axis')} {number + 1}",
                        visible=number < FIRST_AXES,
                        min_width=240,
                        buttons=[],
                        elem_id=f"styles-axis-{number + 1}",
                    )
                    for number in range(MAX_AXES)
                ]
            shown = gr.Slider(
                1, MAX_AXES, FIRST_AXES, step=1, label=text("axes_shown"), info=text("axes_shown_info"), buttons=[]
            )
            with gr.Row():
                reset = gr.Button(text("reset"), size="sm", min_width=80, elem_id="styles-reset")
                to_a = gr.Button(text("use_a"), size="sm", min_width=80, elem_id="styles-to-a")
                to_b = gr.Button(text("use_b"), size="sm", min_width=80, elem_id="styles-to-b")

    with gr.Tabs(elem_id="styles-sections") as sections:
        with gr.Tab(text("tab_row"), id="row"):
            heading("row")
            row = _picture("row", "styles-row")
            draw_row = gr.Button(text("draw_row"), size="sm", elem_id="styles-draw-row")
        with gr.Tab(text("tab_grid"), id="grid") as grid_tab:
            heading("grid")
            with gr.Row(equal_height=False):
                with gr.Column(scale=2, min_width=300):
                    sheet = _picture("grid", "styles-grid")
                with gr.Column(scale=1, min_width=160):
                    corner_seed = seed_input(
                        1,
                        "styles-corner-seed",
                        label="corner_seed",
                        info="corner_seed_info",
                    )
                    corner_dice = gr.Button(text("new_seed"), size="sm")
                    draw_grid = gr.Button(text("draw_grid"), variant="primary", size="sm", elem_id="styles-draw-grid")
                    chosen = _picture("current_style", "styles-chosen", height=260)
                    gr.Markdown(text("current_style"), elem_classes="quiet")
        with gr.Tab(text("tab_ends"), id="ends") as ends_tab:
            heading("strip")
            strip = _picture("strip", "styles-strip")
            length = gr.Slider(2, MAX_STRIP, STRIP_LENGTH, step=1, label=text("length"), info=text("length_info"))
            heading("mixed")
            with gr.Row(equal_height=False):
                with gr.Column(scale=2, min_width=280):
                    mixed = _picture("mixed", "styles-mixed")
                    mixed_line = gr.Markdown(elem_classes="quiet", elem_id="styles-mixed-line")
                with gr.Column(scale=1, min_width=200), gr.Row():
                    bands = [
                        gr.Radio(
                            ["A", "B"],
                            value="B" if name == BANDS[-1] else "A",
                            label=text(f"band_{name}"),
                            info=text(f"band_{name}_info"),
                            min_width=90,
                            elem_id=f"styles-band-{name}",
                        )
                        for name in BANDS
                    ]
            heading("animation")
            with gr.Row(equal_height=False):
                with gr.Column(scale=1, min_width=240):
                    kind = gr.Radio(
                        [GIF, MP4], value=GIF, label=text("format"), info=text("format_info"), elem_id="styles-kind"
                    )
                    frames = gr.Slider(4, MAX_FRAMES, 24, step=1, label=text("frames"), info=text("frames_info"))
                    animate = gr.Button(text("animate"), variant="primary", size="sm", elem_id="styles-animate")
                    animation_file = gr.DownloadButton(
                        text("download"), size="sm", visible=False, elem_id="styles-animation-file"
                    )
                with gr.Column(scale=2, min_width=280):
                    gif = gr.Image(
                        label=text("animation"),
                        type="filepath",
                        format="gif",
                        interactive=False,
                        visible=False,
                        height=260,
                        elem_id="styles-gif",
                    )
                    video = gr.Video(
                        label=text("animation"),
                        interactive=False,
                        visible=False,
                        autoplay=True,
                        loop=True,
                        height=260,
                        elem_id="styles-video",
                    )
        with gr.Tab(text("tab_file"), id="file") as file_tab:
            heading("file")
            with gr.Row():
                save = gr.Button(text("save_style"), size="sm", elem_id="styles-save")
                load = gr.UploadButton(
                    text("load_style"), file_types=[".json"], size="sm", type="filepath", elem_id="styles-load"
                )
            saved = gr.JSON(label=text("current_style"), max_height=260, elem_id="styles-json")

    where = [*content.inputs, model]
    drawn = [current, result, timing]
    placed = [base, source, *drawn, *axes]
    ends = [*where, end_a, end_b]
    heavy: dict[str, Any] = {"concurrency_id": DEVICE_QUEUE, "concurrency_limit": 1}
    live: dict[str, Any] = {**heavy, "trigger_mode": "always_last", "show_progress": "hidden"}
    private: dict[str, Any] = {"api_visibility": "private"}
    cosmetic: dict[str, Any] = {**private, "show_progress": "hidden"}

    gridded = [sheet, corners, chosen]

    # The current style.
    showing = [*where, base, current, shown]
    # What was drawn with another model goes.
    remodelled = model.change(
        lambda: (gr.Tabs(selected="row"), *[None] * 5), None, [sections, *gridded, strip, mixed], **cosmetic
    )
    for event in (content.shown, remodelled):
        event.then(actions.show, showing, placed, **private, **live).then(
            actions.style_row, [*where, current], row, **private, **live
        )
    gr.on([axis.input for axis in axes], actions.render_style, [*where, base, *axes], drawn, **live)
    gr.on(
        [origin.input, seed.change, temperature.release, exemplar.change],
        actions.start_style,
        [*where, shown, origin, seed, temperature, exemplar],
        placed,
        **live,
    )
    reset.click(actions.reset_style, [*where, base, shown], placed, **live)
    shown.change(actions.show_axes, [model, shown], axes, **cosmetic)
    origin.change(_show_groups, origin, [sampling, exemplar_group], **cosmetic)
    for button, number in ((dice, seed), (corner_dice, corner_seed)):
        roll(button, number)

    # The sections below it draw when they are opened, and by their buttons.
    draw_row.click(actions.style_row, [*where, current], row, **heavy)
    gr.on([draw_grid.click, corner_seed.change], actions.style_grid, [*where, current, corner_seed], gridded, **heavy)
    grid_tab.select(actions.show_grid, [*where, current, corner_seed, corners], gridded, **private, **heavy)
    taken = sheet.select(actions.take_cell, [*where, corners, shown], [*placed, chosen], **private, **live)
    ends_tab.select(actions.style_strip, [*ends, length], strip, **private, **heavy).then(
        actions.mix_styles, [*ends, *bands], [mixed, mixed_line], **private, **heavy
    )
    length.release(actions.style_strip, [*ends, length], strip, **heavy)
    gr.on([band.input for band in bands], actions.mix_styles, [*ends, *bands], [mixed, mixed_line], **heavy)
    for button, end, name in ((to_a, end_a, "a"), (to_b, end_b, "b")):
        button.click(actions.use_style, current, end, api_name=f"use_as_{name}").then(
            lambda: gr.Tabs(selected="ends"), None, sections, **cosmetic
        ).then(actions.style_strip, [*ends, length], strip, **private, **heavy).then(
            actions.mix_styles, [*ends, *bands], [mixed, mixed_line], **private, **heavy
        )
    animate.click(actions.animate_styles, [*ends, kind, frames], [gif, video, animation_file], **heavy)
    file_tab.select(actions.save_style, [model, current], saved, **cosmetic)
    save.click(actions.save_style, [model, current], saved).success(
        None, saved, None, js=download_json("style-${value.model}"), **private
    )
    loaded = load.upload(actions.load_style, [*where, shown, load], placed, **live)
    loaded.success(actions.save_style, [model, current], saved, **cosmetic)
    # A style from elsewhere is none of the three to start from.
    for event in (taken, loaded):
        event.success(lambda: None, None, origin, **cosmetic)

    def draw_after(event: Dependency) -> Dependency:
        return event.then(lambda: None, None, origin, **cosmetic).then(
            actions.reset_style, [*where, base, shown], placed, **private, **live
        )

    return StylesInputs(content.picture, content.crop, model, base, current, draw_after)


def _picture(label: str, elem_id: str, height: int | None = None) -> gr.Image:
    """A picture that the page shows and no one uploads."""
    return gr.Image(
        label=text(label),
        show_label=False,  # it would lie on the picture
        format="png",
        type="pil",
        interactive=False,
        height=height,
        min_width=150,
        buttons=["download", "fullscreen"],
        elem_id=elem_id,
        elem_classes="fills" if height else None,
    )


def _show_groups(origin: str | None) -> tuple[gr.Group, gr.Group]:
    """The inputs that go with a way to start."""
    return gr.Group(visible=origin == BY_SAMPLE), gr.Group(visible=origin == BY_EXEMPLAR)


class StyleActions:
    """What the tab's events do.  It knows the models and holds nothing of a visitor's."""

    def __init__(self, models: Models, scratch: Scratch) -> None:
        self._models = models
        self._scratch = scratch

    @with_notices
    def show(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        current: Style | None,
        shown: float,
    ) -> list[Any]:
        """Draw the picture in the current style; where the model has none yet, in the one to start from."""
        if not path:
            return [gr.skip(), None, gr.skip(), None, "", *[gr.skip()] * MAX_AXES]
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if current is None or current.model != model_name:
            return self._placed(translator, seen, _fitting(translator, model_name, base), shown)
        picture, line = _draw(translator, seen, current.code)
        return [gr.skip(), seen, gr.skip(), picture, line, *[gr.skip()] * MAX_AXES]

    @with_notices
    def render_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        *coordinates: float,
    ) -> tuple[Style, Image.Image, str]:
        """Render a picture in the style at these coordinates.  What the axes do not span is the starting style's.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            base: the style that was started from; the mean, until one is.
            coordinates: 12 places along the principal axes, in standard deviations from the mean.

        Returns:
            The picture, and a line on time.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        started = _fitting(translator, model_name, base).code
        if not all(math.isfinite(coordinate) for coordinate in coordinates):
            raise gr.Error("Coordinates are numbers of standard deviations, such as 1.5.")
        # Differences from where the sliders stood: a slider moved back restores the style bit for bit.
        stood = torch.tensor(_stand(translator, started), dtype=torch.float64)
        offsets = torch.tensor(coordinates[: len(stood)], dtype=torch.float64) - stood
        moved = Style.of(model_name, translator.style_space.moved(started, offsets.float()))
        return moved, *_draw(translator, seen, moved.code)

    @with_notices
    def start_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        shown: float,
        origin: str | None,
        seed: float,
        temperature: float,
        exemplar_path: str | None,
    ) -> list[Any]:
        """Start from the mean style, a drawn one, or a target picture's, and put the sliders where it is.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
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
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if origin == BY_EXEMPLAR:
            if not exemplar_path:
                raise gr.Error(notice("no_exemplar"))
            code = translator.style_of(open_upload(exemplar_path))
        elif origin == BY_SAMPLE:
            code = translator.sample(1, read_seed(seed), min(max(temperature, 0.0), 1.5))
        else:
            code = translator.mean_style()
        return self._placed(translator, seen, Style.of(model_name, code), shown)

    @with_notices
    def reset_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        shown: float,
    ) -> list[Any]:
        """Put the sliders back to the starting style and draw it.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            base: the style that was started from; the mean, until one is.
            shown: how many axes to show, 1 to 12.

        Returns:
            The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        return self._placed(translator, seen, _fitting(translator, model_name, base), shown)

    @with_notices
    def show_axes(self, model_name: str, shown: float) -> list[gr.Slider]:
        """Show the first axes only."""
        axes = min(int(shown), len(self._models.get(model_name).style_space.axes))
        return [gr.Slider(visible=number < axes) for number in range(MAX_AXES)]

    @with_notices
    def style_row(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
    ) -> Image.Image | None:
        """Render the picture and several examples in the current style.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.

        Returns:
            Sources in the upper row, the picture first; under each its translation.
        """
        translator = self._models.get(model_name)
        size = translator.resolution
        sources = [images.cut(open_upload(example), size, CENTRE) for example in source_examples()[1::2]]
        if path:
            sources.insert(0, read_content(size, path, zoom, across, down))
        style = _fitting(translator, model_name, current).code[None]
        rendered = [translator.render(translator.plan(seen), style)[0] for seen in sources]
        return _sheet([sources, rendered])

    @with_notices
    def style_grid(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
        seed: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """Render a 7x7 grid of styles, bilinear between the current style (top left) and three drawn ones.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.
            seed: the same seed draws the same three corners.
            progress: shown on the page.

        Returns:
            The grid as one picture, and the picture in the current style.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        corners = (
            _fitting(translator, model_name, current),
            *(Style.of(model_name, code) for code in translator.sample(3, read_seed(seed))),
        )
        return self._gridded(translator, seen, corners, progress)

    @with_notices
    def show_grid(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
        seed: float,
        corners: tuple[Style, ...] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """Draw the grid when its section is opened: the one that was there, so that one may come back to it."""
        if corners is None or corners[0].model != model_name:
            return self.style_grid(path, zoom, across, down, model_name, current, seed, progress)
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        return self._gridded(translator, seen, corners, progress)

    @with_notices
    def take_cell(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        corners: tuple[Style, ...] | None,
        shown: float,
        clicked: gr.SelectData,
    ) -> list[Any]:
        """Make the style of a clicked cell the one to go on from."""
        if corners is None or corners[0].model != model_name:
            raise gr.Error("This grid belongs to another model; draw it again.")
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        column, row = (min(int(pixel) // (CELL + GAP), GRID_SIZE - 1) for pixel in clicked.index)
        codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
        placed = self._placed(translator, seen, Style.of(model_name, codes[row, column]), shown)
        return [*placed, placed[3]]

    @with_notices
    def use_style(self, current: Style | None) -> Style | None:
        """Make the current style one end of the way from A to B."""
        return current

    @with_notices
    def style_strip(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        length: float,
    ) -> Image.Image:
        """Render a picture in styles in equal steps from A to B.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            length: how many pictures, 2 to 15.

        Returns:
            The pictures in one row.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        count = min(max(int(length), 2), MAX_STRIP)
        codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), count)
        return _sheet([translator.render(translator.plan(seen), codes)])

    @with_notices
    def mix_styles(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        coarse: str,
        middle: str,
        fine: str,
    ) -> tuple[Image.Image, str]:
        """Render a picture with the generator's coarse, middle and fine levels each in style A or B.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            coarse: "A" or "B", for the coarse levels.
            middle: "A" or "B", for the middle levels.
            fine: "A" or "B", for the fine levels.

        Returns:
            A, the mixture and B in one row, and a line that says which levels are whose.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        code_a, code_b = _ends(translator, model_name, end_a, end_b)
        sizes = translator.networks.generator.params.sizes
        codes = {"A": code_a, "B": code_b}
        mixture = styles.mix(codes[coarse], codes[middle], codes[fine], len(sizes))
        three = torch.stack([code_a.expand_as(mixture), mixture, code_b.expand_as(mixture)])
        pictures = translator.render(translator.plan(seen), three)
        parts = []
        for number, (name, choice) in enumerate(zip(BANDS, (coarse, middle, fine), strict=True)):
            its = [str(size) for level, size in enumerate(sizes) if styles.band(level, len(sizes)) == number]
            parts.append(f"{name} levels ({', '.join(its)} px) from {choice}")
        return _sheet([pictures]), "  ·  ".join(parts)

    @with_notices
    def animate_styles(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        kind: str,
        frames: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[gr.Image, gr.Video, gr.DownloadButton]:
        """Make an animation of a picture whose style goes from A to B and back.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            kind: "GIF" or "MP4".
            frames: how many from A to B, 4 to 60; those between are shown again on the way back.
            progress: shown on the page.

        Returns:
            The GIF or nothing, the MP4 or nothing, and the file.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        count = min(max(int(frames), 4), MAX_FRAMES)
        codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), count)
        there = _render_with_progress(translator, seen, codes, progress)
        file = self._scratch.file(f"styles-{model_name}.{'mp4' if kind == MP4 else 'gif'}")
        images.save_animation([*there, *there[-2:0:-1]], file, FRAME_RATE)
        gif, video = (None, str(file)) if kind == MP4 else (str(file), None)
        return (
            gr.Image(value=gif, visible=gif is not None),
            gr.Video(value=video, visible=video is not None),
            gr.DownloadButton(value=str(file), visible=True),
        )

    @with_notices
    def save_style(self, model_name: str, current: Style | None) -> dict[str, object]:
        """Give the current style as JSON, to be loaded again with the same model.

        Args:
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.

        Returns:
            The style: model, sha256 of its weights, numbers.
        """
        style = _fitting(self._models.get(model_name), model_name, current)
        return style.to_json(weights.digest(zoo.find(model_name).path))

    @with_notices
    def load_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        shown: float,
        file: str,
    ) -> list[Any]:
        """Start from a style that was saved as JSON.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            shown: how many axes to show, 1 to 12.
            file: the JSON file.

        Returns:
            The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if Path(file).stat().st_size > MAX_JSON_BYTES:
            raise StyleError("this is not a saved style; give a JSON file that the Styles tab wrote.")
        text = Path(file).read_text(encoding="utf-8", errors="replace")
        length = translator.style_bank.shape[1]
        style = Style.from_json(text, model_name, weights.digest(zoo.find(model_name).path), length)
        return self._placed(translator, seen, style, shown)

    def _placed(self, translator: Translator, seen: Image.Image, base: Style, shown: float) -> list[Any]:
        """Start from a style: the state, source and picture, and the sliders where the style is."""
        space = translator.style_space
        stand = _stand(translator, base.code)
        sliders = []
        for number in range(MAX_AXES):
            if number >= len(stand):
                sliders.append(gr.Slider(visible=False))
                continue
            reach = max(REACH, math.ceil(abs(stand[number])))
            share = 100 * space.shares[number].item()
            sliders.append(
                gr.Slider(
                    minimum=-reach,
                    maximum=reach,
                    value=stand[number],
                    label=f"{text('axis')} {number + 1} · {share:.{0 if share >= 1 else 1}f} %",
                    visible=number < int(shown),
                )
            )
        return [base, seen, base, *_draw(translator, seen, base.code), *sliders]

    def _gridded(
        self, translator: Translator, seen: Image.Image, corners: tuple[Style, ...], progress: gr.Progress
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """The grid between four styles, its corners, and the first corner's picture."""
        codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
        pictures = _render_with_progress(translator, seen, codes.flatten(0, 1), progress)
        rows = [pictures[start : start + GRID_SIZE] for start in range(0, len(pictures), GRID_SIZE)]
        return _sheet(rows), corners, pictures[0]


def _fitting(translator: Translator, model_name: str, style: Style | None) -> Style:
    """The style, if it belongs to this model; otherwise the model's mean."""
    if style is not None and style.model == model_name:
        return style
    return Style.of(model_name, translator.mean_style())


def _ends(translator: Translator, model_name: str, end_a: Style | None, end_b: Style | None) -> tuple[Tensor, Tensor]:
    """The codes of A and B; where one is not set for this model, a drawn style."""
    drawn = translator.sample(2, ENDS_SEED).cpu()
    code_a, code_b = (
        end.code if end is not None and end.model == model_name else code
        for end, code in zip((end_a, end_b), drawn, strict=True)
    )
    return code_a, code_b


def _stand(translator: Translator, code: Tensor) -> list[float]:
    """Where the sliders stand for a style: its first coordinates, to the sliders' step."""
    coordinates: list[float] = translator.style_space.coordinates(code)[:MAX_AXES].tolist()
    return [round(coordinate, STEP_DIGITS) + 0.0 for coordinate in coordinates]  # no -0.0


def _draw(translator: Translator, seen: Image.Image, code: Tensor) -> tuple[Image.Image, str]:
    """One render of a picture, and a line on its time."""
    plan = translator.plan(seen)
    begun = time.perf_counter()
    (picture,) = translator.render(plan, code[None])
    milliseconds = 1000 * (time.perf_counter() - begun)
    line = notice(
        "render_time",
        count=1,
        each=round(milliseconds),
        resolution=translator.resolution,
        device=translator.device.type,
    )
    return picture, line


def _render_with_progress(
    translator: Translator, seen: Image.Image, codes: Tensor, progress: gr.Progress
) -> list[Image.Image]:
    """A picture in many styles (B, D), telling how far it is."""
    plan = translator.plan(seen)
    pictures: list[Image.Image] = []
    for batch in codes.split(RENDER_BATCH):
        progress((len(pictures), len(codes)), desc="Rendering", unit="pictures")
        pictures += translator.render(plan, batch)
    return pictures


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Rows of pictures on a ground that suits a light and a dark page."""
    return images.sheet(rows, CELL, gap=GAP, ground=SHEET_GROUND)
