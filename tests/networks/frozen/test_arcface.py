from __future__ import annotations

import pytest
import torch

from gpunit.networks.frozen.arcface import CODE_DIM, IdentityNet


@pytest.mark.parametrize("side", [64, 256])
@torch.inference_mode()
def test_a_unit_vector_depends_on_the_face_and_on_nothing_around_it(side: int) -> None:
    torch.manual_seed(0)
    net = IdentityNet()
    portrait = torch.rand(1, 3, side, side) * 2 - 1
    elsewhere = portrait.clone()
    elsewhere[:, :, -(side // 16) :] = 1  # below the chin
    elsewhere[:, :, :, : side // 16] = -1
    identity = net(portrait)
    assert identity.shape == (1, CODE_DIM)
    torch.testing.assert_close(identity.norm(dim=1), torch.ones(1))
    assert torch.equal(net(elsewhere), identity)
    assert not torch.allclose(net(portrait.flip(2)), identity, atol=1e-3)
