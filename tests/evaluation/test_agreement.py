from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.evaluation import agreement
from gpunit.evaluation.agreement import DistanceRatio, cluster, measure_agreement, spread_classes, typical
from gpunit.prior.biggan import Prior
from gpunit.prior.classes import PriorError
from tests.prior.memory import LargestTensor


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "dog"], device="cpu")


def pooled(pictures: Tensor) -> Tensor:
    """In place of E_c."""
    return torch.nn.functional.adaptive_avg_pool2d(pictures, 8).mean(1, keepdim=True)


def ratio_of(codes: Tensor) -> Tensor:
    ratio = DistanceRatio(lambda one, other: torch.cdist(one, other, p=1))
    for classes in codes:
        ratio.add(classes)
    matrix = ratio.matrix()
    assert matrix is not None
    return matrix


def test_agreement_tells_the_classes_that_share_what_is_measured() -> None:
    torch.manual_seed(0)
    first = torch.randn(60, 1, 64)
    matrix = ratio_of(torch.cat([first, first + 0.1 * torch.randn_like(first), torch.randn_like(first)], 1))
    assert torch.equal(matrix, matrix.T)
    assert torch.equal(matrix.diag(), torch.zeros(3))
    assert matrix[0, 1] < 0.15
    assert matrix[0, 2] == pytest.approx(1, abs=0.03)


def test_one_code_is_no_measure() -> None:
    ratio = DistanceRatio(torch.cdist)
    ratio.add(torch.randn(2, 4))
    assert ratio.matrix() is None


def test_the_same_class_twice_agrees_and_progress_is_told(prior: Prior, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "_RENDERED", 2)
    states = list(measure_agreement(prior, [0, 1, 0], prior.latents(3, 1), pooled))
    assert [state.done for state in states] == [2, 3, 5, 6, 8, 9]
    assert states[-1].total == 9
    assert states[2].content is None
    for matrix in (states[-1].content, states[-1].features):
        assert matrix is not None
        assert float(matrix[0, 2]) == pytest.approx(0, abs=1e-3)
        assert float(matrix[0, 1]) > 0.05
        assert torch.equal(matrix, matrix.T)


def test_memory_does_not_grow_with_the_codes(prior: Prior) -> None:
    peaks = []
    for codes in (2, 8):
        with LargestTensor() as largest:
            list(measure_agreement(prior, [0, 1, 0, 1], prior.latents(codes, 1), pooled))
        peaks.append(largest.numbers)
    assert peaks[0] == peaks[1]


def test_too_few_are_refused(prior: Prior) -> None:
    for columns, codes in (([0], 3), ([0, 1], 1)):
        with pytest.raises(PriorError, match="two"):
            next(measure_agreement(prior, columns, prior.latents(codes, 1), pooled))


def test_similar_classes_lie_beside_each_other() -> None:
    generator = torch.Generator().manual_seed(3)
    kinds = torch.arange(24) % 3  # three kinds, dealt out in turns
    points = 10 * torch.eye(3)[kinds] + torch.randn(24, 3, generator=generator)
    distances = torch.cdist(points, points)
    found = cluster(distances, groups=3)
    assert sorted(found.order) == list(range(24))
    assert sum(a != b for a, b in pairwise(kinds[found.order].tolist())) == 2, "each kind in one piece"
    assert [number for group in found.groups for number in group] == found.order
    assert all(len(set(kinds[group].tolist())) == 1 for group in found.groups)
    neighbours = distances[found.order[:-1], found.order[1:]].mean()
    assert neighbours < distances[distances > 0].mean() / 3


def test_few_classes_are_one_group_and_the_middle_of_a_group_is_typical() -> None:
    points = torch.tensor([[0.0], [1.0], [2.0], [30.0]])
    distances = torch.cdist(points, points)
    assert cluster(distances).groups == [cluster(distances).order]
    assert typical([0, 1, 2], distances, 1) == [1]
    assert len(cluster(torch.cdist(torch.randn(100, 2), torch.randn(100, 2))).groups) == 10


def test_spread_classes_differ() -> None:
    assert len(set(spread_classes(300, 1000))) == 300
    assert spread_classes(1000, 1000) == list(range(1000))
