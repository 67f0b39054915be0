"""The folded generator draws the library's pictures, attention included, however it computes them."""

from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.prior.inference import FoldedGenerator

TRUNCATION, STEP = 0.5, 25


@pytest.fixture
def model(tiny_biggan_deep: BigGAN) -> BigGAN:
    return tiny_biggan_deep


@pytest.fixture
def condition(model: BigGAN) -> Tensor:
    latent = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    return torch.cat([latent, model.embeddings(torch.eye(3)).detach()], dim=1)


@pytest.mark.parametrize("rewrites", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_pictures_are_the_librarys(
    model: BigGAN, condition: Tensor, rewrites: bool, layout: torch.memory_format
) -> None:
    folded = FoldedGenerator(model, rewrites).to(memory_format=layout)
    with torch.inference_mode():
        expected = model.generator(condition, TRUNCATION)
        torch.testing.assert_close(folded(condition, STEP), expected, atol=1e-5, rtol=0)
        model.generator.layers[3].gamma.zero_()  # the copy keeps its own
        without = model.generator(condition, TRUNCATION)
        model.generator.layers[3].gamma.fill_(0.7)
    assert not torch.allclose(without, expected, atol=1e-2)


def test_maps_stay_as_they_were_handed_out(model: BigGAN, condition: Tensor) -> None:
    folded = FoldedGenerator(model, rewrites=True)
    with torch.inference_mode():
        handed, kept = [], []
        for _, x in folded.maps(condition, STEP):
            handed.append(x)
            kept.append(x.clone())
        folded(condition, STEP)
    assert [x.shape[-1] for x in handed] == [4, 4, 8, 8, 8, 16, 16]
    assert all(torch.equal(x, copy) for x, copy in zip(handed, kept, strict=True))
