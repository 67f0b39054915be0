from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gpunit.networks.layers import (
    AdaIN,
    AdaINResidualBlock,
    add_spectral_norm,
    conv3x3,
    double_and_convolve,
    fold_spectral_norm,
    instance_norm,
    restyle,
    upsample,
)


def test_instance_norm_is_torchs_own() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 7, 5) * 4 + 2
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x))
    x.requires_grad_()
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x))


def test_instance_norm_gradient() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(instance_norm, x)


@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_restyling_is_its_parts_one_after_the_other(slope: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5, dtype=torch.double, requires_grad=True)
    scale, shift = (torch.randn(2, 3, dtype=torch.double, requires_grad=True) for _ in range(2))
    expected = F.leaky_relu(F.instance_norm(x) * scale[..., None, None] + shift[..., None, None], slope)
    torch.testing.assert_close(restyle(x, scale, shift, slope), expected)
    with torch.no_grad():
        torch.testing.assert_close(restyle(x, scale, shift, slope), expected)
    assert torch.autograd.gradcheck(lambda *inputs: restyle(*inputs, slope), (x, scale, shift))


@pytest.mark.parametrize("size", [8, 32])  # the one by its doubled map, the other transposed
def test_doubling_and_convolving_at_once_is_one_after_the_other(size: int) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, 3, padding=1)
    x = torch.randn(2, 3, size, size, requires_grad=True)
    both, apart = double_and_convolve(x, conv), conv(upsample(x))
    torch.testing.assert_close(both, apart, atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(both)
    parts = [x, conv.weight, conv.bias]
    for got, expected in zip(
        torch.autograd.grad(both, parts, weight), torch.autograd.grad(apart, parts, weight), strict=True
    ):
        torch.testing.assert_close(got, expected, atol=1e-3, rtol=1e-4)


def test_adain_gives_the_statistics_that_the_style_asks_for() -> None:
    torch.manual_seed(0)
    layer = AdaIN(3, 8)
    style = torch.randn(2, 8)
    scale, shift = layer.to_scale_shift(style).chunk(2, dim=1)
    y = layer(torch.randn(2, 3, 16, 16), style)
    torch.testing.assert_close(y.mean(dim=(2, 3)), shift, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(y.std(dim=(2, 3), correction=0), scale.abs(), atol=1e-3, rtol=1e-3)


def test_adain_starts_at_scale_one() -> None:
    layer = AdaIN(4, 8)
    assert torch.equal(layer.to_scale_shift(torch.zeros(1, 8)), torch.tensor([[1.0] * 4 + [0.0] * 4]))


@pytest.mark.parametrize("out_channels", [4, 6])
def test_doubling_inside_a_block_is_upsampling_before_it(out_channels: int) -> None:
    torch.manual_seed(0)
    late = AdaINResidualBlock(4, out_channels, 8, doubles=True)
    early = AdaINResidualBlock(4, out_channels, 8)
    early.load_state_dict(late.state_dict())
    x, style = torch.randn(2, 4, 8, 8), torch.randn(2, 8)
    torch.testing.assert_close(late(x, style), early(upsample(x), style), atol=1e-5, rtol=1e-5)


def test_folding_spectral_norm_changes_no_output() -> None:
    torch.manual_seed(0)
    layer = add_spectral_norm(torch.nn.Sequential(conv3x3(3, 8), conv3x3(8, 4)))
    x = torch.randn(2, 3, 8, 8)
    layer(x)
    layer.eval()
    expected = layer(x)
    fold_spectral_norm(layer)
    torch.testing.assert_close(layer(x), expected)
    assert set(layer.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}
