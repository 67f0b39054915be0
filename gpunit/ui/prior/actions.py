"""What the BigGAN prior tab's events do: render a grid, find a place again, walk, infer a photo's code, compare."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from gpunit import images, zoo
from gpunit.images import CENTRE
from gpunit.ui import uploads
from gpunit.ui.i18n import notice
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import pictures
from gpunit.ui.prior.pictures import CELL, cell_at, grid_sheet
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from torch import Tensor

    from gpunit.prior.biggan import LatentCodes, Prior

MAX_ROWS = 8
MAX_CLASSES = 12
MATCH_SIZE = 8
AGREEMENT_CODES = 24
LOW_TRUNCATION = 0.02
FIRST_CLASSES = 5

NOTHING, CONTENT, SHAPE, INSTANCE = "Nothing", "Content map E_c(x)", "Shape F_s(E_c(x))", "Instance map x_s"

# A row of the grid is named by the seed and the index of its code: the same name, the same code.
Row = list[int]
Match = tuple[Image.Image, Image.Image] | tuple[Any, Any]


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
) -> tuple[Image.Image, str, list[Row], Any]:
    """Render a grid: rows share a latent code, columns a class.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes.
        rows: how many latent codes, 1 to 8.
        truncation: scale of the codes, from 0.02 to 1.
        seed: the same seed gives the same pictures.
        below: "Nothing", or the map to show under each picture.
        kept: rows, counted from 1, that keep the code they have in `shown`.
        shown: [seed, index] of every row of the grid before; [] if there is none.

    Returns:
        The grid as one picture, a line on time, [seed, index] of every row, and the rows that can be kept.
    """
    prior = models.prior(prior_name)
    labels = prior.labels(_chosen(classes))
    count, seed = whole(rows, 1, MAX_ROWS), read_seed(seed)
    before = _row_names(shown)
    names = [
        before[index] if str(index + 1) in kept and index < len(before) else [seed, index] for index in range(count)
    ]
    begun = time.perf_counter()
    rendered = prior.grid(_codes(prior, names, truncation), labels)
    milliseconds = 1000 * (time.perf_counter() - begun)
    lines = []
    for row in rendered:
        lines.append(images.to_pictures(row))
        if below != NOTHING:
            lines.append(_maps(models, prior, row, labels, below))
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
    return grid_sheet(lines, _headings(classes)), line, names, keepable


def find_place(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    row: Row,
    column: int,
    across: float,
    down: float,
) -> tuple[Image.Image, Image.Image]:
    """Find a place of one picture again in the pictures that its latent code makes in all classes.

    Args:
        models: hold the priors.
        prior_name: one of `PRIORS`.
        classes: names of classes.
        truncation: scale of the codes.
        row: names the latent code.
        column: of the picture that the place is in, counted from 0.
        across, down: the place, from left and top (0) to right and bottom (1).

    Returns:
        All classes with their similarity maps and best matches below, and the picture the place is in.
    """
    from gpunit.prior import correspondence  # with BigGAN's library, slow to import

    prior = models.prior(prior_name)
    labels = prior.labels(_chosen(classes))
    codes = _codes(prior, [row] * len(labels), truncation)
    features = prior.features(codes, labels, MATCH_SIZE)
    line, place = correspondence.cell_of(across, down, MATCH_SIZE)
    found = correspondence.match(features[column, :, line, place], features)
    rendered = images.to_pictures(prior.render(codes, labels))
    heats = [pictures.heated(each, heat.numpy()) for each, heat in zip(rendered, found.similarity, strict=True)]
    for heat, (best_line, best_place) in zip(heats, found.places.tolist(), strict=True):
        pictures.ring(heat, (best_place + 0.5) / MATCH_SIZE, (best_line + 0.5) / MATCH_SIZE, "white")
    pictures.ring(heats[column], across, down, "red")
    sheet = grid_sheet([[pictures.scaled(each) for each in rendered], heats], _headings(classes))
    return sheet, pictures.scaled(rendered[column])


def find_clicked(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    below: str,
    shown: list[Row],
    clicked: gr.SelectData,
) -> Match:
    """Find the clicked place again; clicks on the sheet's gaps change nothing."""
    cell = cell_at(*clicked.index)
    if cell is None:
        return gr.skip(), gr.skip()
    column, line, across, down = cell
    row = line // (2 if below != NOTHING else 1)
    if column >= len(classes) or row >= len(shown):
        return gr.skip(), gr.skip()
    return find_place(models, prior_name, classes, truncation, shown[row], column, across, down)


