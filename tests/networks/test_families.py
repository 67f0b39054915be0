from __future__ import annotations

import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder, ContentEncoderParams
from gpunit.networks.discriminator import Discriminator
from gpunit.networks.families import PUBLISHED, RESOLUTIONS, SMALL_CONTENT, sized
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.training.recipes import PaperRecipe, generic_recipe


def test_at_256_pixels_the_sized_networks_are_the_published_ones() -> None:
    assert sized(256) == PUBLISHED
    assert generic_recipe() == PaperRecipe()


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("content", [None, SMALL_CONTENT])
def test_networks_of_every_size_fit_each_other(resolution: int, content: ContentEncoderParams | None) -> None:
    params, recipe = sized(resolution, content), generic_recipe(resolution)
    assert params.resolution == recipe.translator.resolution == resolution
    with torch.device("meta"), torch.no_grad():
        picture = torch.empty(2, 3, resolution, resolution)
        encoded = ContentEncoder(params.content_encoder)(picture)
        generator, style = Generator(params.generator), StyleEncoder(params.style_encoder)(picture)
        assert generator(encoded, style)[0].shape == picture.shape
        logits, _ = Discriminator(recipe.discriminator)(picture)
        assert logits.shape == (2,)
    blocks = recipe.discriminator.style_layer - 1
    assert resolution >> blocks == 16


def test_what_cannot_be_made_is_explained() -> None:
    with pytest.raises(ValueError, match="choose from 64, 128, 256, 512"):
        sized(96)
    with pytest.raises(ValueError, match="take another"):
        sized(64, ContentEncoderParams(resolution=64, widths=(4, 8, 8)))
