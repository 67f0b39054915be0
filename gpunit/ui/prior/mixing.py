"""Between classes: two or three class embeddings mixed, in a range of layers, as a column of its own."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

from gpunit import images
from gpunit.prior.classes import written_class
from gpunit.prior.table import layers_of, read_config
from gpunit.ui.components import heading, shown_picture
from gpunit.ui.events import LIVE, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior import actions
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import grid_sheet, headings
from gpunit.ui.prior.rows import MAX_CLASSES, MAX_ROWS, Row, codes_of, read_rows
from gpunit.ui.values import clamped, read_seed, whole

LAST_LAYER = 16


def written_mixture(
    prior_name: str, names: tuple[str, str, str | None], share_b: float, share_c: float, first: float, last: float
) -> str:
    """A mixture as it is written (see `gpunit.prior.classes`): B and C join A in a range of layers."""
    config = read_config(prior_name) or {}
    most = len(layers_of(config)) - 1 if config else LAST_LAYER
    low, high = sorted((whole(first, 0, most), whole(last, 0, most)))
    b, c = clamped(share_b, 0.0, 1.0), clamped(share_c, 0.0, 1.0) if names[2] else 0.0
    total = max(1.0, b + c)
    b, c = b / total, c / total
    all_names = actions.class_names(prior_name)
    one, two, three = (
        written_class(all_names.index(name), all_names) if name in all_names else name or "" for name in names
    )
    reach = "" if (low, high) == (0, most) else f"@{low}-{high}"
    shares = ((one, 1 - b - c), (two, b), (three, c))
    parts = [f"{name}:{share:.2f}{reach}" for name, share in shares if name and share > 0.004]
    if low > 0:
        parts.append(f"{one}@0-{low - 1}")
    if high < most:
        parts.append(f"{one}@{high + 1}-{most}")
    return "+".join(parts)


def mix_classes(
    models: Models,
    prior_name: str,
    truncation: float,
    seed: float,
    shown: list[Row],
    class_a: str,
    class_b: str,
    class_c: str | None,
    share_b: float,
    share_c: float,
    first: float,
    last: float,
) -> tuple[Image.Image, str]:
    """Render the grid's codes as two classes, their mixture, and a third.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.
        class_a: the class that is mixed with others.
        class_b: a class that joins it.
        class_c: another one, or nothing.
        share_b: of class B, from 0 to 1.
        share_c: of class C, from 0 to 1; shares above 1 in all are scaled down.
        first: the first layer that is told the mixture; others are told class A.
        last: the last such layer.

    Returns:
        A column for each class and one for the mixture, and the mixture as it is written.
    """
    prior = models.prior(prior_name)
    written = written_mixture(prior_name, (class_a, class_b, class_c), share_b, share_c, first, last)
    rows = (read_rows(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)])[:2]
    names = [class_a, written, class_b, *([class_c] if class_c else [])]
    rendered = prior.grid(codes_of(prior, rows, truncation), prior.columns(names))
    titles = headings(names)
    titles[1] = notice("heading_mixture")
    return grid_sheet([images.to_pictures(row) for row in rendered], titles), written


def add_column(prior_name: str, classes: list[str], written: str) -> Any:
    """Give a mixture a column of its own in the grid."""
    if not written:
        return gr.skip()
    value = [*[name for name in classes if name != written][: MAX_CLASSES - 1], written]
    own = [name for name in value if name not in actions.class_names(prior_name)]
    return gr.update(choices=actions.class_choices(prior_name, *own), value=value)


def offer_mixed(prior_name: str, current: str | None) -> list[Any]:
    """The classes of another prior, for the three that are mixed; no change while it is the same."""
    names = actions.class_names(prior_name)
    if current in names:
        return [gr.skip()] * 3
    choices = actions.class_choices(prior_name)
    return [gr.update(choices=choices, value=value) for value in (names[0], names[1], None)]


def build_mixing(tab: gr.Tab, grid: GridParts, prior_name: str, models: Models) -> None:
    """Lay out the section inside its tab, and wire it; `prior_name` is chosen at first."""
    names, choices = actions.class_names(prior_name), actions.class_choices(prior_name)
    heading("mixing")
    with gr.Row():
        pickers = [
            gr.Dropdown(
                choices, value=value, label=text(f"mix_{key}"), info=text(f"mix_{key}_info"), elem_id=f"prior-mix-{key}"
            )
            for key, value in zip("abc", (names[0], names[1], None), strict=True)
        ]
    with gr.Row():
        share_b = gr.Slider(
            0, 1, 0.5, step=0.05, label=text("share_b"), info=text("share_b_info"), elem_id="prior-share-b"
        )
        share_c = gr.Slider(0, 1, 0, step=0.05, label=text("share_c"), info=text("share_c_info"))
        first = gr.Slider(0, LAST_LAYER, 0, step=1, label=text("layer_first"), info=text("mix_first_info"))
        last = gr.Slider(0, LAST_LAYER, LAST_LAYER, step=1, label=text("layer_last"), info=text("mix_last_info"))
    picture = shown_picture("mixing", "prior-mixed")
    with gr.Row():
        written = gr.Textbox(label=text("written"), interactive=False, elem_id="prior-written")
        add = gr.Button(text("add_column"), variant="primary", size="sm", elem_id="prior-add-column")
    shares = [share_b, share_c, first, last]
    render: list[Any] = [
        endpoint(mix_classes, models),
        [grid.prior, grid.truncation, grid.seed, grid.row_names, *pickers, *shares],
        [picture, written],
    ]
    changes = [*(picker.change for picker in pickers), *(share.change for share in shares)]
    gr.on([tab.select, *changes], *render, api_name="mix_classes", **LIVE)
    grid.classes.change(offer_mixed, [grid.prior, pickers[0]], pickers, **QUIET, trigger_mode="once")
    add.click(add_column, [grid.prior, grid.classes, written], grid.classes, **QUIET)
