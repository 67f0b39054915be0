"""Mixtures of classes, on the small prior that is bundled."""

from __future__ import annotations

import numpy as np

from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import mixing
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]


def test_a_mixture_is_written_with_its_layers_and_becomes_a_column(models: Models) -> None:
    def written(*given: float) -> str:
        return mixing.written_mixture(NAME, ("cat", "dog", None), *given)

    assert written(0.25, 0, 0, 16) == "cat:0.75+dog:0.25"
    assert written(1, 0, 4, 16) == "dog:1.00@4-9+cat@0-3"
    assert mixing.written_mixture(NAME, ("cat", "dog", "bird"), 1, 1, 0, 9) == "dog:0.50+bird:0.50"
    sheet, text = mixing.mix_classes(models, NAME, 0.7, 3, [], "cat", "dog", None, 1, 0, 0, 16)
    assert np.abs(cell(sheet, 1) - cell(sheet, 2)).max() <= 1
    added = mixing.add_column(NAME, CLASSES, text)
    assert added["value"] == [*CLASSES, text]
    assert (text, text) in added["choices"]
