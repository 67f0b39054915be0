from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gpunit.networks.style_encoder import StyleEncoder
from tests.conftest import TINY


def pictures(count: int = 12) -> Tensor:
    torch.manual_seed(0)
    return torch.rand(count, 3, 64, 64).double() * 2 - 1


def test_codes_are_never_negative_and_do_not_depend_on_their_batch() -> None:
    encoder, seen = StyleEncoder(TINY.style_encoder).double(), pictures()
    codes = encoder(seen)
    assert codes.shape == (12, 8)
    assert codes.min() == 0
    torch.testing.assert_close(encoder(seen[3, None])[0], codes[3])


def test_fresh_codes_spread_over_the_pictures_that_they_are_standardised_by() -> None:
    encoder, seen = StyleEncoder(TINY.style_encoder).double(), pictures()
    encoder.standardise(seen)
    before_relu: list[Tensor] = []
    last = [layer for layer in encoder.mlp if isinstance(layer, nn.Linear)][-1]
    last.register_forward_hook(lambda layer, inputs, output: before_relu.append(output))
    encoder(seen)
    torch.testing.assert_close(before_relu[0].mean(0), torch.zeros(8).double())
    torch.testing.assert_close(before_relu[0].std(0), torch.ones(8).double())


@pytest.mark.parametrize("count", [1, 4])
def test_pictures_all_alike_do_not_make_the_codes_of_others_enormous(count: int) -> None:
    encoder, others = StyleEncoder(TINY.style_encoder).double(), pictures()
    encoder.standardise(torch.full((count, 3, 64, 64), 0.3).double())
    assert encoder(others).isfinite().all()
    assert encoder(others).max() < 100
