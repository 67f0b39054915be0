"""Agreement: matrices between classes, ordered by similarity, and the pairs behind a cell.  Layout and actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from gpunit import images
from gpunit.prior.classes import written_class
from gpunit.ui import jobs
from gpunit.ui.components import heading, shown_picture
from gpunit.ui.events import LONG, ON_DEVICE, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior import actions, pictures
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import grid_sheet, headings
from gpunit.ui.prior.rows import LOW_TRUNCATION, MAX_CLASSES, chosen
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from gpunit.evaluation.agreement import Agreement, Clustering
    from gpunit.images import MatrixPicture

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this
GRID, MANY = "grid", "many"
MIN_CODES, FIRST_CODES, MAX_CODES = 4, 24, 100
MOST_CLASSES, FIRST_SPREAD = 1000, 100
# Seconds between two pictures of a measure that is under way.
_SHOWN_EVERY = 3.0
# Codes that the pairs behind a cell are looked for among, and how many of the most and the least alike are shown.
_PAIR_CODES, _SHOWN_PAIRS = 12, 3


@dataclass(frozen=True)
class Measured:
    """A measure that the page shows.

    Attributes:
        prior_name, truncation, seed: of its pictures.
        names: of the classes, as they are written.
        state: the matrices.
        found: the order in which they are drawn.
    """

    prior_name: str
    truncation: float
    seed: int
    names: list[str]
    state: Agreement
    found: Clustering

    def drawn(self, marked: tuple[int, int] | None = None) -> list[MatrixPicture]:
        """Both matrices, with a framed cell."""
        from gpunit.evaluation.agreement import as_pictures

        titles = notice("matrix_content"), notice("matrix_features")
        return as_pictures(self.state, headings(self.names), self.found, marked, titles)

    def means(self) -> tuple[str, str]:
        """The means over all pairs, of contents and of features."""
        assert self.state.content is not None
        assert self.state.features is not None
        pairs = max(1, len(self.names) * (len(self.names) - 1))
        return f"{float(self.state.content.sum()) / pairs:.2f}", f"{float(self.state.features.sum()) / pairs:.2f}"


def measure_agreement(
    models: Models, prior_name: str, classes: list[str], truncation: float, seed: float
) -> Image.Image:
    """Measure, for every two classes, how alike contents and features of one latent code are.

    Args:
        models: hold the priors and E_c.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of 2 to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the 24 codes.

    Returns:
        The matrices of contents and of features, side by side.
    """
    *_, measured = _measured(models, prior_name, chosen(classes), truncation, seed, FIRST_CODES)
    assert isinstance(measured, Measured)
    return images.side_by_side([drawn.picture for drawn in measured.drawn()])


def read_agreement(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    which: str = GRID,
    spread: float = FIRST_SPREAD,
    codes: float = FIRST_CODES,
    progress: gr.Progress = PROGRESS,
) -> Iterator[tuple[Any, ...]]:
    """Measure how far every two classes agree, ordered by similarity; stopped, it keeps the codes that are done.

    Args:
        models: hold the priors and E_c.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of 2 to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the codes.
        which: "grid" for `classes`; "many" for classes that are spread over all of the prior's.
        spread: how many of them, 2 to 1000.
        codes: how many latent codes, 4 to 100.
        progress: shown on the page.

    Yields:
        The matrix of contents, that of features, a line, the groups of similar classes, the measure, and the choices
        of two of its classes.
    """
    from gpunit.evaluation.agreement import spread_classes

    names = chosen(classes)
    if which == MANY:
        every = actions.class_names(prior_name)
        numbers = spread_classes(whole(spread, 2, MOST_CLASSES), len(every))
        names = [written_class(number, every) for number in numbers]
    shown_at, is_first = time.monotonic(), True
    measured: Measured | None = None
    with jobs.stoppable() as stopped:
        for state in _measured(models, prior_name, names, truncation, seed, whole(codes, MIN_CODES, MAX_CODES)):
            if isinstance(state, Measured):
                measured = state
                progress((measured.state.done, measured.state.total), unit=notice("unit_pictures"))
                if time.monotonic() - shown_at > _SHOWN_EVERY:
                    shown_at = time.monotonic()
                    yield _answer(measured, is_first)
                    is_first = False
            else:
                progress((state.done, state.total), unit=notice("unit_pictures"))
            if stopped.is_set():
                break
    if measured is None:
        raise gr.Error(notice("agreement_none"), print_exception=False)
    yield _answer(measured, is_first)


def _measured(
    models: Models, prior_name: str, names: list[str], truncation: float, seed: float, codes: int
) -> Iterator[Agreement | Measured]:
    """The measure as it is when another code is done, and its progress in between."""
    from gpunit.evaluation import agreement  # with BigGAN's library, slow to import

    if len(names) < 2:
        raise gr.Error(notice("agreement_two"), print_exception=False)
    prior, scale, number = models.prior(prior_name), clamped(truncation, LOW_TRUNCATION, 1.0), read_seed(seed)
    latents = prior.latents(codes, number, scale)
    before = 0
    for state in agreement.measure_agreement(prior, prior.columns(names), latents, models.shapes().contents):
        if state.content is None or state.features is None or state.codes == before:
            yield state
            continue
        before = state.codes
        found = agreement.cluster((state.content + state.features) / 2)
        yield Measured(prior_name, scale, number, names, state, found)


def _answer(measured: Measured, is_first: bool) -> tuple[Any, ...]:
    content, features = measured.means()
    count, state = len(measured.names), measured.state
    line = notice("agreement_line", classes=count, codes=state.codes, content=content, features=features)
    if state.done < state.total:
        line += " " + notice("agreement_going", done=state.done, total=state.total)
    one, other = (drawn.picture for drawn in measured.drawn())
    ordered = [measured.names[number] for number in measured.found.order]
    titled = list(zip(headings(ordered), ordered, strict=True))
    # A pair that was chosen meanwhile stays.
    choices = [
        gr.update(choices=titled, value=ordered[place]) if is_first else gr.update(choices=titled) for place in (0, -1)
    ]
    return one, other, line, _groups(measured), measured, *choices


def _groups(measured: Measured) -> str:
    """The groups of many classes, as a table."""
    from gpunit.evaluation.agreement import typical

    state, names = measured.state, headings(measured.names)
    if len(measured.found.groups) < 2 or state.content is None or state.features is None:
        return ""
    mean = (state.content + state.features) / 2
    lines = [notice("agreement_group"), "|---|---|---|"]
    for number, group in enumerate(measured.found.groups, start=1):
        shown = ", ".join(names[member].replace("|", "/") for member in typical(group, mean, 4))
        lines.append(f"| {number} | {len(group)} | {shown} |")
    return "\n".join(lines)


def show_pair(
    models: Models, measured: Measured | None, one: str, other: str
) -> tuple[Image.Image, str, Image.Image, Image.Image]:
    """The pairs behind two classes' cell, a line on them, and both matrices with the cell in a frame."""
    if measured is None or one not in measured.names or other not in measured.names:
        raise gr.Error(notice("agreement_first"), print_exception=False)
    pair = measured.names.index(one), measured.names.index(other)
    assert measured.state.content is not None
    assert measured.state.features is not None
    sheet = agreement_pairs(models, measured.prior_name, one, other, measured.truncation, measured.seed)
    line = notice(
        "pair_line",
        **dict(zip(("one", "other"), headings([one, other]), strict=True)),
        content=f"{float(measured.state.content[pair]):.2f}",
        features=f"{float(measured.state.features[pair]):.2f}",
    )
    content, features = (drawn.picture for drawn in measured.drawn(pair))
    return sheet, line, content, features


