"""How well places are found again: every layer's correspondence in numbers.  Layout and action."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from gpunit.ui import jobs
from gpunit.ui.components import heading
from gpunit.ui.events import LONG, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.rows import LOW_TRUNCATION, chosen
from gpunit.ui.values import clamped, read_seed, whole

if TYPE_CHECKING:
    from gpunit.evaluation.correspondence import LayerAccuracy

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this
FIRST_CODES, MAX_CODES = 12, 100


def measure_layers(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float = 0.7,
    seed: float = 1,
    codes: float = FIRST_CODES,
    progress: gr.Progress = PROGRESS,
) -> Iterator[str]:
    """Measure how often each layer finds a place of an object inside the object of another class.

    Args:
        models: hold the priors and what finds objects.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of 2 to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the codes and places.
        codes: how many latent codes, 2 to 100.
        progress: shown on the page.

    Yields:
        A table with a line for each layer; stopped, it keeps the codes that are done.
    """
    from gpunit.evaluation.correspondence import measure_correspondence  # with BigGAN's library, slow to import

    names, number = chosen(classes), read_seed(seed)
    if len(names) < 2:
        raise gr.Error(notice("agreement_two"), print_exception=False)
    prior = models.prior(prior_name)
    latents = prior.latents(whole(codes, 2, MAX_CODES), number, clamped(truncation, LOW_TRUNCATION, 1.0))
    rows: list[LayerAccuracy] = []
    with jobs.stoppable() as stopped:
        instances = models.shapes().instances
        for rows in measure_correspondence(prior, prior.columns(names), latents, instances, seed=number):
            progress((rows[0].codes, len(latents)), unit=notice("unit_codes"))
            if stopped.is_set():
                break
            yield accuracy_table(rows, len(names))
    if not rows:
        raise gr.Error(notice("accuracy_none"), print_exception=False)
    yield accuracy_table(rows, len(names))


def accuracy_table(rows: list[LayerAccuracy], classes: int) -> str:
    """The measure for people; the best layer in bold."""
    best = max(row.points for row in rows)
    lines = [notice("accuracy_head"), "|---|---|---|---|---|"]
    for row in rows:
        points = f"{row.points:+.1f}"
        points = f"**{points}**" if row.points == best else points
        error = "" if row.codes < 2 else f" ± {100 * row.error:.1f}"
        cells = [str(row.number), f"{row.size}×{row.size}", f"{row.matched:.0%}", f"{row.same:.0%}", points + error]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", notice("accuracy_line", codes=rows[0].codes, classes=classes)])


def build_measuring(grid: GridParts, models: Models) -> None:
    """Lay out the measure, and wire it."""
    heading("accuracy")
    with gr.Row():
        go = gr.Button(text("accuracy_go"), size="sm", scale=0, min_width=220, elem_id="prior-accuracy-go")
        stop = gr.Button(text("agreement_stop"), size="sm", scale=0, min_width=120, elem_id="prior-accuracy-stop")
    table: Any = gr.Markdown(elem_id="prior-accuracy")
    go.click(
        endpoint(measure_layers, models),
        [grid.prior, grid.classes, grid.truncation, grid.seed],
        table,
        api_name="measure_layers",
        **LONG,
    )
    stop.click(jobs.stop, None, None, queue=False, **QUIET)
