from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.evaluation.axes import ClassJudge, measure_axes
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.biggan import Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.directions import find_axes


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "face"], device="cpu")


class Judge(ClassJudge):
    """Finds what it is told to, one answer after the other."""

    def __init__(self, answers: Sequence[bool]) -> None:
        self.answers = iter(answers)

    def found(self, pictures: Tensor, labels: Sequence[int]) -> Tensor:
        return torch.full(pictures.shape[:2], next(self.answers))


def test_only_pictures_that_were_found_before_count(prior: Prior) -> None:
    axes, latents = find_axes(prior), prior.latents(3, 1)
    (row,) = measure_axes(prior, axes, [0, 1], latents, Judge([True, True, True, False, True]), count=1)
    assert (row.axis, row.kept, row.pictures, row.worst) == (1, 0.75, 4 * 6, 0.75)
    (row,) = measure_axes(prior, axes, [0, 1], latents, Judge([False] + 4 * [True]), count=1)
    assert (row.kept, row.pictures) == (0, 0)


def test_no_reach_keeps_every_class(prior: Prior) -> None:
    judge = ClassJudge(EfficientNetLite0(), prior)
    latents = prior.latents(2, 1)
    found = judge.found(prior.grid(latents, [0]), [0])
    (row,) = measure_axes(prior, find_axes(prior), [0], latents, judge, reach=0, count=1)
    assert row.kept == (1 if found.any() else 0)


def test_a_class_that_imagenet_lacks_is_refused(prior: Prior) -> None:
    with pytest.raises(PriorError, match="'face'"):
        ClassJudge(EfficientNetLite0(), prior).own_classes(1)
