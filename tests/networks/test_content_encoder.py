from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gpunit.networks.content_encoder import ContentEncoder, ContentEncoderParams
from gpunit.networks.families import PUBLISHED, SMALL
from tests.conftest import TINY


@pytest.mark.parametrize("params", [TINY.content_encoder, SMALL.content_encoder, PUBLISHED.content_encoder])
def test_every_feature_has_the_shape_that_its_params_state(params: ContentEncoderParams) -> None:
    with torch.device("meta"):
        encoded = ContentEncoder(params)(torch.empty(2, 3, params.resolution, params.resolution))
    assert encoded.content.shape == (2, 1, 8, 8)
    assert params.content_size == 8
    assert {size: feature.shape[1] for size, feature in encoded.features.items()} == params.feature_widths
    assert all(feature.shape == (2, feature.shape[1], size, size) for size, feature in encoded.features.items())


def test_pictures_of_other_sizes_are_resized_first() -> None:
    encoder = ContentEncoder(TINY.content_encoder)
    large = torch.rand(1, 3, 100, 80) * 2 - 1
    resized = F.interpolate(large, (64, 64), mode="bilinear", align_corners=False)
    assert torch.equal(encoder(large).content, encoder(resized).content)


def test_content_is_blind_to_brightness_and_contrast() -> None:
    torch.manual_seed(0)
    encoder = ContentEncoder(TINY.content_encoder).double()
    picture = torch.rand(1, 3, 64, 64).double() * 2 - 1
    # As long as the deviation is large beside the 1e-3 that keeps it from zero.
    expected, got = encoder(1e4 * picture), encoder(1e5 * picture + 1e3)
    torch.testing.assert_close(got.content, expected.content, atol=1e-6, rtol=0)
