"""Styles tab: walk a style space along its PCA axes, between styles, level by level.  Layout and wiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit.ui.components import AxisNames, heading, picture_input, roll, seed_input
from gpunit.ui.content import ContentPicker, content_picker
from gpunit.ui.events import IN_BROWSER, LIVE, ON_DEVICE, PRIVATE, QUIET, download_json, endpoint
from gpunit.ui.examples import example_path, exemplar_examples
from gpunit.ui.i18n import text
from gpunit.ui.models import Models, usable_choices
from gpunit.ui.styles import actions, sheets
from gpunit.ui.styles.actions import (
    BY_EXEMPLAR,
    BY_MEAN,
    BY_SAMPLE,
    MAX_AXES,
    MOST_TEMPERATURE,
    STEP_DIGITS,
    WIDEST,
)
from gpunit.ui.styles.sections import (
    EndsSection,
    FileSection,
    GridSection,
    RowSection,
    lay_out_ends,
    lay_out_file,
    lay_out_grid,
    lay_out_row,
    styles_picture,
)
from gpunit.ui.thumbnails import NAME_OF_PICTURE, example_choice

FIRST_AXES = 6
# The endpoints "style_row_2", "style_strip_1", "mix_styles_1" and "save_style_1" are called so since they exist: Gradio
# numbered them, for the page's own events do the same.


@dataclass(frozen=True)
class StylesInputs:
    """What another tab sets to open a picture, a model and a style here.

    Attributes:
        picture: the content picture's file.
        crop: zoom, across, down.
        model: the translator's name.
        base, current: states.  The `Style` to start from goes into both: what is rendered while the tab is opening
            shows the current one.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    model: gr.Dropdown
    base: gr.State
    current: gr.State
    _show_after: Callable[[Dependency], Dependency]

    @property
    def taken(self) -> list[gr.components.Component]:
        """All of them: picture, zoom, across, down, model, and the style twice."""
        return [self.picture, *self.crop, self.model, self.base, self.current]

    def show_after(self, event: Dependency) -> Dependency:
        """After an event that has set what is `taken`, put the sliders where the style is and render it."""
        return self._show_after(event)


@dataclass(frozen=True)
class _Origin:
    choice: gr.Radio
    sampling: gr.Group
    seed: gr.Number
    temperature: gr.Slider
    dice: gr.Button
    exemplar_group: gr.Group
    exemplar: gr.Image


@dataclass(frozen=True)
class _Result:
    source: gr.Image
    picture: gr.Image
    timing: gr.Markdown
    axes: list[gr.Slider]
    ends: list[gr.HTML]
    shown: gr.Slider
    reset: gr.Button
    to_a: gr.Button
    to_b: gr.Button


@dataclass(frozen=True)
class _Tab:
    """All parts of the tab, and its states.

    Attributes:
        base, current: the `Style` that was started from, and the one that is shown.
        end_a, end_b: the `Style`s A and B, once they are chosen.
        corners: the grid's four `Style`s, once it is rendered.
    """

    content: ContentPicker
    model: gr.Dropdown
    origin: _Origin
    result: _Result
    sections: gr.Tabs
    row: RowSection
    grid: GridSection
    ends: EndsSection
    file: FileSection
    base: gr.State
    current: gr.State
    end_a: gr.State
    end_b: gr.State
    corners: gr.State

    @property
    def source(self) -> list[gr.components.Component]:
        """Picture and model, as every action takes them."""
        return [*self.content.inputs, self.model]

    @property
    def placed(self) -> list[gr.components.Component]:
        """What starting from a style sets."""
        result = self.result
        return [self.base, result.source, self.current, result.picture, result.timing, *result.axes]

    @property
    def gridded(self) -> list[gr.components.Component]:
        """What rendering the grid sets."""
        return [self.grid.picture, self.corners, self.grid.current]


