from __future__ import annotations

import torch

from gpunit.networks.style_sampler import StyleSampler
from tests.conftest import TINY


def test_in_eval_mode_a_sample_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    sampler, latent = StyleSampler(TINY.style_sampler).double(), torch.randn(6, 8).double()
    sampler(latent)  # leaves running statistics other than 0 and 1
    sampler.eval()
    torch.testing.assert_close(sampler(latent)[2:3], sampler(latent[2:3]))
