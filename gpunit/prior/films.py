"""Films of a prior: a walk over codes, over classes, or along an axis; all of them are loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from gpunit.prior.biggan import LatentCodes, Prior, great_circle
from gpunit.prior.classes import Column, Mixture, Part, PriorError
from gpunit.prior.directions import Axes, Move, moved

CODES, CLASSES, AXIS = "codes", "classes", "axis"
WAYS = (CODES, CLASSES, AXIS)
REACH = 2.5


def film(
    prior: Prior,
    way: str,
    latents: LatentCodes,
    columns: Sequence[Column],
    frames: int,
    axes: Axes | None = None,
    move: Move | None = None,
) -> Iterator[Tensor]:
    """Render a film, a frame at a time; after the last frame, the first follows without a jump.

    Args:
        prior: renders it.
        way: "codes" goes from code to code on great circles, in all columns at once; "classes" from column to column,
            with the first code; "axis" swings the first code along an axis, in all columns at once.
        latents: two codes at least for "codes".
        columns: two at least for "classes".
        frames: how many in all, two at least.
        axes, move: for "axis": which axis, how far (2.5 standard deviations if its amount is 0), and in which layers.

    Yields:
        The pictures of one frame, side by side: (N, 3, S, S) in [-1, 1]; N is 1 for "classes", else one per column.

    Raises:
        PriorError: for another way, or too few codes, columns or frames.
    """
    if way not in WAYS:
        raise PriorError(f"there is no film over {way!r}; choose from {', '.join(WAYS)}.")
    if frames < 2 or (way == CODES and len(latents) < 2) or (way == CLASSES and len(columns) < 2):
        what = "classes" if way == CLASSES else "codes"
        raise PriorError(f"a film over {way} needs at least two frames and two {what}.")
    if way == AXIS and (axes is None or move is None):
        raise PriorError("a film along an axis needs an axis; name one.")
    for frame in range(frames):
        if way == CLASSES:
            index, place = _leg(frame, frames, len(columns))
            column = blended(columns[index], columns[(index + 1) % len(columns)], place)
            yield prior.render(LatentCodes(latents.codes[:1], latents.truncation), [column])
            continue
        if way == CODES:
            index, place = _leg(frame, frames, len(latents))
            code = great_circle(latents.codes[index], latents.codes[(index + 1) % len(latents)], place)
            shown = LatentCodes(code[None], latents.truncation)
        else:
            assert axes is not None
            assert move is not None
            amount = (move.amount or REACH) * math.sin(2 * math.pi * frame / frames)
            first = LatentCodes(latents.codes[:1], latents.truncation)
            shown = moved(first, axes, [replace(move, amount=amount)], len(prior.layers))
        yield prior.grid(shown, columns)[0]


def blended(start: Column, end: Column, place: float) -> Column:
    """The mixture that is at `place`, from 0 to 1, on the way from one column to another."""
    if place <= 0:
        return start
    parts = [
        replace(part, weight=part.weight * share)
        for column, share in ((start, 1 - place), (end, place))
        for part in (column.parts if isinstance(column, Mixture) else (Part(column),))
    ]
    return Mixture(tuple(parts))


def _leg(frame: int, frames: int, stops: int) -> tuple[int, float]:
    """Which stop a frame comes after, and how far it is on the way to the next one."""
    index, rest = divmod(frame * stops, frames)
    return index, rest / frames