def build(tab: gr.Tab, models: Models) -> StylesInputs:
    """Lay out the tab, which is being built, and wire its events."""
    choices = usable_choices()
    base, current, end_a, end_b, corners = (gr.State(None) for _ in range(5))

    with gr.Row(elem_classes="workbench", equal_height=False):
        with gr.Column(elem_classes="source", min_width=0):
            content = content_picker("styles-", tab, models)
            model = gr.Dropdown(
                choices, value=choices[0][1], label=text("model"), info=text("model_info"), elem_id="styles-model"
            )
            origin = _lay_out_origin()
        with gr.Column(min_width=0):
            result = _lay_out_result()
            names = AxisNames(choices[0][1], "styles-axes", "styles-axis-", elem_classes="unseen")
    model.change(None, model, names, js="(model) => model", **IN_BROWSER)
    with gr.Tabs(elem_id="styles-sections") as sections:
        with gr.Tab(text("tab_row"), id="row"):
            row = lay_out_row()
        with gr.Tab(text("tab_grid"), id="grid") as grid_tab:
            grid = lay_out_grid(grid_tab)
        with gr.Tab(text("tab_ends"), id="ends") as ends_tab:
            ends = lay_out_ends(ends_tab)
        with gr.Tab(text("tab_file"), id="file") as file_tab:
            file = lay_out_file(file_tab)

    parts = _Tab(
        *(content, model, origin, result, sections, row, grid, ends, file),
        *(base, current, end_a, end_b, corners),
    )
    _wire_current(parts, models)
    _wire_grid(parts, models)
    _wire_ends(parts, models)
    _wire_file(parts, models)

    def show_after(event: Dependency) -> Dependency:
        return event.then(lambda: None, None, origin.choice, **QUIET).then(
            endpoint(actions.reset_style, models), [*parts.source, base, result.shown], parts.placed, **PRIVATE, **LIVE
        )

    return StylesInputs(content.picture, content.crop, model, base, current, show_after)


def _lay_out_origin() -> _Origin:
    exemplars = exemplar_examples()
    heading("styles_origin")
    choice = gr.Radio(
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
        elem_classes="segments",
    )
    with gr.Group(visible=False) as sampling:
        seed = seed_input(0, "styles-seed", info="seed_style_info")
        temperature = gr.Slider(
            0, MOST_TEMPERATURE, 1, step=0.05, label=text("temperature"), info=text("temperature_info")
        )
        dice = gr.Button(text("new_seed"), size="sm")
    with gr.Group(visible=False) as exemplar_group:
        exemplar = picture_input(
            value=exemplars[0] if exemplars else None,
            label=text("exemplar"),
            show_label=False,
            height=200,
            elem_id="styles-exemplar",
            placeholder=text("drop_exemplar"),
        )
        picks = example_choice(exemplars, next(iter(exemplars), None), "exemplar_examples", "styles-exemplars")
        exemplar.change(None, exemplar, picks, js=NAME_OF_PICTURE, **IN_BROWSER)
        picks.input(example_path, picks, exemplar, **QUIET)
    return _Origin(choice, sampling, seed, temperature, dice, exemplar_group, exemplar)


def _lay_out_result() -> _Result:
    heading("styles_result")
    with gr.Row(elem_classes="pair"):
        source = styles_picture("styles_source", "styles-source", fills=True)
        picture = styles_picture("styles_result", "styles-result", fills=True)
    timing = gr.Markdown(elem_classes="quiet", elem_id="styles-timing")
    heading("axes")
    axes, ends = [], []
    with gr.Row(elem_id="styles-axes", elem_classes="axes"):
        for number in range(MAX_AXES):
            with gr.Column(elem_classes="axis", min_width=0):
                ends.append(gr.HTML(elem_classes="ends", elem_id=f"styles-ends-{number + 1}"))
                axes.append(
                    gr.Slider(
                        *(-WIDEST, WIDEST, 0),
                        step=10**-STEP_DIGITS,
                        label=f"{text('axis')} {number + 1}",
                        visible=number < FIRST_AXES,
                        buttons=[],
                        elem_id=f"styles-axis-{number + 1}",
                    )
                )
    shown = gr.Slider(
        1, MAX_AXES, FIRST_AXES, step=1, label=text("axes_shown"), info=text("axes_shown_info"), buttons=[]
    )
    with gr.Row(elem_classes="acts"):
        reset = gr.Button(text("reset"), size="sm", min_width=80, elem_id="styles-reset")
        to_a = gr.Button(text("use_a"), size="sm", min_width=80, elem_id="styles-to-a")
        to_b = gr.Button(text("use_b"), size="sm", min_width=80, elem_id="styles-to-b")
    return _Result(source, picture, timing, axes, ends, shown, reset, to_a, to_b)


