from __future__ import annotations

import math

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.evaluation.correspondence import LARGEST_MAP, measure_correspondence
from gpunit.prior.biggan import Prior
from gpunit.prior.classes import PriorError


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "dog"], device="cpu")


def everywhere(pictures: Tensor) -> Tensor:
    return torch.ones(len(pictures), 1, 16, 16)


def left_then_right(pictures: Tensor) -> Tensor:
    masks = -everywhere(pictures)
    masks[0, ..., :8] = 1
    masks[1:, ..., 8:] = 1
    return masks


def test_where_the_object_is_everywhere_nothing_can_be_gained(prior: Prior) -> None:
    *_, rows = measure_correspondence(prior, [0, 1], prior.latents(2, 1), everywhere)
    assert [row.size for row in rows] == [layer.size for layer in prior.layers if layer.size <= LARGEST_MAP]
    assert all((row.matched, row.same, row.area, row.points, row.codes) == (1, 1, 1, 0, 2) for row in rows)


def test_objects_that_lie_elsewhere_are_missed_by_the_same_position(prior: Prior) -> None:
    # The same class twice: features find the same place, which the masks call wrong.
    *_, rows = measure_correspondence(prior, [0, 0], prior.latents(2, 1), left_then_right)
    assert all(row.same == 0 for row in rows)
    assert all(row.area == 0.5 for row in rows)
    assert rows[-1].matched < 0.05
    assert all(row.error >= 0 for row in rows)


def test_it_can_be_stopped_and_goes_on_as_it_began(prior: Prior) -> None:
    run = measure_correspondence(prior, [0, 1], prior.latents(3, 1), left_then_right, seed=4)
    first = next(run)
    assert math.isnan(first[0].error)
    again = next(measure_correspondence(prior, [0, 1], prior.latents(9, 1), left_then_right, seed=4))
    assert [row.matched for row in first] == [row.matched for row in again]
    assert next(run)[0].codes == 2


def test_codes_without_an_object_are_left_out(prior: Prior) -> None:
    assert not list(measure_correspondence(prior, [0, 1], prior.latents(2, 1), lambda pictures: -everywhere(pictures)))
    with pytest.raises(PriorError, match="two at least"):
        next(measure_correspondence(prior, [0], prior.latents(2, 1), everywhere))
