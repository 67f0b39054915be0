"""Correspondence in numbers, on the small prior that is bundled."""

from __future__ import annotations

import gradio as gr
import pytest

from gpunit.evaluation.correspondence import LayerAccuracy
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import measuring


def test_every_layer_has_a_line(models: Models) -> None:
    first, *_, last = measuring.measure_layers(models, PRIORS[0], ["cat", "dog"], codes=2)
    assert first.count("64×64") == 2
    assert "2 codes as 2 classes" in last
    assert (first.count(" ± "), last.count(" ± ")) == (1, 11), "one code has no error; the last line explains the sign"


def test_the_best_layer_stands_out() -> None:
    rows = [LayerAccuracy(0, 4, 0.5, 0.5, 0.3, 0.01, 9), LayerAccuracy(1, 8, 0.6, 0.5, 0.3, 0.01, 9)]
    table = measuring.accuracy_table(rows, 3)
    assert "| 60% | 50% | **+10.0** ± 1.0 |" in table
    assert "| +0.0 ± 1.0 |" in table


def test_one_class_corresponds_to_nothing(models: Models) -> None:
    with pytest.raises(gr.Error, match="at least two classes"):
        next(measuring.measure_layers(models, PRIORS[0], ["cat"]))
