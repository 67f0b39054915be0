"""The components of the grid that the tab's sections read and set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
from gradio.events import Dependency


@dataclass(frozen=True)
class GridParts:
    """The grid and what decides what it shows.

    Attributes:
        prior, classes, rows, truncation, seed, kept, below: the controls.
        picture: the grid, with marks.
        plain: the state with the grid without marks.
        row_names: the state with the names of the shown rows.
        redraw: draws the grid anew after an event.
    """

    prior: gr.Dropdown
    classes: gr.Dropdown
    rows: gr.Slider
    truncation: gr.Slider
    seed: gr.Number
    kept: gr.CheckboxGroup
    below: gr.Dropdown
    picture: gr.Image
    plain: gr.State
    row_names: gr.State
    redraw: Callable[[Dependency], Dependency]
