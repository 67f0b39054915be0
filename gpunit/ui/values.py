"""Numbers from controls and programs, brought into the range that actions take."""

from __future__ import annotations

import math

import gradio as gr

from gpunit.seeds import MAX_SEED


def read_seed(number: float | None) -> int:
    """A seed from 0 to `MAX_SEED`: an emptied field is 0, and numbers out of range are wrapped.

    Raises:
        gr.Error: for a number that is infinite or NaN.
    """
    if number is not None and not math.isfinite(number):
        raise gr.Error("The seed must be a whole number, such as 7.")
    return int(number or 0) % (MAX_SEED + 1)


def clamped(number: float, low: float, high: float) -> float:
    """The number in [low, high] that is nearest."""
    return min(max(number, low), high)


def whole(number: float, low: int, high: int) -> int:
    """The whole number in [low, high] that is nearest, from below."""
    return min(max(int(number), low), high)
