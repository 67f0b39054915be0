"""Inside the generator: activations of a layer, its units by how well they follow the object, and units switched."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from gpunit import images
from gpunit.prior.table import last_within, layers_of, read_config
from gpunit.ui.i18n import notice
from gpunit.ui.models import Models
from gpunit.ui.painting import Dabs, more_dabs, painted_region, with_paint
from gpunit.ui.prior import pictures
from gpunit.ui.prior.pictures import CELL, grid_sheet, headings
from gpunit.ui.prior.rows import LOW_TRUNCATION, MAX_ROWS, Row, chosen, codes_of, read_rows
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from gpunit.prior.biggan import Prior
    from gpunit.prior.classes import Column
    from gpunit.prior.units import Levels

ALL = -1
MOST_UNITS = 4096
SHOWN_UNITS = 12
SWITCHED_UNITS = 32
OFF, ON = "off", "on"

# The layer that was ranked, and its first units; None before.
Ranked = dict[str, Any] | None

_KEPT_LEVELS = 16
_levels: OrderedDict[tuple[Any, ...], Levels] = OrderedDict()


def unit_layers(prior_name: str) -> list[tuple[str, int]]:
    """All layers of a prior on this machine, (title, number)."""
    config = read_config(prior_name)
    layers = layers_of(config) if config else ()
    return [(f"{each.number}  ·  {each.size}×{each.size}  ·  {each.channels}", each.number) for each in layers]


def first_unit_layer(prior_name: str) -> int | None:
    """The layer that is shown first: the last at 8x8."""
    config = read_config(prior_name)
    return last_within(layers_of(config)) if config else None


def offer_unit_layers(prior_name: str) -> Any:
    """The layers of another prior; no change while it has to be downloaded."""
    choices = unit_layers(prior_name)
    return gr.update(choices=choices, value=first_unit_layer(prior_name)) if choices else gr.skip()


def show_activations(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    shown: list[Row],
    row: float,
    layer: int,
    unit: float,
) -> tuple[Image.Image, Image.Image]:
    """Draw how active a layer of the generator is in every place of a row's pictures.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.
        row: the latent code, counted from 1, at most 8.
        layer: its number, counted from 0.
        unit: one of its units, counted from 0; -1 for the root mean square of all.

    Returns:
        The pictures with their heatmaps below, on one scale.
    """
    from gpunit.prior.units import activations

    prior = models.prior(prior_name)
    columns = prior.columns(chosen(classes))
    codes = codes_of(prior, [_row(shown, seed, row)] * len(columns), truncation)
    number = whole(unit, ALL, MOST_UNITS)
    maps = activations(prior, codes, columns, int(layer), None if number == ALL else number)
    rendered = [pictures.scaled(each) for each in images.to_pictures(prior.render(codes, columns))]
    return grid_sheet([rendered, _heated(rendered, maps.numpy())], headings(chosen(classes))), rendered[0]


def rank_units(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    shown: list[Row],
    row: float,
    layer: int,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> tuple[list[tuple[Image.Image, str]], str, Ranked]:
    """Rank a layer's units by how well they follow the object in pictures of the classes (GAN Dissection).

    Args:
        models: hold the priors and what finds the masks.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.
        row: the latent code whose first picture the units are shown over, counted from 1, at most 8.
        layer: its number, counted from 0.
        progress: shown on the page.

    Returns:
        The first 12 units over a picture, each with its intersection over union; and a line.
    """
    from gpunit.prior.units import dissect

    prior, limit = models.prior(prior_name), clamped(truncation, LOW_TRUNCATION, 1.0)
    names, shapes = chosen(classes), models.shapes()
    columns, begun = prior.columns(names), time.perf_counter()
    found = dissect(
        prior,
        int(layer),
        columns,
        shapes.instances,
        truncation=limit,
        report=lambda done, total: progress((done, total), unit=notice("unit_pictures")),
    )
    seconds = time.perf_counter() - begun
    _keep_levels((prior_name, int(layer), tuple(names), limit), found.levels)
    best = found.ranking()[:SWITCHED_UNITS]
    codes = codes_of(prior, [_row(shown, seed, row)], truncation)
    (picture,) = images.to_pictures(prior.render(codes, columns[:1]))
    maps = prior.features(codes, columns[:1], layer=int(layer))[0]
    cells = [
        (
            pictures.heated(picture, maps[unit].numpy()),
            notice("unit_iou", unit=unit, overlap=f"{float(found.overlaps[unit]):.2f}"),
        )
        for unit in best[:SHOWN_UNITS]
    ]
    count = max(4, 32 // len(columns)) * len(columns)
    line = notice(
        "ranked",
        units=len(found.overlaps),
        layer=int(layer),
        pictures=count,
        seconds=f"{seconds:.0f}",
        chance=f"{found.chance:.2f}",
    )
    return cells, line, {"prior": prior_name, "layer": int(layer), "units": best}


def switch_units(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    shown: list[Row],
    row: float,
    layer: int,
    units: str,
    level: str,
    dabs: Dabs,
    ranked: Ranked,
) -> tuple[Image.Image, str]:
    """Switch units of a layer off or on, in a region, in every class at once.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.
        row: the latent code, counted from 1, at most 8.
        layer: its number, counted from 0.
        units: their numbers, such as "3, 17".
        level: "off", held at a low level, or "on", at a high one.
        dabs: discs [across, down, radius] of the region, in parts of the picture's side; [] for the whole picture.
        ranked: of the page's own.

    Returns:
        The pictures before and after, and a line on how much they changed.
    """
    from gpunit.prior.units import read_units, switch

    prior = models.prior(prior_name)
    names, number = chosen(classes), int(layer)
    wanted = read_units(units) if units.strip() else _best(ranked, prior_name, number)
    columns, limit = prior.columns(names), clamped(truncation, LOW_TRUNCATION, 1.0)
    region = painted_region(dabs, max(CELL, prior.resolution))
    edit = switch(_levels_of(prior, prior_name, number, names, columns, limit), wanted, level == ON, region)
    codes = codes_of(prior, [_row(shown, seed, row)], truncation)
    lines = [
        [pictures.scaled(each) for each in images.to_pictures(prior.grid(codes, columns, change)[0])]
        for change in (None, edit)
    ]
    inside = painted_region(dabs, CELL)
    inside = np.ones((CELL, CELL), bool) if inside is None else inside
    before, after = (np.stack([np.asarray(cell, dtype=int) for cell in line]) for line in lines)
    apart = np.abs(before - after).mean((0, 3))
    line = notice(
        "switched",
        units=len(set(wanted)),
        layer=number,
        share=f"{100 * inside.mean():.0f}",
        inside=f"{apart[inside].mean() if inside.any() else 0:.1f}",
        outside=f"{apart[~inside].mean() if not inside.all() else 0:.1f}",
    )
    return grid_sheet(lines, headings(names)), line


def pick_unit(ranked: Ranked, clicked: gr.SelectData) -> Any:
    """The clicked unit becomes the one that is shown."""
    units = ranked["units"] if ranked else []
    return units[clicked.index] if clicked.index < len(units) else gr.skip()


def paint(picture: Image.Image | None, dabs: Dabs, brush: float, places: list[list[float]]) -> tuple[Dabs, Any]:
    """One more dab at every place that the brush went over."""
    return show_paint(picture, more_dabs(dabs, brush, places))


def undo_paint(picture: Image.Image | None, dabs: Dabs) -> tuple[Dabs, Any]:
    """The dabs without the last one."""
    return show_paint(picture, dabs[:-1])


def no_paint(picture: Image.Image | None) -> tuple[Dabs, Any]:
    """The picture with nothing painted."""
    return show_paint(picture, [])


def show_paint(picture: Image.Image | None, dabs: Dabs) -> tuple[Dabs, Any]:
    """The picture with what is painted over it."""
    return dabs, None if picture is None else with_paint(picture, dabs)


def _row(shown: list[Row], seed: float, row: float) -> Row:
    rows = read_rows(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)]
    return rows[whole(row, 1, len(rows)) - 1]


def _best(ranked: Ranked, prior_name: str, layer: int) -> list[int]:
    if ranked is None or (ranked["prior"], ranked["layer"]) != (prior_name, layer):
        raise gr.Error(notice("not_ranked"), print_exception=False)
    return list(ranked["units"][:SWITCHED_UNITS])


def _levels_of(
    prior: Prior, prior_name: str, layer: int, names: list[str], columns: list[Column], truncation: float
) -> Levels:
    from gpunit.prior.units import find_levels

    key = (prior_name, layer, tuple(names), truncation)
    if key not in _levels:
        _keep_levels(key, find_levels(prior, layer, columns, truncation=truncation))
    return _levels[key]


def _keep_levels(key: tuple[Any, ...], levels: Levels) -> None:
    _levels[key] = levels
    while len(_levels) > _KEPT_LEVELS:
        _levels.popitem(last=False)


def _heated(cells: list[Image.Image], maps: np.ndarray) -> list[Image.Image]:
    """Heatmaps (N, S, S) over pictures, on one scale."""
    low, high = float(maps.min()), float(maps.max())
    return [
        pictures.heated_by(cell, (heat - low) / max(high - low, 1e-6)) for cell, heat in zip(cells, maps, strict=True)
    ]
