"""Directions, on the small prior that is bundled."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import directions
from gpunit.ui.prior.directions import AXES
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]
ZERO = (0.0,) * AXES


def test_a_slider_moves_every_class_and_zero_moves_none(models: Models) -> None:
    still = directions.move_row(models, NAME, CLASSES, 0.7, 3, 1, [], [], *ZERO)
    there = directions.move_row(models, NAME, CLASSES, 0.7, 3, 1, [], [], 2.0, *ZERO[1:])
    for column in range(2):
        assert np.abs(cell(there, column) - cell(still, column)).mean() > 2
    asked = directions.move_along(models, NAME, CLASSES, "1:2", 0.7, 3, 1)
    np.testing.assert_array_equal(asked, there)


def test_a_moved_row_joins_the_grid(models: Models) -> None:
    rows, count, kept = directions.keep_moved(models, NAME, 0.7, 3, 1, [[3, 0], [3, 1]], ["1"], [], 1.0, *ZERO[1:])
    assert rows[:2] == [[3, 0], [3, 1]]
    assert isinstance(rows[2], dict)
    assert count["value"] == 3
    assert kept["value"] == ["1", "3"]
    shown = directions.move_row(models, NAME, CLASSES, 0.7, 3, 3, rows, [], *ZERO)
    moved = directions.move_row(models, NAME, CLASSES, 0.7, 3, 1, rows, [], 1.0, *ZERO[1:])
    assert np.abs(cell(shown, 0) - cell(moved, 0)).max() <= 1


def test_names_layers_and_amounts_are_saved_and_loaded(models: Models, tmp_path: Path) -> None:
    notes = directions.note_axis([], 2, " size ", 5, 0)
    assert notes[1] == {"name": "size", "first": 0, "last": 5}
    labels = directions.open_axes(models, NAME, notes)
    assert labels[1]["label"] == "size"
    assert labels[0]["label"] == "Axis 1"
    path = tmp_path / "axes.json"
    path.write_text(json.dumps(directions.save_axes(NAME, notes, 0.0, 1.5, *ZERO[2:])))
    loaded = directions.load_axes(NAME, str(path))
    assert loaded[0][1] == notes[1]
    assert loaded[2] == 1.5


def test_a_row_of_another_prior_is_refused(models: Models) -> None:
    with pytest.raises(gr.Error, match="another prior"):
        directions.move_row(models, NAME, CLASSES, 0.7, 3, 1, [{"name": "x", "code": [1.0]}], [], *ZERO)
