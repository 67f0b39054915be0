"""BigGANs of the published architectures with random weights: as large and as slow as the pretrained ones.

They show noise.  Speed, memory and shapes are measured and tested with them where no weights can be downloaded.
"""

from __future__ import annotations

import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from torch import nn

from gpunit.prior.table import config_of

_SETTLING_PASSES = 3


def untrained_biggan(name: str, seed: int = 0) -> BigGAN:
    """The library's model with seeded random weights, in eval mode; all its numbers are finite.

    Args:
        name: one of `PRETRAINED`.
        seed: of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BigGAN(BigGANConfig(**config_of(name)))
        # The library leaves these as memory had them.
        nn.init.ones_(model.generator.bn.weight)
        nn.init.zeros_(model.generator.bn.bias)
        latent, classes = torch.randn(1, model.config.z_dim), torch.eye(model.config.num_classes)[:1]
        with torch.no_grad():
            for _ in range(_SETTLING_PASSES):  # spectral norm's estimates need a few passes
                model.train()(latent, classes, 1.0)
    return model.eval()
