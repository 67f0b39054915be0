"""Seeds as every tab asks for them, and as the engine takes them."""

from __future__ import annotations

import math

import gradio as gr

from gpunit.ui.i18n import text

MAX_SEED = 2**31 - 1


def seed_input(value: int, elem_id: str, label: str = "seed", info: str = "seed_info") -> gr.Number:
    """A whole number from 0 on; label and info are keys of the page's texts."""
    return gr.Number(
        value, label=text(label), info=text(info), precision=0, minimum=0, maximum=MAX_SEED, elem_id=elem_id
    )


def roll(button: gr.Button, seed: gr.Number) -> None:
    """Let a button draw another seed, in the browser; never 0, which may stand for something of its own."""
    button.click(None, None, seed, js=f"() => 1 + Math.floor(Math.random() * {MAX_SEED - 1})", api_visibility="private")


def read_seed(number: float | None) -> int:
    """What a page or a program sent, as a seed: an emptied field is 0, and numbers out of range are wrapped.

    Raises:
        gr.Error: for a number that is none.
    """
    if number is not None and not math.isfinite(number):
        raise gr.Error("The seed must be a whole number, such as 7.")
    return int(number or 0) % (MAX_SEED + 1)
