from __future__ import annotations

import copy

import pytest
import torch

from gpunit.engine.device import psnr
from tests.conftest import blobs

pytestmark = pytest.mark.gpu

pytest.importorskip("pytorch_pretrained_biggan")

from pytorch_pretrained_biggan import BigGAN  # noqa: E402

from gpunit import images  # noqa: E402
from gpunit.networks.code_encoder import CodeEncoder, CodeEncoderParams  # noqa: E402
from gpunit.prior.biggan import Prior  # noqa: E402


@pytest.fixture
def priors(tiny_biggan: BigGAN) -> tuple[Prior, Prior]:
    """The same prior on the GPU and on the CPU."""
    torch.manual_seed(0)
    encoder = CodeEncoder(CodeEncoderParams(latent_dim=8, resolution=16, widths=(4, 8)))
    there, here = (
        Prior(copy.deepcopy(tiny_biggan), ("cat", "dog"), copy.deepcopy(encoder), device) for device in ("cuda", "cpu")
    )
    return there, here


def test_a_grid_agrees_with_the_cpu(priors: tuple[Prior, Prior]) -> None:
    there, here = (prior.grid(prior.latents(3, seed=1, truncation=0.5), [0, 1]).cpu() for prior in priors)
    assert psnr(there, here) > 45


def test_inversion_agrees_with_the_cpu(priors: tuple[Prior, Prior]) -> None:
    picture = images.to_tensor(blobs(3, 64, 64))
    there, here = (prior.invert(picture).codes.cpu() for prior in priors)
    torch.testing.assert_close(there, here, atol=0.02, rtol=0)
