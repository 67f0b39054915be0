from __future__ import annotations

import pytest
import torch

from gpunit.networks.discriminator import Discriminator, DiscriminatorParams, DownBlock


@pytest.mark.parametrize("layer", [1, 2, 4])
def test_the_style_of_a_picture_is_the_mean_of_the_layer_asked_for(layer: int) -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(DiscriminatorParams(widths=(4, 6, 8, 10, 12), style_layer=2))
    outputs: list[torch.Tensor] = []
    for module in (discriminator.stem, *discriminator.blocks):
        module.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    logits, style = discriminator(torch.rand(3, 3, 64, 64) * 2 - 1, style_layer=layer)
    assert logits.shape == (3,)
    assert torch.equal(style, outputs[layer - 1].mean(dim=(2, 3)))


def test_a_block_halves_the_size_and_keeps_the_variance_of_what_its_branches_add() -> None:
    block = DownBlock(4, 4).double()
    torch.nn.init.zeros_(block.conv_out.weight)
    assert block.conv_out.bias is not None
    torch.nn.init.zeros_(block.conv_out.bias)
    x = torch.rand(1, 4, 8, 8).double()
    torch.testing.assert_close(block(x), torch.nn.functional.avg_pool2d(x, 2) / 2**0.5)
