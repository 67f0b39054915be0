from __future__ import annotations

import pytest
import torch

from gpunit.networks.dynamic_skip import DynamicSkip, SkipGate


@pytest.fixture
def gate() -> SkipGate:
    torch.manual_seed(0)
    return DynamicSkip(1, 6, 4)(torch.randn(2, 1, 8, 8), torch.randn(2, 6, 16, 16))


def test_masks_are_sparse_and_below_one(gate: SkipGate) -> None:
    assert gate.mask.min() == 0
    assert gate.mask.max() < 1
    assert (gate.mask == 0).float().mean() > 0.1


def test_strength_zero_is_the_generators_own_feature(gate: SkipGate) -> None:
    feature = torch.randn(2, 4, 16, 16)
    assert torch.equal(gate.blend(feature, 0.0), feature)


def test_strength_one_is_the_equation(gate: SkipGate) -> None:
    feature = torch.randn(2, 4, 16, 16)
    expected = (1 - gate.mask) * feature + gate.mask * gate.selected_feature
    torch.testing.assert_close(gate.blend(feature), expected)


def test_a_gate_in_half_precision_blends_into_features_in_full(gate: SkipGate) -> None:
    feature = torch.randn(2, 4, 16, 16)
    half = SkipGate(*(getattr(gate, name).bfloat16() for name in ("mask", "selected_feature", "hidden", "reset")))
    blended = half.blend(feature)
    assert blended.dtype == torch.float32
    torch.testing.assert_close(blended, gate.blend(feature), atol=0.05, rtol=0.05)


def test_a_huge_strength_saturates_at_the_selected_feature(gate: SkipGate) -> None:
    feature = torch.randn(2, 4, 16, 16)
    blended = gate.blend(feature, 1e9)
    open_places = gate.mask > 1e-6
    torch.testing.assert_close(blended[open_places], gate.selected_feature[open_places])


def test_a_painted_region_switches_the_skip_off_there_alone(gate: SkipGate) -> None:
    feature = torch.randn(2, 4, 16, 16)
    region = torch.ones(1, 1, 16, 16)
    region[..., :8] = 0
    blended = gate.blend(feature, region)
    assert torch.equal(blended[..., :8], feature[..., :8])
    torch.testing.assert_close(blended[..., 8:], gate.blend(feature)[..., 8:])
