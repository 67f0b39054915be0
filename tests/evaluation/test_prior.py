from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gpunit.evaluation.metrics import mean_pairwise_distance
from gpunit.evaluation.prior import content_agreement, overlap, probe_domain, shape_agreement


def test_content_agreement_is_nought_for_equal_maps_and_one_for_unrelated_ones() -> None:
    torch.manual_seed(0)
    shared = torch.randn(40, 1, 1, 8, 8).expand(-1, 3, -1, -1, -1)
    unrelated = torch.randn(40, 3, 1, 8, 8)
    assert content_agreement(shared) == 0
    assert content_agreement(unrelated) == pytest.approx(1, abs=0.03)
    half = content_agreement(shared + 0.5 * unrelated)
    assert 0.2 < half < 0.8
    assert content_agreement(7 * (shared + 0.5 * unrelated)) == pytest.approx(half)


def test_overlap() -> None:
    left = -torch.ones(2, 1, 4, 4)
    left[..., :2] = 1
    right = -left
    both = torch.ones(2, 1, 4, 4)
    assert overlap(left, left) == 1
    assert overlap(left, right) == 0
    assert overlap(left, both) == overlap(both, left) == 0.5


def test_a_head_that_sees_the_content_beats_the_class_mean() -> None:
    """Maps are the content's sign; a head that says just that is right, on shuffled codes it is as good as chance."""
    torch.manual_seed(0)
    contents = torch.randn(30, 1, 1, 16, 16).expand(-1, 2, -1, -1, -1)
    maps = contents.sign()

    asked = []

    def head(content: Tensor, label: Tensor) -> Tensor:
        asked.append(label.unique().tolist())
        return content.expand(-1, 3, -1, -1)

    rows = shape_agreement(head, contents, maps, ("cat", "dog"), (7, 5))
    assert asked == [[5], [7]]
    assert [(row.given, row.asked) for row in rows] == [("cat", "dog"), ("dog", "cat")]
    for row in rows:
        assert row.partner == 1
        assert row.shuffled < 0.5
        assert row.class_mean < 0.6


def test_the_probe_finds_what_is_there_and_nothing_else() -> None:
    torch.manual_seed(0)
    label = torch.arange(400) % 4
    noise = torch.randn(400, 1, 8, 8)
    assert probe_domain(noise[:200], label[:200], noise[200:], label[200:], epochs=5) < 0.4
    marked = noise.clone()
    marked[torch.arange(400), 0, label, label] += 6
    assert probe_domain(marked[:200], label[:200], marked[200:], label[200:], epochs=15) > 0.9


def test_diversity_grows_with_the_spread_alone() -> None:
    torch.manual_seed(0)
    features = torch.randn(50, 8)
    diversity = mean_pairwise_distance(features)
    assert mean_pairwise_distance(features + 5) == pytest.approx(diversity)
    assert mean_pairwise_distance(3 * features) == pytest.approx(3 * diversity)
    assert mean_pairwise_distance(features[:1].expand(5, -1)) == 0