def agreement_pairs(
    models: Models, prior_name: str, one: str, other: str, truncation: float = 0.7, seed: float = 1
) -> Image.Image:
    """Render the codes whose contents as two classes are most and least alike, out of twelve.

    Args:
        models: hold the priors and E_c.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        one: a class, or a mixture such as cat:0.7+dog:0.3.
        other: another one.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the codes.

    Returns:
        Six codes as both classes, and their content maps; above each its distance, in units of different codes.
    """
    from gpunit.evaluation.agreement import code_distances

    prior = models.prior(prior_name)
    latents = prior.latents(_PAIR_CODES, read_seed(seed), clamped(truncation, LOW_TRUNCATION, 1.0))
    rendered = prior.grid(latents, prior.columns([one, other]))
    contents = models.shapes().contents(rendered.flatten(0, 1)).unflatten(0, rendered.shape[:2])
    distances = code_distances(contents.flatten(2))
    order = distances.argsort().tolist()
    picked = [*order[:_SHOWN_PAIRS], *order[-_SHOWN_PAIRS:]]
    titles = [f"{float(distances[index]):.2f}" for index in picked]
    lines = [[pictures.scaled(each) for each in images.to_pictures(rendered[picked, column])] for column in (0, 1)]
    maps = pictures.coloured(contents[picked].transpose(0, 1).flatten(0, 1))
    return grid_sheet([*lines, maps[: len(picked)], maps[len(picked) :]], titles)


