"""What the BigGAN prior tab's events do: render a grid, find a place again, walk, infer a photo's code, compare."""

from __future__ import annotations

import json
import time
from typing import Any

import gradio as gr
from PIL import Image

from gpunit import images
from gpunit.prior.table import stored_config
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior import pictures
from gpunit.ui.prior.maps import NOTHING, maps_of
from gpunit.ui.prior.pictures import CELL, grid_sheet, headings
from gpunit.ui.prior.rows import MAX_ROWS, Row, chosen, codes_of, read_rows
from gpunit.ui.texts import DOMAINS
from gpunit.ui.values import clamped, read_seed, whole

MATCH_SIZE = 8
FIRST_CLASSES = 4
# The first look at a prior with ImageNet's classes: a tabby, a golden retriever, a goldfinch, a sports car; most of
# their pictures are good at this truncation.
_IMAGENET_LOOK, _IMAGENET_TRUNCATION = (281, 207, 11, 817), 0.4
FIRST_TRUNCATION = 0.7


def render_grid(
    models: Models,
    prior_name: str,
    classes: list[str],
    rows: float,
    truncation: float,
    seed: float,
    below: str,
    kept: list[str],
    shown: list[Row],
) -> tuple[Image.Image, str, list[Row], Any, Image.Image]:
    """Render a grid: rows share a latent code, columns a class.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        rows: how many latent codes, 1 to 8.
        truncation: scale of the codes, from 0.02 to 1.
        seed: the same seed gives the same pictures.
        below: "Nothing", or the map to show under each picture.
        kept: rows, counted from 1, that keep the code they have in `shown`.
        shown: [seed, index] of every row of the grid before; [] if there is none.

    Returns:
        The grid as one picture, a line on time, [seed, index] of every row, the rows that can be kept, and the grid
        again, for marks to be drawn on.
    """
    prior = models.prior(prior_name)
    labels = prior.columns(chosen(classes))
    count, seed = whole(rows, 1, MAX_ROWS), read_seed(seed)
    before = read_rows(shown)
    names = [
        before[index] if str(index + 1) in kept and index < len(before) else [seed, index] for index in range(count)
    ]
    begun = time.perf_counter()
    rendered = prior.grid(codes_of(prior, names, truncation), labels)
    milliseconds = 1000 * (time.perf_counter() - begun)
    lines = [images.to_pictures(row) for row in rendered]
    if below != NOTHING:
        maps = maps_of(models, prior, rendered.flatten(0, 1), labels * count, below)
        beside = [maps[first : first + len(labels)] for first in range(0, len(maps), len(labels))]
        lines = [line for pair in zip(lines, beside, strict=True) for line in pair]
    number = rendered.shape[0] * rendered.shape[1]
    line = notice(
        "render_time",
        count=number,
        each=round(milliseconds / number),
        resolution=prior.resolution,
        device=prior.device.type,
    )
    choices = [str(index + 1) for index in range(count)]
    keepable = gr.update(choices=choices, value=[row for row in kept if row in choices])
    sheet = grid_sheet(lines, headings(chosen(classes)))
    return sheet, line, names, keepable, sheet


def open_chosen(
    models: Models, prior_name: str, classes: list[str], truncation: float, shown: list[Row], current: Any
) -> Any:
    """The grid's first picture, until another one is marked."""
    if current is not None or not shown or not classes:
        return gr.skip()
    prior = models.prior(prior_name)
    codes = codes_of(prior, shown[:1], truncation)
    (picture,) = images.to_pictures(prior.render(codes, prior.columns(classes[:1])))
    return pictures.scaled(picture)


