from __future__ import annotations

import torch

from gpunit.networks.distiller import reverse_gradient


def test_reverse_gradient() -> None:
    x = torch.tensor([2.0, -3.0], requires_grad=True)
    y = reverse_gradient(x)
    assert torch.equal(y, x)
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.tensor([-1.0, -1.0]))
