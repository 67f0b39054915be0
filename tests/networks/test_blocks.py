"""The cheaper ways to compute a block give the numbers of the plain ones; in float64, where rounding hides nothing."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import (
    AdaINResidualBlock,
    convolve_in_squares,
    double_and_convolve,
    double_kernel,
    spatial_mean,
    square_kernel,
    upsample,
)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (8, 8)])
def test_a_transposed_convolution_doubles_and_convolves(height: int, width: int) -> None:
    x, weight = noise(2, 3, height, width), noise(4, 3, 3, 3, seed=1)
    expected = F.conv2d(upsample(x), weight, padding=1)
    torch.testing.assert_close(F.conv_transpose2d(x, double_kernel(weight), stride=2, padding=1), expected)


@pytest.mark.parametrize("size", [8, 32])  # below and above the size from which the transposed convolution is used
def test_doubling_and_convolving_has_the_outputs_and_gradients_of_the_two_steps(size: int) -> None:
    conv = nn.Conv2d(3, 4, 3, padding=1).double()
    x = noise(2, 3, size, size).requires_grad_()
    together, apart = double_and_convolve(x, conv), conv(upsample(x))
    torch.testing.assert_close(together, apart)
    parts = [x, *conv.parameters()]
    weight = noise(*together.shape, seed=1)
    gradients = (torch.autograd.grad(out, parts, weight) for out in (together, apart))
    for got, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("size", [3, 7])
def test_a_convolution_by_squares_is_the_convolution(size: int) -> None:
    x, weight = noise(2, 5, 8, 12), noise(3, 5, size, size, seed=1)
    squares = F.conv2d(x, square_kernel(weight), stride=2, padding=size // 2)
    torch.testing.assert_close(F.pixel_shuffle(squares, 2), F.conv2d(x, weight, padding=size // 2))


@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_in_squares_keeps_its_bias(bias: bool) -> None:
    conv = nn.Conv2d(5, 3, 7, padding=3, bias=bias).double()
    x = noise(1, 5, 8, 6)
    torch.testing.assert_close(convolve_in_squares(x, conv), conv(x))


def test_a_spatial_mean_has_a_gradient_in_the_layout_of_its_map() -> None:
    x = noise(2, 3, 4, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    means = spatial_mean(x)
    torch.testing.assert_close(means, x.mean(dim=(2, 3)))
    (gradient,) = torch.autograd.grad(means.sum(), x)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(gradient, torch.full_like(x, 1 / 20))


@pytest.mark.parametrize("out_channels", [4, 6])
def test_doubling_inside_a_block_is_upsampling_before_it(out_channels: int) -> None:
    late = AdaINResidualBlock(4, out_channels, 8, doubles=True).double()
    early = AdaINResidualBlock(4, out_channels, 8).double()
    early.load_state_dict(late.state_dict())
    x, style = noise(2, 4, 8, 8), noise(2, 8, seed=1)
    torch.testing.assert_close(late(x, style), early(upsample(x), style))
