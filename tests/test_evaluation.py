from __future__ import annotations

import pytest
import torch

from gpunit.evaluation import Closeness, kernel_distance


def test_kernel_distance_is_unbiased_and_sees_a_shift() -> None:
    torch.manual_seed(0)
    same = torch.tensor([kernel_distance(torch.randn(40, 8), torch.randn(40, 8)) for _ in range(60)])
    assert same.min() < 0 < same.max()
    assert same.mean().abs() < 2.5 * same.std() / 60**0.5
    assert kernel_distance(torch.randn(40, 8), torch.randn(40, 8) + 1) > same.max()


def test_kernel_distance_by_the_definition() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(3, 4), torch.randn(5, 4)

    def k(a: torch.Tensor, b: torch.Tensor) -> float:
        return float((a @ b / 4 + 1) ** 3)

    within_x = sum(k(x[i], x[j]) for i in range(3) for j in range(3) if i != j) / 6
    within_y = sum(k(y[i], y[j]) for i in range(5) for j in range(5) if i != j) / 20
    between = sum(k(a, b) for a in x for b in y) / 15
    assert kernel_distance(x, y) == pytest.approx(within_x + within_y - 2 * between, rel=1e-5)


def test_gap_closed_runs_from_the_sources_to_the_floor() -> None:
    assert Closeness("net", translated=0.1, sources=0.9, floor=0.1).gap_closed == 1
    assert Closeness("net", translated=0.9, sources=0.9, floor=0.1).gap_closed == 0
