"""Styles tab: walk the style space of a translator along its PCA axes, between styles, and level by level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit.engine.styles import BANDS
from gpunit.ui.components import roll, seed_input
from gpunit.ui.content import content_picker, exemplar_examples, usable_choices
from gpunit.ui.i18n import text
from gpunit.ui.models import DEVICE_QUEUE, Models, heading, picture_input
from gpunit.ui.server.scratch import Scratch
from gpunit.ui.sharing import download_json
from gpunit.ui.styles.actions import (
    BY_EXEMPLAR,
    BY_MEAN,
    BY_SAMPLE,
    GIF,
    MAX_AXES,
    MAX_FRAMES,
    MAX_STRIP,
    MP4,
    REACH,
    STEP_DIGITS,
    StyleActions,
)

FIRST_AXES = 6
STRIP_LENGTH = 9


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
    choices = usable_choices()
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
