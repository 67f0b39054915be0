from __future__ import annotations

import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.families import PUBLISHED, SMALL
from gpunit.networks.generator import Generator, GeneratorParams, strengths_by_size
from tests.conftest import TINY


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(TINY.generator).double()


@pytest.fixture
def content() -> ContentFeatures:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder).double()(torch.rand(2, 3, 64, 64).double() * 2 - 1)


@pytest.mark.parametrize("params", [TINY.generator, SMALL.generator, PUBLISHED.generator])
def test_levels_double_from_the_content_to_the_picture(params: GeneratorParams) -> None:
    assert params.sizes[0] == params.content_size
    assert all(fine == 2 * coarse for coarse, fine in zip(params.sizes, params.sizes[1:], strict=False))
    assert params.rendered_size(None) == params.resolution == params.sizes[-1]


def test_training_renders_what_planning_and_rendering_render(generator: Generator, content: ContentFeatures) -> None:
    style = torch.rand(2, 8).double()
    picture, gates = generator(content, style)
    torch.testing.assert_close(picture, generator.render(content.content, generator.plan_skips(content), style))
    without, none = generator(content, style, use_skips=False)
    assert none == {}
    torch.testing.assert_close(without, generator.render(content.content, gates, style, mask_scale=(0.0, 0.0)))


def test_pictures_of_a_batch_do_not_see_each_other(generator: Generator, content: ContentFeatures) -> None:
    style = torch.rand(2, 8).double()
    together, _ = generator(content, style)
    for index in range(2):
        alone = ContentFeatures(
            content.content[index, None], {size: feature[index, None] for size, feature in content.features.items()}
        )
        torch.testing.assert_close(generator(alone, style[index, None])[0][0], together[index])


def test_one_style_for_every_level_is_that_style(generator: Generator, content: ContentFeatures) -> None:
    style, gates = torch.rand(2, 8).double(), generator.plan_skips(content)
    repeated = style[:, None].expand(-1, len(TINY.generator.sizes), -1)
    assert torch.equal(
        generator.render(content.content, gates, repeated), generator.render(content.content, gates, style)
    )


def test_each_skip_is_decided_on_the_coarser_ones_state(generator: Generator, content: ContentFeatures) -> None:
    gates = generator.plan_skips(content)
    assert list(gates) == [16, 32]
    again = generator.skips["32"](gates[16].hidden, content.features[32])
    assert torch.equal(again.mask, gates[32].mask)


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="not at 100"):
        TINY.generator.rendered_size(100)
    with pytest.raises(ValueError, match="shorter"):
        strengths_by_size(TINY.generator, (1.0,))
