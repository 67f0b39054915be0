from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gpunit.networks.code_encoder import CodeEncoder, sample_code
from tests.conftest import TINY_PRIOR

PARAMS = TINY_PRIOR.encoder


def test_pictures_of_any_size_get_a_code_each() -> None:
    torch.manual_seed(0)
    encoder = CodeEncoder(PARAMS)
    for side in (16, 64):
        mean, log_variance = encoder(torch.rand(3, 3, side, side) * 2 - 1)
        assert mean.shape == log_variance.shape == (3, PARAMS.latent_dim)
        assert log_variance.min() >= -8
        assert log_variance.max() <= 4


def test_samples_have_the_mean_and_deviation_asked_for_and_pass_gradients_to_both() -> None:
    torch.manual_seed(0)
    mean = torch.tensor([2.0, -1.0]).requires_grad_()
    log_variance = torch.tensor([0.0, 2.0]).requires_grad_()
    codes = sample_code(mean.expand(20_000, 2), log_variance.expand(20_000, 2))
    torch.testing.assert_close(codes.mean(0), mean, atol=0.1, rtol=0)
    torch.testing.assert_close(codes.std(0), (log_variance / 2).exp(), atol=0.1, rtol=0)
    codes.square().mean(0).sum().backward()  # of m² + σ²
    torch.testing.assert_close(mean.grad, 2 * mean.detach(), atol=0.2, rtol=0)
    torch.testing.assert_close(log_variance.grad, log_variance.detach().exp(), atol=0.4, rtol=0)


def test_widths_that_do_not_end_at_4_are_refused() -> None:
    with pytest.raises(ValueError, match="do not end at 4"):
        CodeEncoder(replace(PARAMS, resolution=32))