def correspond(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float = 0.7,
    seed: float = 1,
    row: float = 1,
    column: float = 1,
    across: float = 0.5,
    down: float = 0.5,
) -> tuple[Image.Image, Image.Image]:
    """Find a place of one picture again in the pictures that its latent code makes in other classes.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid.
        row: the latent code, counted from 1, at most 8.
        column: the class of the picture that the place is in, counted from 1.
        across: the place, from left (0) to right (1).
        down: the place, from top (0) to bottom (1).

    Returns:
        All classes with their similarity maps and best matches below, and the picture the place is in.
    """
    from gpunit.prior import correspondence  # with BigGAN's library, slow to import

    prior = models.prior(prior_name)
    columns = prior.columns(chosen(classes))
    number = whole(column, 1, len(columns)) - 1
    x, y = (min(int(clamped(part, 0.0, 1.0) * CELL), CELL - 1) for part in (across, down))
    name: Row = [read_seed(seed), whole(row, 1, MAX_ROWS) - 1]
    codes = codes_of(prior, [name] * len(columns), truncation)
    found = correspondence.find_place(prior.features(codes, columns, MATCH_SIZE), number, y, x, CELL)
    rendered = [pictures.scaled(each) for each in images.to_pictures(prior.render(codes, columns))]
    heats = [pictures.heated(each, heat.numpy()) for each, heat in zip(rendered, found.similarity, strict=True)]
    for index, (heat, (best_row, best_column)) in enumerate(zip(heats, found.places.tolist(), strict=True)):
        pictures.ring(heat, best_column, best_row, "red" if index == number else "white")
    return grid_sheet([rendered, heats], headings(chosen(classes))), rendered[number]


def limit_rows(row_names: list[Any], *chosen: float) -> list[Any]:
    """Sliders of rows, as far as there are rows."""
    rows = max(len(row_names), 2)
    return [gr.update(maximum=rows, value=min(row, rows)) for row in chosen]


def walk_between(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    start: float,
    end: float,
    place: float,
    shown: list[Row],
) -> Image.Image:
    """Render all classes at one point of the way between two rows' latent codes.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        start: row to start from, counted from 1.
        end: row to end at, counted from 1.
        place: 0 is the start, 1 the end.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.

    Returns:
        One picture per class.
    """
    from gpunit.prior.biggan import LatentCodes, great_circle

    prior = models.prior(prior_name)
    labels = prior.columns(chosen(classes))
    rows = read_rows(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)]
    codes = codes_of(prior, [rows[whole(row, 1, len(rows)) - 1] for row in (start, end)], truncation)
    code = great_circle(codes.codes[0], codes.codes[1], clamped(place, 0.0, 1.0))
    (rendered,) = prior.grid(LatentCodes(code[None], codes.truncation), labels)
    return grid_sheet([images.to_pictures(rendered)], headings(chosen(classes)))


def first_look(names: list[str]) -> tuple[list[str], float]:
    """The classes that a prior is shown with at first, and the truncation."""
    if len(names) > max(_IMAGENET_LOOK):
        return [names[label] for label in _IMAGENET_LOOK], _IMAGENET_TRUNCATION
    return names[:FIRST_CLASSES], FIRST_TRUNCATION


def offer_classes(prior_name: str) -> tuple[Any, Any]:
    """The classes of another prior and the truncation, as it is shown at first; no change while it is not here."""
    if stored_config(prior_name) is None:
        return gr.skip(), gr.skip()
    names = class_names(prior_name)
    shown, truncation = first_look(names)
    return gr.update(choices=class_choices(prior_name), value=shown), truncation


def class_choices(prior_name: str, *own: str) -> list[tuple[str, str]]:
    """The classes of a prior for a dropdown, (title, name); after them, classes of the visitor's own.

    ImageNet's thousand names are English in every language.
    """
    return [
        (str(text(f"class_{name}")) if name in DOMAINS else name, name) for name in (*class_names(prior_name), *own)
    ]


def class_names(prior_name: str) -> list[str]:
    """The classes of a prior on this machine; ImageNet's, where its config names none."""
    path = stored_config(prior_name)
    named = json.loads(path.read_bytes()).get("class_names") if path else None
    if named is None:
        from gpunit.imagenet import CLASS_NAMES

        named = list(CLASS_NAMES)
    return list(named)
