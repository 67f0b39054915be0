"""Inside the generator: layout and wiring of the section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gpunit.ui.components import Brush, heading, shown_gallery, shown_picture
from gpunit.ui.events import LIVE, ON_DEVICE, QUIET, endpoint
from gpunit.ui.i18n import text
from gpunit.ui.models import Models
from gpunit.ui.prior import inside
from gpunit.ui.prior.inside import ALL, MOST_UNITS, OFF, ON
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.rows import MAX_ROWS


@dataclass(frozen=True)
class _Looking:
    row: gr.Slider
    layer: gr.Dropdown
    unit: gr.Number
    rank: gr.Button
    picture: gr.Image
    line: gr.Markdown
    gallery: gr.Gallery
    ranked: gr.State


@dataclass(frozen=True)
class _Switching:
    canvas: gr.Image
    base: gr.State
    stroke: Brush
    dabs: gr.JSON
    brush: gr.Slider
    undo: gr.Button
    clear: gr.Button
    units: gr.Textbox
    level: gr.Radio
    go: gr.Button
    picture: gr.Image
    line: gr.Markdown


def build_inside(tab: gr.Tab, grid: GridParts, prior_name: str, models: Models) -> None:
    """Lay out the section inside its tab, and wire it."""
    looking = _lay_out_looking(prior_name)
    switching = _lay_out_switching()
    shared = [grid.prior, grid.classes, grid.truncation, grid.seed, grid.row_names, looking.row, looking.layer]
    show: list[Any] = [
        endpoint(inside.show_activations, models),
        [*shared, looking.unit],
        [looking.picture, switching.base],
    ]
    painted: list[Any] = [
        endpoint(inside.show_paint), [switching.base, switching.dabs], [switching.dabs, switching.canvas]
    ]  # fmt: skip
    changes = [tab.select, looking.row.release, looking.layer.change, looking.unit.change]
    gr.on(changes, *show, api_name="prior_activations", **LIVE).success(*painted, **QUIET)
    looking.rank.click(
        endpoint(inside.rank_units, models),
        shared,
        [looking.gallery, looking.line, looking.ranked],
        api_name="prior_units",
        show_progress_on=looking.line,
        **ON_DEVICE,
    )
    looking.gallery.select(endpoint(inside.pick_unit), looking.ranked, looking.unit, **QUIET)
    grid.prior.change(inside.offer_unit_layers, grid.prior, looking.layer, trigger_mode="once", **QUIET)
    grid.row_names.change(
        lambda rows: gr.update(maximum=max(len(rows), 2)), grid.row_names, looking.row, trigger_mode="once", **QUIET
    )
    _wire_switching(switching, shared, looking.ranked, models)


def _lay_out_looking(prior_name: str) -> _Looking:
    heading("inside")
    with gr.Row():
        row = gr.Slider(
            1, MAX_ROWS, 1, step=1, label=text("inside_row"), info=text("inside_row_info"), elem_id="prior-inside-row"
        )
        layer = gr.Dropdown(
            inside.unit_layers(prior_name),
            value=inside.first_unit_layer(prior_name),
            label=text("inside_layer"),
            info=text("inside_layer_info"),
            elem_id="prior-inside-layer",
        )
        unit = gr.Number(
            ALL,
            label=text("inside_shown"),
            info=text("inside_shown_info"),
            precision=0,
            minimum=ALL,
            maximum=MOST_UNITS,
            elem_id="prior-inside-unit",
        )
    picture = shown_picture("inside", "prior-inside")
    with gr.Row(elem_classes="acts"):
        rank = gr.Button(text("rank_units"), variant="primary", size="sm", elem_id="prior-rank")
    line = gr.Markdown(elem_classes="quiet", elem_id="prior-rank-line")
    gallery = shown_gallery("ranked_units", "prior-units", 6)
    return _Looking(row, layer, unit, rank, picture, line, gallery, gr.State(None))


def _lay_out_switching() -> _Switching:
    heading("switch")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            canvas = shown_picture("paint_canvas", "prior-canvas", elem_classes="fills canvas", buttons=[])
            stroke = Brush("prior-canvas", "prior-brush", elem_id="prior-stroke", elem_classes="unseen")
            brush = gr.Slider(
                2, 40, 16, step=1, label=text("brush"), info=text("brush_info"), buttons=[], elem_id="prior-brush"
            )
            with gr.Row():
                undo = gr.Button(text("undo"), size="sm", min_width=80)
                clear = gr.Button(text("clear"), size="sm", min_width=80, elem_id="prior-clear")
        with gr.Column(scale=3, min_width=320):
            with gr.Row():
                units = gr.Textbox(
                    label=text("switch_units"), info=text("switch_units_info"), max_length=400, elem_id="prior-switched"
                )
                level = gr.Radio(
                    [(text("switch_off"), OFF), (text("switch_on"), ON)],
                    value=OFF,
                    label=text("switch_level"),
                    info=text("switch_level_info"),
                    elem_id="prior-level",
                )
            with gr.Row(elem_classes="acts"):
                go = gr.Button(text("switch_go"), variant="primary", size="sm", elem_id="prior-switch")
            picture = shown_picture("inside", "prior-switched-picture")
            line = gr.Markdown(elem_classes="quiet", elem_id="prior-switch-line")
    dabs = gr.JSON([], visible=False)
    return _Switching(
        canvas, gr.State(None), stroke, dabs, brush, undo, clear, units, level, go, picture, line
    )  # fmt: skip


def _wire_switching(parts: _Switching, shared: list[Any], ranked: gr.State, models: Models) -> None:
    shown = [parts.dabs, parts.canvas]
    parts.stroke.release(endpoint(inside.paint), [parts.base, parts.dabs, parts.brush, parts.stroke], shown, **QUIET)
    parts.undo.click(endpoint(inside.undo_paint), [parts.base, parts.dabs], shown, **QUIET)
    parts.clear.click(endpoint(inside.no_paint), parts.base, shown, **QUIET)
    parts.go.click(
        endpoint(inside.switch_units, models),
        [*shared, parts.units, parts.level, parts.dabs, ranked],
        [parts.picture, parts.line],
        api_name="switch_units",
        **ON_DEVICE,
    )
