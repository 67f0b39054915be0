"""Directions: sliders move every class of a row along the principal axes.  Layout and actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from gpunit import images, zoo
from gpunit.files import digest
from gpunit.prior.table import PRETRAINED, WEIGHTS_NAME
from gpunit.ui.components import heading, shown_picture
from gpunit.ui.events import LIVE, ON_DEVICE, PRIVATE, QUIET, download_json, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior.marking import first_layer
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import grid_sheet, headings
from gpunit.ui.prior.rows import MAX_ROWS, Row, add_row, as_row, chosen, codes_of, read_rows
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from gpunit.prior.biggan import LatentCodes, Prior
    from gpunit.prior.directions import Axes, Move

AXES = 6
LIMIT = 3.0
_kept: dict[str, Axes] = {}


def axes_of(prior: Prior, prior_name: str) -> Axes:
    """The axes of a prior's features at 8x8; those of its first layer, which is linear, are hardly told apart."""
    from gpunit.prior.directions import kept_axes

    if prior_name not in _kept:
        known = prior_name if prior_name in PRETRAINED else ""
        weights = zoo.stored(prior_name) / WEIGHTS_NAME
        _kept[prior_name] = kept_axes(prior, digest(weights) if weights.is_file() else known, first_layer(prior_name))
    return _kept[prior_name]


def open_axes(models: Models, prior_name: str, notes: list[dict[str, Any]]) -> list[Any]:
    """The sliders' labels: names and shares of the variance."""
    shares = axes_of(models.prior(prior_name), prior_name).shares.tolist()
    return [
        gr.update(
            label=_note(notes, axis).get("name") or notice("axis_number", number=axis + 1),
            info=notice("axis_share", share=f"{100 * shares[axis]:.0f}"),
        )
        for axis in range(AXES)
    ]


def move_row(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    row: float,
    shown: list[Row],
    notes: list[dict[str, Any]],
    *amounts: float,
) -> Image.Image:
    """Render a row moved along the axes, in every class at once."""
    prior = models.prior(prior_name)
    codes = _moved(prior, prior_name, _row(shown, seed, row), truncation, notes, amounts)
    (rendered,) = prior.grid(codes, prior.columns(chosen(classes)))
    return grid_sheet([images.to_pictures(rendered)], headings(chosen(classes)))


def move_along(
    models: Models,
    prior_name: str,
    classes: list[str],
    moves: str,
    truncation: float = 0.7,
    seed: float = 1,
    row: float = 1,
) -> Image.Image:
    """Render a latent code moved along principal axes, in every class at once.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        moves: axis and amount in standard deviations, such as "1:1.5,3:-2@0-4", with a range of layers after the @.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid.
        row: the latent code, counted from 1, at most 8.

    Returns:
        One picture per class.
    """
    from gpunit.prior.directions import moved, read_move

    prior = models.prior(prior_name)
    codes = codes_of(prior, [_row([], seed, row)], truncation)
    asked = [read_move(part) for part in moves.split(",") if part.strip()]
    codes = moved(codes, axes_of(prior, prior_name), asked, len(prior.layers))
    (rendered,) = prior.grid(codes, prior.columns(chosen(classes)))
    return grid_sheet([images.to_pictures(rendered)], headings(chosen(classes)))


def keep_moved(
    models: Models,
    prior_name: str,
    truncation: float,
    seed: float,
    row: float,
    shown: list[Row],
    kept: list[str],
    notes: list[dict[str, Any]],
    *amounts: float,
) -> tuple[list[Row], Any, Any]:
    """Give the moved code a row of its own in the grid."""
    prior = models.prior(prior_name)
    codes = _moved(prior, prior_name, _row(shown, seed, row), truncation, notes, amounts)
    return add_row(shown, kept, as_row(notice("moved_row", row=whole(row, 1, MAX_ROWS)), codes.codes[0]))


def note_axis(notes: list[dict[str, Any]], axis: float, name: str, first: float, last: float) -> list[dict[str, Any]]:
    """Remember an axis' name and range of layers."""
    low, high = sorted((whole(first, 0, 99), whole(last, 0, 99)))
    index = whole(axis, 1, AXES) - 1
    return [
        {"name": name.strip()[:40], "first": low, "last": high} if other == index else _note(notes, other)
        for other in range(AXES)
    ]


def save_axes(prior_name: str, notes: list[dict[str, Any]], *amounts: float) -> dict[str, Any]:
    """The axes' names, layers and amounts, for a file."""
    from gpunit.prior.directions import moves_as_json

    return moves_as_json(_moves(notes, amounts, 99), first_layer(prior_name), prior_name)


def load_axes(prior_name: str, file: str | None) -> list[Any]:
    """Names, layers and amounts as a file has them."""
    from gpunit.prior.directions import read_moves

    if not file:
        return [gr.skip()] * (AXES + 1)
    moves, layer = read_moves(Path(file))
    if layer != first_layer(prior_name):
        raise gr.Error(notice("other_axes"))
    by_axis = {move.axis - 1: move for move in moves}
    notes = [
        {"name": by_axis[i].name, "first": by_axis[i].first, "last": by_axis[i].last} if i in by_axis else {}
        for i in range(AXES)
    ]
    return [notes, *(clamped(by_axis[i].amount, -LIMIT, LIMIT) if i in by_axis else 0.0 for i in range(AXES))]


