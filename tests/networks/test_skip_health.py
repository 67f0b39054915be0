from __future__ import annotations

from typing import cast

import torch
from torch import nn

from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.dynamic_skip import DynamicSkip
from gpunit.networks.generator import Generator
from gpunit.networks.skip_health import mask_figures, share_of, skip_health
from tests.conftest import TINY


def generator_and_content(pictures: torch.Tensor) -> tuple[Generator, ContentFeatures]:
    torch.manual_seed(0)
    generator, encoder = Generator(TINY.generator).double(), ContentEncoder(TINY.content_encoder).double()
    with torch.no_grad():
        return generator, encoder(pictures.double())


def test_open_channels_and_zeros_by_their_definition() -> None:
    masks = {16: torch.zeros(2, 4, 16, 16), 32: torch.full((2, 2, 32, 32), 0.5)}
    masks[16][1, 3, 2, 5], masks[16][0, 2, 0, 0] = 0.06, 0.04
    opened, zeros = mask_figures(masks)
    assert opened == {16: 0.25, 32: 1.0}
    assert zeros == (2 * 4 * 256 - 2) / (2 * 4 * 256 + 2 * 2 * 1024)
    assert mask_figures({}) == ({}, 0.0)


def test_closed_skips_carry_nothing() -> None:
    torch.manual_seed(1)
    generator, content = generator_and_content(torch.rand(3, 3, 64, 64))
    for skip in generator.skips.values():
        for parameter in cast(DynamicSkip, skip).to_mask.parameters():
            nn.init.zeros_(parameter)
    health = skip_health(generator, content, torch.rand(1, 8).double())
    assert health.as_dict() == {"open_16": 0.0, "open_32": 0.0, "zeros": 1.0, "gate_swap": 0.0}


def test_where_only_the_gates_differ_a_swap_gives_the_other_picture() -> None:
    torch.manual_seed(1)
    generator, content = generator_and_content(torch.rand(3, 3, 64, 64))
    same = ContentFeatures(content.content[:1].expand(3, -1, -1, -1).contiguous(), content.features)
    assert abs(skip_health(generator, same, torch.rand(1, 8).double()).gate_swap - 1) < 0.2
    swap = skip_health(generator, content, torch.rand(1, 8).double(), size=32).gate_swap
    assert 0 < swap < 1.5


def test_a_share_of_nothing_is_nought() -> None:
    assert share_of(torch.zeros(3), torch.zeros(3)) == 0
    assert share_of(torch.tensor([-1.0, 1.0]), torch.tensor([4.0, 0.0])) == 0.5
