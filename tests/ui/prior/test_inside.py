"""Activations, ranked units and switched ones, on the small prior that is bundled."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest
import torch
from torch import Tensor

from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import inside
from gpunit.ui.prior.inside import ALL, OFF, ON
from gpunit.ui.prior.rows import Row
from gpunit.zoo.weights import ModelError
from tests.ui.conftest import same
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]
LAYER = 3
Shared = tuple[str, list[str], float, float, list[Row], float, int]
SHARED: Shared = (NAME, CLASSES, 0.7, 3, [], 1, LAYER)


def test_heatmaps_stand_below_the_pictures_and_a_unit_has_its_own(models: Models) -> None:
    every, picture = inside.show_activations(models, *SHARED, ALL)
    one, _ = inside.show_activations(models, *SHARED, 5)
    np.testing.assert_array_equal(cell(every, 0, 0), np.asarray(picture, dtype=int))
    for column in range(2):
        np.testing.assert_array_equal(cell(every, column, 0), cell(one, column, 0))
        assert np.abs(cell(every, column, 1) - cell(one, column, 1)).mean() > 2
    with pytest.raises(ModelError, match="units 0 to 767"):
        inside.show_activations(models, *SHARED, 768)


def test_the_units_of_a_ranking_are_those_that_are_switched(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def left_half(pictures: Tensor) -> Tensor:
        return (torch.arange(64) < 32).float().expand(len(pictures), 1, 64, 64) - 0.5

    monkeypatch.setattr(models.shapes(), "instances", left_half)
    gallery, line, ranked = inside.rank_units(models, *SHARED)
    assert len(gallery) == 12
    overlaps = [float(caption.rsplit(" ", 1)[1]) for _, caption in gallery]
    assert overlaps == sorted(overlaps, reverse=True)
    assert overlaps[0] > 0.5
    assert "has an IoU of 0.50" in line
    assert ranked is not None
    assert [f"unit {unit} ·" in caption for unit, (_, caption) in zip(ranked["units"], gallery, strict=False)] == [
        True
    ] * 12
    chosen = ", ".join(map(str, ranked["units"]))
    by_ranking, words = inside.switch_units(models, *SHARED, "", OFF, [], ranked)
    by_number, _ = inside.switch_units(models, *SHARED, chosen, OFF, [], None)
    assert same(by_ranking, by_number)
    assert "32 units" in words
    picked = inside.pick_unit(ranked, gr.SelectData(None, {"index": 2, "value": None}))
    assert picked == ranked["units"][2]


def test_switching_in_a_region_changes_it_in_every_class_and_hardly_the_rest(models: Models) -> None:
    units = ", ".join(map(str, range(0, 384, 4)))
    shared: Shared = (NAME, CLASSES, 0.7, 3, [], 1, 5)
    sheet, line = inside.switch_units(models, *shared, units, ON, [[0.5, 0.5, 0.2]], None)
    for column in range(2):
        apart = np.abs(cell(sheet, column, 1) - cell(sheet, column, 0)).mean(2)
        assert apart[48:80, 48:80].mean() > 5 * max(apart[:16].mean(), 0.2)
    assert "96 units of layer 5" in line
    off, _ = inside.switch_units(models, *shared, units, OFF, [[0.5, 0.5, 0.2]], None)
    assert not same(off, sheet)


def test_what_cannot_be_switched_is_said(models: Models) -> None:
    other = {"prior": NAME, "layer": 7, "units": [1, 2]}
    for ranked in (None, other):
        with pytest.raises(gr.Error, match="Rank the units first"):
            inside.switch_units(models, *SHARED, " ", OFF, [], ranked)
    with pytest.raises(ModelError, match="with commas"):
        inside.switch_units(models, *SHARED, "3; 4", OFF, [], None)
    with pytest.raises(gr.Error, match="Dabs are"):
        inside.switch_units(models, *SHARED, "3", OFF, [[1.0]], None)


def test_layers_are_told_with_size_and_units() -> None:
    assert inside.unit_layers(NAME)[LAYER] == ("3  ·  8×8  ·  768", LAYER)
    assert inside.first_unit_layer(NAME) == LAYER
    assert inside.offer_unit_layers("biggan-deep-512") == gr.skip()
