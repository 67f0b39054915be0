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


def test_maps_stay_channels_last_where_a_norm_would_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, seen = CodeEncoder(PARAMS).to(memory_format=torch.channels_last), []
    for convolution in encoder.convolutions:
        convolution.register_forward_pre_hook(
            lambda _, given: seen.append(given[0].is_contiguous(memory_format=torch.channels_last))
        )
    norm = torch.nn.GroupNorm.forward
    monkeypatch.setattr(torch.nn.GroupNorm, "forward", lambda self, x: norm(self, x).contiguous())  # as on a GPU
    encoder(torch.rand(2, 3, 16, 16).contiguous(memory_format=torch.channels_last))
    assert seen == [True] * len(PARAMS.widths)


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
