from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import nn

from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator
from gpunit.training.stage2.gates import OPEN, GateKeeper, open_gates
from gpunit.training.stage2.small import SmallTrainer
from tests.conftest import TINY, TINY_SMALL
from tests.training.stage2.test_trainer import batch, encoder

SIZE = TINY.generator.encoder_widths[0][0]
LIVING = replace(TINY_SMALL, warm_up=0, coarse=0, open_masks=0.5, zeros=0.8, reconstruct_with_skips=True, bare_every=2)


def contents(count: int = 4) -> ContentFeatures:
    with torch.no_grad():
        features: ContentFeatures = encoder()(torch.rand(count, 3, 64, 64) * 2 - 1)
    return features


def masked(generator: Generator, share_of_zeros: float) -> dict[int, SkipGate]:
    gates = generator.plan_skips(contents())
    answer = {}
    for size, gate in gates.items():
        mask = torch.full_like(gate.mask, 0.5).flatten()
        mask[: round(share_of_zeros * mask.numel())] = 0
        answer[size] = replace(gate, mask=mask.view_as(gate.mask))
    return answer


def test_opened_gates_are_about_as_open_everywhere() -> None:
    torch.manual_seed(0)
    generator = Generator(TINY.generator)
    open_gates(generator, 2.0)
    for gate in generator.plan_skips(contents()).values():
        assert (gate.mask > 0).all()
        assert abs(gate.mask.mean().item() - math.tanh(2.0)) < 0.05


def test_the_weights_rise_while_zeros_are_missing_and_fall_where_there_are_too_many() -> None:
    torch.manual_seed(0)
    generator = Generator(TINY.generator)
    keeper = GateKeeper(generator, zeros=0.8)
    assert keeper.sparsity(masked(generator, 0)) == 0
    weights = []
    for share, steps in ((0.0, 50), (1.0, 20), (0.8, 5)):
        for _ in range(steps):
            keeper.update(generator, masked(generator, share))
        weights.append(keeper.weight(SIZE).item())
    assert weights[0] > weights[1] > 0
    torch.testing.assert_close(weights[2], weights[1], rtol=0, atol=1e-4)
    for _ in range(400):
        keeper.update(generator, masked(generator, 0))
    assert keeper.weight(SIZE) == 1


def test_a_channel_that_stays_shut_is_opened_and_the_others_are_left_alone() -> None:
    torch.manual_seed(0)
    generator = Generator(TINY.generator)
    open_gates(generator, 0.5)
    to_mask = generator.skips[str(SIZE)].to_mask
    assert isinstance(to_mask, nn.Conv2d)
    assert to_mask.bias is not None
    with torch.no_grad():
        to_mask.bias[0] = -1.0
    keeper, content = GateKeeper(generator, zeros=0.8), contents()
    assert (generator.plan_skips(content)[SIZE].mask[:, 0] == 0).all()
    before = to_mask.bias.detach().clone()
    for _ in range(400):
        keeper.update(generator, generator.plan_skips(content))
    reached = generator.plan_skips(content)[SIZE].mask[:, 0].max()
    assert reached > OPEN
    assert torch.equal(to_mask.bias[1:], before[1:])


def test_some_reconstructions_go_without_the_skips() -> None:
    trainer = SmallTrainer(LIVING, encoder())
    generator, content = trainer.model.generator, contents()
    gates, style = generator.plan_skips(content), torch.randn(4, TINY.generator.style_dim)
    with torch.no_grad():
        mixed = generator.render(content.content, gates, style, trainer.bare_strengths(4))
        whole, bare = (generator.render(content.content, skips, style) for skips in (gates, {}))
    for index in range(4):
        torch.testing.assert_close(mixed[index], (whole if index % 2 else bare)[index])
    assert (whole - bare).abs().mean() > 1e-3


def test_a_resumed_run_keeps_the_weights() -> None:
    trainer = SmallTrainer(LIVING, encoder())
    for _ in range(2):
        parts = trainer.step(*batch())
    assert torch.isfinite(parts["mask"])
    assert trainer.gate_keeper is not None
    resumed = SmallTrainer(LIVING, encoder())
    resumed.load(trainer.state())
    assert resumed.gate_keeper is not None
    assert resumed.gate_keeper.weight(SIZE) == trainer.gate_keeper.weight(SIZE) > 0
