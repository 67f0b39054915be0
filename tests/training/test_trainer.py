from __future__ import annotations

import pytest
import torch
from torch import nn

from gpunit.training.recipes import PaperWeights
from gpunit.training.trainer import frozen, update_ema, weighted_sum, young_decay


def test_the_average_moves_towards_the_model_and_copies_its_buffers() -> None:
    torch.manual_seed(0)
    model, ema = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    assert model.running_mean is not None
    assert ema.running_mean is not None
    with torch.no_grad():
        for tensor in (model.weight, ema.weight, model.running_mean):
            tensor.copy_(torch.rand(3))
    expected = 0.9 * ema.weight + 0.1 * model.weight
    update_ema(ema, model, 0.9)
    torch.testing.assert_close(ema.weight, expected)
    assert torch.equal(ema.running_mean, model.running_mean)


def test_an_average_of_few_steps_forgets_quickly() -> None:
    decays = [young_decay(0.99, done) for done in range(0, 2000, 100)]
    assert decays == sorted(decays)
    assert decays[0] == 0.1
    assert decays[-1] == 0.99


def test_gradients_pass_through_a_frozen_module_and_leave_none_in_it() -> None:
    module, x = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with frozen(module):
        module(x).sum().backward()
    assert module.weight.grad is None
    assert x.grad is not None
    assert module.weight.requires_grad


def test_parts_are_summed_with_the_weights_of_their_names() -> None:
    parts = {"style": torch.tensor(2.0), "mask": torch.tensor(3.0)}
    assert float(weighted_sum(parts, PaperWeights(style=5.0, mask=0.5))) == pytest.approx(11.5)