def open_match(models: Models, prior_name: str, classes: list[str], truncation: float, shown: list[Row]) -> Match:
    """The first picture's middle, so that there is something to look at."""
    if not shown or not classes:
        return gr.skip(), gr.skip()
    return find_place(models, prior_name, classes, truncation, shown[0], 0, 0.5, 0.4)


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
        classes: names of up to 12 classes.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid.
        row: the latent code, counted from 1, at most 8.
        column: the class of the picture that the place is in, counted from 1.
        across: the place, from left (0) to right (1).
        down: the place, from top (0) to bottom (1).

    Returns:
        All classes with their similarity maps and best matches below, and the picture the place is in.
    """
    name = [read_seed(seed), whole(row, 1, MAX_ROWS) - 1]
    place = whole(column, 1, len(_chosen(classes))) - 1
    across, down = clamped(across, 0.0, 1.0), clamped(down, 0.0, 1.0)
    return find_place(models, prior_name, classes, truncation, name, place, across, down)


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
        classes: names of up to 12 classes.
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
    labels = prior.labels(_chosen(classes))
    rows = _row_names(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)]
    codes = _codes(prior, [rows[whole(row, 1, len(rows)) - 1] for row in (start, end)], truncation)
    code = great_circle(codes.codes[0], codes.codes[1], clamped(place, 0.0, 1.0))
    (rendered,) = prior.grid(LatentCodes(code[None], codes.truncation), labels)
    return grid_sheet([images.to_pictures(rendered)], _headings(classes))


def invert(models: Models, prior_name: str, classes: list[str], path: str | None) -> tuple[Any, Any]:
    """Infer the latent code of a photo and render it as every chosen class.

    Args:
        models: hold the priors.
        prior_name: a prior with an encoder: prior-small.
        classes: names of up to 12 classes.
        path: the photo.

    Returns:
        The photo and its code as every class in one row; and the hint that stands there without a photo.
    """
    if not path:
        return gr.update(value=None, visible=False), gr.update(visible=True)
    prior = models.prior(prior_name)
    labels = prior.labels(_chosen(classes))
    seen = uploads.cut_upload(path, CENTRE, CELL)
    (rendered,) = prior.grid(prior.invert(images.to_tensor(seen)), labels)
    sheet = images.sheet([[seen, *images.to_pictures(rendered)]], CELL, ["photo", *_headings(classes)])
    return gr.update(value=sheet, visible=True), gr.update(visible=False)


def measure_agreement(
    models: Models, prior_name: str, classes: list[str], truncation: float, seed: float
) -> Image.Image:
    """Measure, for every two classes, how alike the contents of one latent code are.

    Args:
        models: hold the priors and E_c.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the 24 codes.

    Returns:
        The matrix as a plot.
    """
    from gpunit.evaluation.prior import agreement_matrix

    prior = models.prior(prior_name)
    labels = prior.labels(_chosen(classes))
    codes = prior.latents(AGREEMENT_CODES, read_seed(seed), clamped(truncation, LOW_TRUNCATION, 1.0))
    rendered = prior.grid(codes, labels)
    contents = models.shapes().contents(rendered.flatten(0, 1)).unflatten(0, rendered.shape[:2])
    return pictures.matrix_plot(agreement_matrix(contents).numpy(), _headings(classes))


def offer_classes(prior_name: str) -> Any:
    """The classes of another prior, the first of them chosen."""
    names = class_names(prior_name)
    return gr.update(choices=names, value=names[:FIRST_CLASSES])


def priors_here() -> list[str]:
    """The priors that are on this machine."""
    return [name for name in PRIORS if _config(name) is not None]


def class_names(prior_name: str) -> list[str]:
    """The classes of a prior on this machine; ImageNet's, where its config names none."""
    path = _config(prior_name)
    named = json.loads(path.read_bytes()).get("class_names") if path else None
    if named is None:
        from gpunit.imagenet import CLASS_NAMES

        named = list(CLASS_NAMES)
    return list(named)


def _config(prior_name: str) -> Path | None:
    """The config of a prior among the checkpoints; read here, so that the page opens without BigGAN's library."""
    path = zoo.stored(prior_name) / "config.json"
    return path if path.is_file() and path.with_name("pytorch_model.bin").is_file() else None


def _chosen(classes: list[str]) -> list[str]:
    if not classes:
        raise gr.Error(notice("no_class"))
    return classes[:MAX_CLASSES]


def _row_names(shown: Sequence[Sequence[float]]) -> list[Row]:
    """Names of rows as a visitor's page, or a program, sends them."""
    try:
        return [[read_seed(seed), int(index) % MAX_ROWS] for seed, index in shown[:MAX_ROWS]]
    except (TypeError, ValueError):
        raise gr.Error("Rows are named by [seed, index] each; draw the grid anew.") from None


def _codes(prior: Prior, rows: Sequence[Row], truncation: float) -> LatentCodes:
    """The latent codes of rows."""
    return prior.named_latents([(seed, index) for seed, index in rows], clamped(truncation, LOW_TRUNCATION, 1.0))


def _headings(classes: list[str]) -> list[str]:
    return [name.split(",")[0][:18] for name in classes[:MAX_CLASSES]]


def _maps(models: Models, prior: Prior, rendered: Tensor, labels: list[int], kind: str) -> list[Image.Image]:
    """The map of that kind for pictures (N, 3, S, S) in [-1, 1] of the prior's classes `labels`."""
    if kind not in (CONTENT, SHAPE, INSTANCE):
        raise gr.Error(f"There is no map {kind!r}; choose from {NOTHING}, {CONTENT}, {SHAPE}, {INSTANCE}.")
    shapes = models.shapes()
    if kind == INSTANCE:
        return images.to_pictures(shapes.instances(rendered).expand(-1, 3, -1, -1))
    contents = shapes.contents(rendered)
    if kind == CONTENT:
        return pictures.coloured(contents)
    names = [prior.class_names[label] for label in labels]
    unknown = next((name for name in names if name not in shapes.class_names), None)
    if unknown is not None:
        known = ", ".join(shapes.class_names)
        raise gr.Error(f"F_s knows {known}, not {unknown}; leave that class out, or choose another map.")
    return images.to_pictures(shapes.predicted(contents, [shapes.class_names.index(name) for name in names]))
