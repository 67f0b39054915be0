"""Correspondence in the grid itself: a marked place or region, and where every other column has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from gpunit import images
from gpunit.prior.table import Layer, last_within, layers_of, read_config
from gpunit.ui.events import ON_DEVICE, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior import pictures
from gpunit.ui.prior.maps import lines_of
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import CELL, cell_at, cell_box
from gpunit.ui.prior.pointer import MARK_JS, SHORTEST_DRAG
from gpunit.ui.prior.rows import MAX_ROWS, Row, chosen, codes_of
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from gpunit.prior.correspondence import PlaceMatch, RegionMatch

# Features of larger maps say little of parts, and take much memory.
LARGEST_MAP = 64


@dataclass(frozen=True)
class Mark:
    """What is marked: a picture's row and column, and the place or box in it, in pixels of a cell.

    Attributes:
        row, column: counted from 0.
        left, top, right, bottom: the box; a place has right = left and bottom = top.
    """

    row: int
    column: int
    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_place(self) -> bool:
        """Whether one place is marked, not a region."""
        return self.right - self.left < SHORTEST_DRAG and self.bottom - self.top < SHORTEST_DRAG


def layer_choices(prior_name: str) -> list[tuple[str, int]]:
    """The layers whose features are compared, (title, number)."""
    return [(f"{layer.number}  ·  {layer.size}×{layer.size}", layer.number) for layer in _layers(prior_name)]


def first_layer(prior_name: str) -> int:
    """The layer that is compared until another one is chosen: the last at 8x8."""
    return last_within(_layers(prior_name))


def _layers(prior_name: str) -> list[Layer]:
    config = read_config(prior_name)
    return [layer for layer in layers_of(config) if layer.size <= LARGEST_MAP] if config else []


def mark_clicked(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    below: str,
    shown: list[Row],
    plain: Image.Image | None,
    layer: int,
    clicked: gr.SelectData,
) -> tuple[Any, Any, Any, Any]:
    """Mark what was clicked or dragged over; what lies between the pictures clears the mark.

    Args:
        models: hold the priors.
        prior_name, classes, truncation: of the grid.
        below: the map that stands under each picture.
        shown: names of the rows.
        plain: the grid without marks.
        layer: whose features are compared.
        clicked: `index` is the pixel where the drag began, `value` the one where it ended.

    Returns:
        The grid with the mark, the line of numbers, the picture, and the mark.
    """
    if plain is None:
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    begin = cell_at(*clicked.index)
    if begin is None:
        return plain, notice("mark_hint"), gr.skip(), None
    column, line, across, down = begin
    row = line // lines_of(below)
    if column >= len(classes) or row >= len(shown):
        return plain, notice("mark_hint"), gr.skip(), None
    x, y = int(across * CELL), int(down * CELL)
    left, top = cell_box(column, line)
    ends = clicked.value if _is_pair(clicked.value) else clicked.index
    # A box ends where its picture does.
    end_x, end_y = (min(max(int(end) - edge, 0), CELL - 1) for end, edge in zip(ends, (left, top), strict=True))
    mark = Mark(row, column, min(x, end_x), min(y, end_y), max(x, end_x), max(y, end_y))
    if mark.is_place:
        mark = Mark(row, column, x, y, x, y)
    return mark_again(models, prior_name, classes, truncation, below, shown, plain, layer, mark)


def mark_again(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    below: str,
    shown: list[Row],
    plain: Image.Image | None,
    layer: int,
    mark: Mark | None,
) -> tuple[Any, Any, Any, Any]:
    """Draw a mark anew, as with features of another layer; arguments and answer as for `mark_clicked`."""
    if plain is None or mark is None or mark.row >= len(shown) or mark.column >= len(classes):
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    cells, numbers, picture = _found(models, prior_name, classes, truncation, shown[mark.row], mark, layer)
    sheet = plain.copy()
    for column, cell in enumerate(cells):
        sheet.paste(cell, cell_box(column, mark.row * lines_of(below)))
    return sheet, numbers_table(classes, numbers, mark.column), picture, mark


def find_matches(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float = 0.7,
    seed: float = 1,
    row: float = 1,
    column: float = 1,
    left: float = 0.5,
    top: float = 0.5,
    right: float = 0.5,
    bottom: float = 0.5,
    layer: float = 3,
) -> tuple[Image.Image, list[dict[str, Any]]]:
    """Find a place or a region of one picture in the pictures that its latent code makes in other classes.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid.
        row: the latent code, counted from 1, at most 8.
        column: the picture that it is in, counted from 1.
        left: left side of the region, from 0 to 1.
        top: upper side of the region, from 0 to 1.
        right: right side of the region; as the left one for a place.
        bottom: lower side of the region; as the upper one for a place.
        layer: number of the layer whose features are compared, counted from 0.

    Returns:
        The row with heatmaps and matches, and the numbers of every column.
    """
    pixels = [int(clamped(part, 0.0, 1.0) * (CELL - 1) + 0.5) for part in (left, top, right, bottom)]
    name: Row = [read_seed(seed), whole(row, 1, MAX_ROWS) - 1]
    mark = Mark(0, whole(column, 1, len(chosen(classes))) - 1, *pixels)
    cells, numbers, _ = _found(models, prior_name, classes, truncation, name, mark, whole(layer, 0, 99))
    return pictures.grid_sheet([cells], pictures.headings(classes)), numbers


def _found(
    models: Models, prior_name: str, classes: list[str], truncation: float, row: Row, mark: Mark, layer: int
) -> tuple[list[Image.Image], list[dict[str, Any]], Image.Image]:
    """A row's pictures with the matches in them, their numbers, and the marked picture as it was."""
    from gpunit.prior import correspondence  # with BigGAN's library, slow to import

    prior = models.prior(prior_name)
    columns = prior.columns(chosen(classes))
    codes = codes_of(prior, [row] * len(columns), truncation)
    features = prior.features(codes, columns, layer=layer)
    cells = [pictures.scaled(each) for each in images.to_pictures(prior.render(codes, columns))]
    if mark.is_place:
        place = correspondence.find_place(features, mark.column, mark.top, mark.left, CELL)
        lit = _with_places(cells, place, mark)
        return lit, _place_numbers(place), cells[mark.column]
    box = (mark.left / CELL, mark.top / CELL, (mark.right + 1) / CELL, (mark.bottom + 1) / CELL)
    region = correspondence.find_region(features, mark.column, box)
    return _with_regions(cells, region, mark), _region_numbers(region), cells[mark.column]


