from __future__ import annotations

import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior.biggan import unit_latents
from gpunit.training.prior.statistics import batch_statistics
from tests.conftest import TINY_PRIOR


def test_standing_statistics_give_the_pictures_that_batch_statistics_gave(tiny_biggan: BigGAN) -> None:
    """On the very batch they were measured on, both norms give the same pictures."""
    label = torch.eye(2).repeat(4, 1)
    for truncation in (0.5, 1.0):
        codes = unit_latents(8, TINY_PRIOR.latent_dim, 4) * truncation
        with torch.no_grad():
            with batch_statistics(tiny_biggan):
                expected = tiny_biggan(codes, label, truncation)
            assert torch.allclose(tiny_biggan(codes, label, truncation), expected, atol=1e-3)
            assert not torch.allclose(tiny_biggan(codes, label, 0.02), expected, atol=1e-2)