def _wire_current(tab: _Tab, models: Models) -> None:
    origin, result, row = tab.origin, tab.result, tab.row
    showing = [*tab.source, tab.base, tab.current, result.shown]
    render_row: list[Any] = [endpoint(sheets.style_row, models), [*tab.source, tab.current], row.picture]
    # What was made with another model goes.
    remodelled = tab.model.change(
        lambda: (gr.Tabs(selected="row"), *[None] * 5),
        None,
        [tab.sections, *tab.gridded, tab.ends.strip, tab.ends.mixed],
        **QUIET,
    )
    ends: list[Any] = [endpoint(actions.draw_ends, models), [*tab.source, tab.base, result.shown], result.ends]
    for event in (tab.content.changed, remodelled):
        event.then(endpoint(actions.show, models), showing, tab.placed, **PRIVATE, **LIVE).then(
            *ends, **PRIVATE, **LIVE
        ).then(*render_row, **PRIVATE, **LIVE)
    gr.on([tab.base.change], *ends, **PRIVATE, **LIVE)
    gr.on(
        [axis.input for axis in result.axes],
        endpoint(actions.render_style, models),
        [*tab.source, tab.base, *result.axes],
        [tab.current, result.picture, result.timing],
        **LIVE,
    )
    gr.on(
        [origin.choice.input, origin.seed.change, origin.temperature.release, origin.exemplar.change],
        endpoint(actions.start_style, models),
        [*tab.source, result.shown, origin.choice, origin.seed, origin.temperature, origin.exemplar],
        tab.placed,
        **LIVE,
    )
    result.reset.click(endpoint(actions.reset_style, models), [*tab.source, tab.base, result.shown], tab.placed, **LIVE)
    result.shown.change(endpoint(actions.show_axes, models), [tab.model, result.shown], result.axes, **QUIET).then(
        *ends, **PRIVATE, **LIVE
    )
    origin.choice.change(
        endpoint(actions.show_groups), origin.choice, [origin.sampling, origin.exemplar_group], **QUIET
    )
    roll(origin.dice, origin.seed)
    gr.on([row.render.click], *render_row, api_name="style_row_2", **ON_DEVICE)


# The sections render when they are opened, and by their buttons.


def _wire_grid(tab: _Tab, models: Models) -> None:
    grid, gridding = tab.grid, [*tab.source, tab.current, tab.grid.seed]
    roll(grid.dice, grid.seed)
    gr.on(
        [grid.render.click, grid.seed.change], endpoint(sheets.style_grid, models), gridding, tab.gridded, **ON_DEVICE
    )
    grid.tab.select(endpoint(sheets.show_grid, models), [*gridding, tab.corners], tab.gridded, **PRIVATE, **ON_DEVICE)
    taken = grid.picture.select(
        endpoint(sheets.take_cell, models),
        [*tab.source, tab.corners, tab.result.shown],
        [*tab.placed, grid.current],
        **PRIVATE,
        **LIVE,
    )
    _leave_origin(tab, taken)


def _wire_ends(tab: _Tab, models: Models) -> None:
    result, parts, ends = tab.result, tab.ends, [*tab.source, tab.end_a, tab.end_b]
    strip: list[Any] = [endpoint(sheets.style_strip, models), [*ends, parts.length], parts.strip]
    mix: list[Any] = [endpoint(sheets.mix_styles, models), [*ends, *parts.bands], [parts.mixed, parts.line]]
    gr.on([parts.tab.select], *strip, **PRIVATE, **ON_DEVICE).then(*mix, **PRIVATE, **ON_DEVICE)
    gr.on([parts.length.release], *strip, api_name="style_strip_1", **ON_DEVICE)
    gr.on([band.input for band in parts.bands], *mix, api_name="mix_styles_1", **ON_DEVICE)
    for button, end, name in ((result.to_a, tab.end_a, "a"), (result.to_b, tab.end_b, "b")):
        button.click(endpoint(actions.use_style), tab.current, end, api_name=f"use_as_{name}").then(
            lambda: gr.Tabs(selected="ends"), None, tab.sections, **QUIET
        ).then(*strip, **PRIVATE, **ON_DEVICE).then(*mix, **PRIVATE, **ON_DEVICE)
    parts.animate.click(
        endpoint(sheets.animate_styles, models),
        [*ends, parts.kind, parts.frames],
        [parts.gif, parts.video, parts.file],
        **ON_DEVICE,
    )


def _wire_file(tab: _Tab, models: Models) -> None:
    file = tab.file
    saving: list[Any] = [endpoint(actions.save_style, models), [tab.model, tab.current], file.saved]
    file.tab.select(*saving, **QUIET)
    gr.on([file.save.click], *saving, api_name="save_style_1").success(
        None, file.saved, None, js=download_json("style-${value.model}"), **PRIVATE
    )
    loaded = file.load.upload(
        endpoint(actions.load_style, models), [*tab.source, tab.result.shown, file.load], tab.placed, **LIVE
    )
    loaded.success(*saving, **QUIET)
    _leave_origin(tab, loaded)


def _leave_origin(tab: _Tab, event: Dependency) -> None:
    """After an event that sets a style from elsewhere: it is none of the three to start from."""
    event.success(lambda: None, None, tab.origin.choice, **QUIET)
