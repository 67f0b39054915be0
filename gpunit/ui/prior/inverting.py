"""A photo as a code: read by the encoder, or searched for by gradient, with a preview; then a row like the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from gpunit import images
from gpunit.images import CENTRE
from gpunit.ui import jobs, uploads
from gpunit.ui.components import heading, picture_input, shown_picture
from gpunit.ui.events import IN_BROWSER, LONG, ON_DEVICE, PRIVATE, QUIET, endpoint
from gpunit.ui.examples import EXAMPLES, example_path
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior.mixing import add_column
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import CELL, grid_sheet, headings
from gpunit.ui.prior.rows import LOW_TRUNCATION, Row, add_row, as_row, chosen
from gpunit.ui.thumbnails import NAME_OF_PICTURE, example_choice
from gpunit.ui.values import clamped, whole

if TYPE_CHECKING:
    from gpunit.prior.biggan import LatentCodes, Prior
    from gpunit.prior.classes import Column
    from gpunit.prior.inversion import Inverted

MOST_STEPS = 500
SHOWN_EVERY = 5  # steps between two previews

# What was found: a row, and the class or mixture that goes with it, as it is written; None before.
Found = dict[str, Any] | None


def invert(models: Models, prior_name: str, classes: list[str], path: str | None) -> tuple[Any, Any, str, Found]:
    """Infer the latent code of a photo and render it as every chosen class.

    Args:
        models: hold the priors.
        prior_name: a prior with an encoder: prior-small.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        path: the photo.

    Returns:
        The photo and its code as every class in one row; the hint that stands there without a photo; a line on time
        and distance.
    """
    from gpunit.prior import inversion

    if not path:
        return gr.update(value=None, visible=False), gr.update(visible=True), "", None
    prior = models.prior(prior_name)
    columns = prior.columns(chosen(classes))
    if not prior.can_invert:
        return gr.update(value=None, visible=False), gr.update(visible=False), notice("invert_no_encoder"), None
    seen = uploads.cut_upload(path, CENTRE, CELL)
    begun = time.perf_counter()
    codes = prior.invert(images.to_tensor(seen))
    seconds = f"{time.perf_counter() - begun:.1f}"
    (state,) = inversion.invert(prior, images.to_tensor(seen), 0, start=codes.codes[0].clone())
    column = _written(prior, state.column)
    line = notice("invert_read", seconds=seconds, column=column, distance=f"{state.distance:.2f}")
    return _sheet(prior, seen, None, codes, columns, classes), gr.update(visible=False), line, _found(prior, state)


def search_code(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    path: str | None,
    use_encoder: bool,
    steps: float,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> Iterator[tuple[Any, Any, str, Found]]:
    """Search for the latent code and class mixture of a photo by optimisation, in any prior.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: that the code is rendered as in the end: names of up to 12, or mixtures such as cat:0.7+dog:0.3.
        truncation: which the code is kept within, from 0.02 to 1.
        path: the photo.
        use_encoder: start from the encoder's code, where the prior has one; else from the best of sampled ones.
        steps: how many times picture and gradient are computed, 0 to 500.
        progress: shown on the page.

    Yields:
        The photo and what was found so far, in the end as every class too; the hint that stands there before; a line
        on steps, time and distance.
    """
    from gpunit.prior.biggan import LatentCodes
    from gpunit.prior.inversion import invert as find

    if not path:
        raise gr.Error(notice("no_photo_yet"), print_exception=False)
    prior, limit = models.prior(prior_name), clamped(truncation, LOW_TRUNCATION, 1.0)
    columns, most = prior.columns(chosen(classes)), whole(steps, 0, MOST_STEPS)
    seen = uploads.cut_upload(path, CENTRE, max(CELL, prior.resolution))
    begun = time.perf_counter()
    hidden = gr.update(visible=False)
    with jobs.stoppable() as stopped:
        for state in find(prior, images.to_tensor(seen), most, SHOWN_EVERY, None, limit, 0, use_encoder):
            progress((state.step, most), unit=notice("unit_steps"))
            line = _state_line(prior, state, most, time.perf_counter() - begun)
            if stopped.is_set() or state.step >= most:
                break
            yield _sheet(prior, seen, state, None, [], []), hidden, line, _found(prior, state)
    codes = LatentCodes(state.code[None], limit)
    yield _sheet(prior, seen, state, codes, columns, classes), hidden, line, _found(prior, state)


def add_found_row(shown: list[Row], kept: list[str], found: Found) -> tuple[list[Row], Any, Any]:
    """Give the found code a row of its own in the grid."""
    return add_row(shown, kept, _given(found)["row"])


def add_found_column(prior_name: str, classes: list[str], found: Found) -> Any:
    """Give the class or mixture that was found a column of its own in the grid."""
    return add_column(prior_name, classes, _given(found)["column"])


def _given(found: Found) -> dict[str, Any]:
    if found is None:
        raise gr.Error(notice("no_code_yet"), print_exception=False)
    return found


def _found(prior: Prior, state: Inverted) -> Found:
    return {"row": as_row(notice("found_row"), state.code), "column": _written(prior, state.column)}


def _written(prior: Prior, column: Column) -> str:
    from gpunit.prior.classes import written_column

    return written_column(column, prior.class_names, len(prior.layers))


def _state_line(prior: Prior, state: Inverted, steps: int, seconds: float) -> str:
    column, distance = _written(prior, state.column), f"{state.distance:.3f}"
    return notice(
        "search_state", step=state.step, steps=steps, seconds=f"{seconds:.0f}", distance=distance, column=column
    )


def _sheet(
    prior: Prior,
    seen: Image.Image,
    state: Inverted | None,
    codes: LatentCodes | None,
    columns: list[Column],
    classes: list[str],
) -> Any:
    """The photo, the nearest picture so far, and the code as every class."""
    cells, titles = [seen], [notice("heading_photo")]
    if state is not None:
        cells += images.to_pictures(state.picture[None])
        titles.append(notice("heading_found"))
    if codes is not None:
        cells += images.to_pictures(prior.grid(codes, columns)[0])
        titles += headings(chosen(classes))
    return gr.update(value=grid_sheet([cells], titles), visible=True)


def build_inversion(grid: GridParts, models: Models) -> None:
    """Lay out the section and wire it."""
    heading("invert")
    found: gr.State = gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            photo = picture_input(
                label=text("photo"), show_label=False, height=220, elem_id="prior-photo", placeholder=text("drop_photo")
            )
            picks = example_choice([str(path) for path in EXAMPLES], None, "examples", "prior-examples")
            photo.change(None, photo, picks, js=NAME_OF_PICTURE, **IN_BROWSER)
            picks.input(example_path, picks, photo, **QUIET)
            use_encoder = gr.Checkbox(True, label=text("search_encoder"), info=text("search_encoder_info"))
            steps = gr.Slider(
                *(0, MOST_STEPS, 60),
                step=5,
                label=text("search_steps"),
                info=text("search_steps_info"),
                elem_id="prior-search-steps",
            )
            with gr.Row():
                go = gr.Button(text("search_go"), variant="primary", size="sm", min_width=80, elem_id="prior-search")
                stop = gr.Button(text("search_stop"), size="sm", min_width=80, elem_id="prior-search-stop")
        with gr.Column(scale=3, min_width=320):
            empty = gr.Markdown(text("invert_empty"))
            picture = shown_picture("inverted", "prior-inverted", visible=False)
            line = gr.Markdown(elem_classes="quiet", elem_id="prior-search-line")
            with gr.Row(elem_classes="acts"):
                as_row_button = gr.Button(text("add_found_row"), size="sm", elem_id="prior-found-row")
                as_column_button = gr.Button(text("add_found_column"), size="sm", elem_id="prior-found-column")
    shown = [picture, empty, line, found]
    photo.change(endpoint(invert, models), [grid.prior, grid.classes, photo], shown, api_name="invert", **ON_DEVICE)
    go.click(
        endpoint(search_code, models),
        [grid.prior, grid.classes, grid.truncation, photo, use_encoder, steps],
        shown,
        api_name="search_code",
        show_progress_on=line,
        **LONG,
    )
    stop.click(jobs.stop, None, None, queue=False, **QUIET)
    added = as_row_button.click(
        endpoint(add_found_row),
        [grid.row_names, grid.kept, found],
        [grid.row_names, grid.rows, grid.kept],
        **QUIET,
    )
    grid.redraw(added)
    as_column_button.click(endpoint(add_found_column), [grid.prior, grid.classes, found], grid.classes, **PRIVATE)
