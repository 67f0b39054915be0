"""A tiny BigGAN-deep."""

from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig

LAYERS = [[False, 16, 16], [True, 16, 8], [False, 8, 4], [True, 4, 2], [False, 2, 1]]


@pytest.fixture(scope="session")
def tiny_biggan_deep() -> BigGAN:
    """A tiny BigGAN with random weights and statistics, whose attention counts."""
    torch.manual_seed(0)
    config = BigGANConfig(
        output_dim=16, z_dim=8, class_embed_dim=8, channel_width=4, num_classes=3, layers=LAYERS,
        attention_layer_position=3, eps=1e-4, n_stats=51,
    )  # fmt: skip
    model = BigGAN(config)
    with torch.no_grad():
        model.generator.layers[3].gamma.fill_(0.7)
        for name, buffer in model.named_buffers():
            if "running_means" in name:
                buffer.normal_(0, 0.2)
            elif "running_vars" in name:
                buffer.uniform_(0.5, 2)
        model.generator.bn.weight.uniform_(0.5, 2)
        model.generator.bn.bias.normal_()
        for _ in range(5):  # spectral norm's estimates need a few passes
            model.train()(torch.randn(2, 8), torch.eye(3)[:2], 1.0)
    return model.eval()
