"""Rows and columns of the grid as values that the page keeps: codes by seed and number, or in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from gpunit.ui.i18n import notice
from gpunit.ui.values import clamped, read_seed

if TYPE_CHECKING:
    from gpunit.prior.biggan import LatentCodes, Prior

MAX_ROWS = 8
MAX_CLASSES = 12
LOW_TRUNCATION = 0.02

# A row is named by the seed and the index of its code: the same name, the same code.  One that was found otherwise, in
# a photo or along an axis, carries its code: {"name": ..., "code": [...]}, numbers or lists of them, one a layer.
Row = list[int] | dict[str, Any]


def chosen(classes: list[str]) -> list[str]:
    """The classes that are shown.

    Raises:
        gr.Error: if there is none.
    """
    if not classes:
        raise gr.Error(notice("no_class"))
    return classes[:MAX_CLASSES]


def read_rows(shown: Sequence[Any]) -> list[Row]:
    """Names of rows as a visitor's page, or a program, sends them.

    Raises:
        gr.Error: if they are none.
    """
    try:
        return [_read_row(row) for row in shown[:MAX_ROWS]]
    except (TypeError, ValueError, KeyError):
        raise gr.Error("Rows are named by [seed, index] each; draw the grid anew.") from None


def _read_row(row: Any) -> Row:
    if isinstance(row, dict):
        return {"name": str(row["name"])[:40], "code": row["code"]}
    seed, index = row
    return [read_seed(seed), int(index) % MAX_ROWS]


def codes_of(prior: Prior, rows: Sequence[Row], truncation: float) -> LatentCodes:
    """The latent codes of rows.

    Raises:
        gr.Error: for a code that is not this prior's.
    """
    import torch

    from gpunit.prior.biggan import LatentCodes

    truncation = clamped(truncation, LOW_TRUNCATION, 1.0)
    found = []
    for row in rows:
        if isinstance(row, dict):
            code = torch.tensor(row["code"], dtype=torch.float32)
            fits = code.shape in ((prior.latent_dim,), (len(prior.layers), prior.latent_dim))
            if not fits or not bool(code.isfinite().all()):
                raise gr.Error(f"The row {row['name']!r} belongs to another prior; draw the grid anew.")
        else:
            seed, index = row
            code = prior.named_latents([(seed, index)], truncation).codes[0]
        found.append(code)
    if any(code.dim() == 2 for code in found):
        found = [code if code.dim() == 2 else code[None].expand(len(prior.layers), -1) for code in found]
    return LatentCodes(torch.stack(found), truncation)


def add_row(shown: Sequence[Any], kept: Sequence[str], row: Row) -> tuple[list[Row], Any, Any]:
    """A row after the others, or in place of the last one where there is no room.

    Returns:
        The rows, how many there are, and the kept ones, to which the new one belongs.
    """
    rows = [*read_rows(shown)[: MAX_ROWS - 1], row]
    number = str(len(rows))
    choices = [str(index + 1) for index in range(len(rows))]
    return rows, gr.update(value=len(rows)), gr.update(choices=choices, value=sorted({*kept, number} & set(choices)))


def as_row(name: str, code: Any) -> Row:
    """A row that carries its code (D,) or (layers, D); six decimals are more than a picture shows."""
    values = code.tolist()
    flat = values if code.dim() == 1 else [number for layer in values for number in layer]
    if not all(map(math.isfinite, flat)):
        raise gr.Error("The code has numbers that are not finite; start anew.")
    return {"name": name, "code": [round(v, 6) for v in values] if code.dim() == 1 else values}