def choose_cell(measured: Measured | None, clicked: gr.SelectData) -> tuple[Any, Any]:
    """The two classes of a clicked cell."""
    if measured is None:
        raise gr.Error(notice("agreement_first"), print_exception=False)
    place = measured.drawn()[0].cell_at(*clicked.index)
    if place is None:
        return gr.skip(), gr.skip()
    row, column = (measured.names[measured.found.order[index]] for index in place)
    return row, column


def offer_many(prior_name: str) -> tuple[Any, Any]:
    """Whether a prior has more classes than the grid holds, so that many can be measured."""
    return gr.update(visible=len(actions.class_names(prior_name)) > MAX_CLASSES, value=GRID), gr.update(visible=False)


def build_agreement(tab: gr.Tab, grid: GridParts, models: Models) -> None:
    """Lay out the section inside its tab, and wire it."""
    heading("agreement")
    with gr.Row():
        which = gr.Radio(
            [(text("agreement_grid"), GRID), (text("agreement_many"), MANY)],
            value=GRID,
            label=text("agreement_classes"),
            info=text("agreement_classes_info"),
            visible=False,
            elem_id="prior-agreement-which",
        )
        spread = gr.Slider(
            *(10, MOST_CLASSES, FIRST_SPREAD),
            step=10,
            label=text("agreement_spread"),
            info=text("agreement_spread_info"),
            visible=False,
        )
        codes = gr.Slider(
            *(MIN_CODES, MAX_CODES, FIRST_CODES),
            step=4,
            label=text("agreement_codes"),
            info=text("agreement_codes_info"),
            elem_id="prior-agreement-codes",
        )
        with gr.Column(scale=1, min_width=160):
            go = gr.Button(text("agreement_go"), variant="primary", size="sm", elem_id="prior-agreement-go")
            stop = gr.Button(text("agreement_stop"), size="sm", elem_id="prior-agreement-stop")
    line = gr.Markdown(elem_classes="quiet", elem_id="prior-agreement-line")
    with gr.Row(elem_classes="matrices"):
        content = shown_picture("agreement_content", "prior-agreement")
        features = shown_picture("agreement_features", "prior-agreement-features")
    groups = gr.Markdown(elem_id="prior-agreement-groups")
    heading("pair")
    with gr.Row():
        pair = [
            gr.Dropdown(label=text(f"pair_{key}"), info=text(f"pair_{key}_info"), elem_id=f"prior-pair-{key}")
            for key in ("one", "other")
        ]
    told = gr.Markdown(elem_classes="quiet", elem_id="prior-pair-line")
    pairs = shown_picture("pairs", "prior-pairs")
    measured: gr.State = gr.State(None)
    asked = [grid.prior, grid.classes, grid.truncation, grid.seed, which, spread, codes]
    first: Callable[..., Any] = tab.select
    for event, settings in ((first, QUIET), (go.click, {"api_name": "read_agreement", "show_progress_on": line})):
        event(
            endpoint(read_agreement, models),
            asked,
            [content, features, line, groups, measured, *pair],
            **{**settings, **LONG},
        )
    stop.click(jobs.stop, None, None, queue=False, **QUIET)
    shown = [pairs, told, content, features]
    for picture in (content, features):
        clicked = picture.select(choose_cell, measured, pair, **QUIET)
        clicked.success(endpoint(show_pair, models), [measured, *pair], shown, **QUIET, **ON_DEVICE)
    gr.on([each.input for each in pair], endpoint(show_pair, models), [measured, *pair], shown, **QUIET, **ON_DEVICE)
    which.change(lambda value: gr.update(visible=value == MANY), which, spread, **QUIET)
    grid.prior.change(offer_many, grid.prior, [which, spread], trigger_mode="once", **QUIET)
    gr.api(endpoint(measure_agreement, models), api_name="agreement", **ON_DEVICE)
    gr.api(endpoint(agreement_pairs, models), api_name="agreement_pairs", **ON_DEVICE)
