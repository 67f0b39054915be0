from __future__ import annotations

import torch

from gpunit.networks.layout import layout_of


def test_every_layout_keeps_its_object_in_the_picture() -> None:
    layout = layout_of(4 * torch.randn(2000, 64, generator=torch.Generator().manual_seed(0)))
    for centre in (layout.across, layout.down):
        assert (centre - layout.size / 2).min() > -0.03
        assert (centre + layout.size / 2).max() < 1.03
    assert layout.size.min() >= 0.4
    assert layout.size.max() <= 0.92


def test_the_maps_show_where_the_object_is() -> None:
    layout = layout_of(torch.tensor([[-0.5, 0.7, -2.0], [0.5, -0.7, -1.0]]))
    inside, across, down = layout.maps(64).unbind(1)
    weight = (inside + 1) / 2
    place = (torch.arange(64) + 0.5) / 64
    total = weight.sum((1, 2))
    torch.testing.assert_close((weight.sum(1) * place).sum(1) / total, layout.across, atol=0.03, rtol=0)
    torch.testing.assert_close((weight.sum(2) * place).sum(1) / total, layout.down, atol=0.03, rtol=0)
    torch.testing.assert_close(total.sqrt() / 64, layout.size, atol=0.03, rtol=0)
    assert max(across.abs().max(), down.abs().max()) <= 1.2


def test_moving_and_replacing() -> None:
    layout = layout_of(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))
    moved = layout.moved(torch.full((3,), 0.1), torch.zeros(3))
    torch.testing.assert_close(moved.across, layout.across + 0.1)
    replaced = layout.replaced(torch.tensor([True, False, False]))
    assert replaced.size.tolist() == [layout.size[2], layout.size[1], layout.size[2]]