def _note(notes: list[dict[str, Any]], axis: int) -> dict[str, Any]:
    return notes[axis] if axis < len(notes) else {}


def _moves(notes: list[dict[str, Any]], amounts: tuple[float, ...], most: int) -> list[Move]:
    from gpunit.prior.directions import Move

    moves = []
    for axis, amount in enumerate(amounts):
        note = _note(notes, axis)
        last = note.get("last")
        moves.append(
            Move(
                axis + 1,
                clamped(amount, -LIMIT, LIMIT),
                min(note.get("first") or 0, most),
                None if last is None or last >= most else last,
                note.get("name") or "",
            )
        )
    return moves


def _moved(
    prior: Prior,
    prior_name: str,
    row: Row,
    truncation: float,
    notes: list[dict[str, Any]],
    amounts: tuple[float, ...],
) -> LatentCodes:
    from gpunit.prior.directions import moved

    layers = len(prior.layers)
    moves = _moves(notes, amounts, layers - 1)
    return moved(codes_of(prior, [row], truncation), axes_of(prior, prior_name), moves, layers)


def _row(shown: list[Row], seed: float, row: float) -> Row:
    rows = read_rows(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)]
    return rows[whole(row, 1, len(rows)) - 1]


def build_directions(tab: gr.Tab, grid: GridParts, models: Models) -> None:
    """Lay out the section inside its tab, and wire it."""
    heading("directions")
    notes: gr.State = gr.State([])
    row = gr.Slider(1, MAX_ROWS, 1, step=1, label=text("moved_from"), info=text("moved_from_info"))
    with gr.Row():
        sliders = [
            gr.Slider(
                -LIMIT, LIMIT, 0, step=0.1, label=text("prior_axis"), info=text("axis_info"), elem_id=f"prior-axis-{i}"
            )
            for i in range(1, AXES + 1)
        ]
    picture = shown_picture("directions", "prior-moved")
    with gr.Row():
        keep = gr.Button(text("keep_moved"), variant="primary", size="sm", elem_id="prior-keep-moved")
        reset = gr.Button(text("reset_axes"), size="sm")
    with gr.Accordion(text("axis_notes"), open=False):
        with gr.Row():
            axis = gr.Slider(1, AXES, 1, step=1, label=text("prior_axis"), info=text("axis_which"))
            name = gr.Textbox(label=text("axis_name"), max_length=40, elem_id="prior-axis-name")
            first = gr.Slider(0, 16, 0, step=1, label=text("layer_first"), info=text("layer_first_info"))
            last = gr.Slider(0, 16, 16, step=1, label=text("layer_last"), info=text("layer_last_info"))
        with gr.Row():
            note = gr.Button(text("note_axis"), size="sm", elem_id="prior-note-axis")
            save = gr.Button(text("save_axes"), size="sm", elem_id="prior-save-axes")
            load = gr.UploadButton(
                text("load_axes"), file_types=[".json"], size="sm", type="filepath", elem_id="prior-load-axes"
            )
    saved = gr.JSON(visible=False)
    code = [grid.prior, grid.classes, grid.truncation, grid.seed, row, grid.row_names, notes, *sliders]
    labels: list[Any] = [endpoint(open_axes, models), [grid.prior, notes], sliders]
    render: list[Any] = [endpoint(move_row, models), code, picture]
    selected: Any = tab.select
    selected(*labels, **QUIET, **ON_DEVICE).success(*render, **QUIET, **ON_DEVICE)
    gr.on([slider.change for slider in sliders] + [row.release], *render, **PRIVATE, **LIVE)
    kept = keep.click(
        endpoint(keep_moved, models),
        [grid.prior, grid.truncation, grid.seed, row, grid.row_names, grid.kept, notes, *sliders],
        [grid.row_names, grid.rows, grid.kept],
        **QUIET,
        **ON_DEVICE,
    )
    grid.redraw(kept)
    reset.click(lambda: [0.0] * AXES, None, sliders, **QUIET)
    noted = note.click(note_axis, [notes, axis, name, first, last], notes, **QUIET)
    noted.success(*labels, **QUIET, **ON_DEVICE).success(*render, **QUIET, **ON_DEVICE)
    save.click(endpoint(save_axes), [grid.prior, notes, *sliders], saved, **QUIET).success(
        None, saved, None, js=download_json("axes"), **PRIVATE
    )
    loaded = load.upload(endpoint(load_axes), [grid.prior, load], [notes, *sliders], **QUIET)
    loaded.success(*labels, **QUIET, **ON_DEVICE)
    gr.api(endpoint(move_along, models), api_name="move_along", **ON_DEVICE)