def _with_places(cells: list[Image.Image], found: PlaceMatch, mark: Mark) -> list[Image.Image]:
    # One scale for all columns, so that a weak match looks weak.
    low, high = float(found.similarity.min()), 1.0
    lit = []
    for column, (cell, heat) in enumerate(zip(cells, found.similarity, strict=True)):
        is_own = column == mark.column
        own = cell.copy() if is_own else pictures.lit(cell, (heat.numpy() - low) / max(high - low, 1e-6))
        row, place = found.places[column].tolist()
        pictures.ring(own, place, row, "red" if is_own else "white")
        lit.append(own)
    return lit


def _with_regions(cells: list[Image.Image], found: RegionMatch, mark: Mark) -> list[Image.Image]:
    lit = []
    for column, (cell, inside) in enumerate(zip(cells, found.inside, strict=True)):
        if column == mark.column:
            lit.append(pictures.boxed(cell, (mark.left, mark.top, mark.right, mark.bottom)))
        else:
            lit.append(pictures.contoured(cell, pictures.enlarged(inside.numpy())))
    return lit


def _place_numbers(found: PlaceMatch) -> list[dict[str, Any]]:
    parts = zip(found.best, found.second, found.same, found.places, strict=True)
    return [
        {
            "best": round(float(best), 3),
            "second": round(float(second), 3),
            "same": round(float(same), 3),
            "place": [place / CELL for place in places.flip(0).tolist()],
        }
        for best, second, same, places in parts
    ]


def _region_numbers(found: RegionMatch) -> list[dict[str, Any]]:
    parts = zip(found.similarity, found.share, found.overlap, strict=True)
    return [
        {"best": round(float(similarity), 3), "share": round(float(share), 3), "overlap": round(float(overlap), 3)}
        for similarity, share, overlap in parts
    ]


def numbers_table(classes: list[str], numbers: list[dict[str, Any]], own: int) -> str:
    """A match's numbers for people: a table with a column for each class, the marked one in bold."""
    names = [f"**{name}**" if i == own else name for i, name in enumerate(pictures.headings(classes))]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for key in ("best", "second", "same", "share", "overlap"):
        if key in numbers[0]:
            cells = ["–" if i == own else f"{each[key]:.2f}" for i, each in enumerate(numbers)]
            lines.append(f"| {notice(f'mark_{key}')} | " + " | ".join(cells) + " |")
    others = [each for i, each in enumerate(numbers) if i != own]
    if others and "second" in numbers[0]:
        sure = np.mean([each["best"] - each["second"] for each in others])
        gained = np.mean([each["best"] - each["same"] for each in others])
        lines += ["", notice("mark_sure", sure=f"{sure:.2f}", gained=f"{gained:.2f}")]
    return "\n".join(lines)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) and abs(part) < 1e6 for part in value)
    )


@dataclass(frozen=True)
class MarkParts:
    """What marks are set and read with; `mark` is the state, `pointer` what reports clicks, drags and keys."""

    pointer: gr.HTML
    layer: gr.Dropdown
    numbers: gr.Markdown
    mark: gr.State


def lay_out_marks(prior_name: str) -> MarkParts:
    """Lay out what stands right under the grid."""
    pointer = gr.HTML(
        text("mark_pointer"),
        html_template='<div tabindex="0" role="application" aria-label="${value}" class="quiet">${value}</div>',
        js_on_load=MARK_JS,
        elem_id="prior-pointer",
    )
    numbers = gr.Markdown(elem_id="prior-numbers", elem_classes="quiet")
    layer = gr.Dropdown(
        layer_choices(prior_name),
        value=first_layer(prior_name),
        label=text("mark_layer"),
        info=text("mark_layer_info"),
        elem_id="prior-layer",
    )
    return MarkParts(pointer, layer, numbers, gr.State(None))


def offer_layers(prior_name: str) -> Any:
    """The layers of another prior; no change while it has to be downloaded."""
    choices = layer_choices(prior_name)
    return gr.update(choices=choices, value=first_layer(prior_name)) if choices else gr.skip()


def wire_marks(parts: MarkParts, grid: GridParts, chosen_picture: gr.Image, models: Models) -> None:
    """Let clicks, drags, keys and the choice of a layer draw marks into the grid."""
    asked = [grid.prior, grid.classes, grid.truncation, grid.below, grid.row_names, grid.plain, parts.layer]
    drawn = [grid.picture, parts.numbers, chosen_picture, parts.mark]
    parts.pointer.select(endpoint(mark_clicked, models), asked, drawn, trigger_mode="always_last", **QUIET, **ON_DEVICE)
    parts.layer.input(endpoint(mark_again, models), [*asked, parts.mark], drawn, **QUIET, **ON_DEVICE)
    gr.api(endpoint(find_matches, models), api_name="find_matches", **ON_DEVICE)
