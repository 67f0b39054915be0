from __future__ import annotations

from functools import partial

import pytest
import torch
import torch.nn.functional as F

from gpunit.networks.blocks import conv3x3
from gpunit.networks.normalisation import (
    AdaIN,
    adaptive_norm,
    add_spectral_norm,
    fold_spectral_norm,
    instance_norm,
    normalise,
    scale_shift,
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


def test_instance_norm_is_torchs_own() -> None:
    x = noise(2, 3, 7, 5) * 4 + 2
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x))
    x.requires_grad_()
    torch.testing.assert_close(instance_norm(x), F.instance_norm(x))


def test_instance_norm_gradient() -> None:
    assert torch.autograd.gradcheck(instance_norm, noise(2, 3, 4, 5).requires_grad_())


@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_adaptive_norm_is_its_parts_one_after_the_other(slope: float) -> None:
    x = noise(2, 3, 4, 5).requires_grad_()
    scale, shift = (noise(2, 3, seed=seed).requires_grad_() for seed in (1, 2))
    expected = F.leaky_relu(F.instance_norm(x) * scale[..., None, None] + shift[..., None, None], slope)
    torch.testing.assert_close(adaptive_norm(x, scale, shift, slope), expected)
    with torch.no_grad():
        torch.testing.assert_close(adaptive_norm(x, scale, shift, slope), expected)
    assert torch.autograd.gradcheck(partial(adaptive_norm, slope=slope), (x, scale, shift))


@pytest.mark.parametrize("side", [8, 16, 32])  # small maps are copied to another layout on the way
def test_normalising_keeps_the_layout_and_does_not_depend_on_it(side: int) -> None:
    x, scale, shift = noise(1, 6, side, side), noise(6, seed=1), noise(6, seed=2)
    expected = scale_shift(F.instance_norm(x), scale[None], shift[None])
    for layout in (torch.contiguous_format, torch.channels_last):
        y, inverse_deviation = normalise(x.contiguous(memory_format=layout), scale, shift)
        assert y.is_contiguous(memory_format=layout)
        torch.testing.assert_close(y, expected)
        torch.testing.assert_close(inverse_deviation, (x.var(dim=(2, 3), correction=0) + 1e-5).rsqrt())


def test_adain_gives_the_statistics_that_the_style_asks_for() -> None:
    layer = AdaIN(3, 8).double()
    style = noise(2, 8)
    scale, shift = layer.to_scale_shift(style).chunk(2, dim=1)
    y = layer(noise(2, 3, 16, 16, seed=1), style)
    torch.testing.assert_close(y.mean(dim=(2, 3)), shift)
    # σ² gains 1e-5 before the root, so that a constant channel is divided by something.
    torch.testing.assert_close(y.std(dim=(2, 3), correction=0), scale.abs(), atol=0, rtol=1e-5)


def test_adain_starts_at_scale_one() -> None:
    layer = AdaIN(4, 8)
    assert torch.equal(layer.to_scale_shift(torch.zeros(1, 8)), torch.tensor([[1.0] * 4 + [0.0] * 4]))


def test_folding_spectral_norm_changes_no_output() -> None:
    torch.manual_seed(0)
    layer = add_spectral_norm(torch.nn.Sequential(conv3x3(3, 8), conv3x3(8, 4))).double()
    x = noise(2, 3, 8, 8)
    layer(x)
    layer.eval()
    expected = layer(x)
    fold_spectral_norm(layer)
    torch.testing.assert_close(layer(x), expected)
    assert set(layer.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}
