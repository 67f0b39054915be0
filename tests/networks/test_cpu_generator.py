"""The generator for CPUs renders what the generator does: exactly, in float64."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from gpunit import images
from gpunit.engine.device import psnr
from gpunit.engine.translator import Translator
from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.cpu_generator import CPUGenerator
from gpunit.networks.generator import Generator
from tests.conftest import blobs

# Pictures are returned in float32, whose rounding is all that they may differ by.
ROUNDING = 2e-7


@pytest.fixture(scope="module")
def generator(small: Translator) -> Generator:
    return copy.deepcopy(small.networks.generator).double()


@pytest.fixture(scope="module")
def content(small: Translator) -> ContentFeatures:
    encoder = copy.deepcopy(small.networks.content_encoder).double()
    with torch.inference_mode():
        return encoder(images.to_tensor(blobs(2)).double())


def both(
    generator: Generator, content: ContentFeatures, styles: Tensor, skips: bool = True, **options: Any
) -> tuple[Tensor, Tensor]:
    """The pictures of the CPU's generator and of the generator, both in float64 until they are returned."""
    other = CPUGenerator(generator, torch.float64)
    rendered = other.render(content.content, other.plan_skips(content) if skips else {}, styles, **options)
    with torch.inference_mode():
        gates = generator.plan_skips(content) if skips else {}
        one_by_one = [generator.render(content.content, gates, style[None], **options) for style in styles]
    return rendered, torch.cat(one_by_one).float()


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
def test_every_size_is_rendered_as_the_generator_does(
    small: Translator, generator: Generator, content: ContentFeatures, size: int
) -> None:
    rendered, expected = both(generator, content, small.sample(2, seed=3).double(), size=size)
    torch.testing.assert_close(rendered, expected, atol=ROUNDING, rtol=0)


@pytest.mark.parametrize("strengths", [(0.5, 1.5), "a painted region"])
def test_strengths_and_mixed_styles_are_rendered_as_the_generator_does(
    small: Translator, generator: Generator, content: ContentFeatures, strengths: object
) -> None:
    if isinstance(strengths, str):
        strengths = ((torch.arange(16) < 6).double().expand(1, 1, 16, 16), 1.0)
    mixed = small.sample(5, seed=4).double()[None]  # another style at every level
    rendered, expected = both(generator, content, mixed, mask_scale=strengths)
    torch.testing.assert_close(rendered, expected, atol=ROUNDING, rtol=0)


def test_without_skips_it_renders_as_the_generator_does(
    small: Translator, generator: Generator, content: ContentFeatures
) -> None:
    rendered, expected = both(generator, content, small.sample(1, seed=4).double(), skips=False)
    torch.testing.assert_close(rendered, expected, atol=ROUNDING, rtol=0)


def test_in_bf16_it_plans_and_renders_nearly_the_same(
    small: Translator, generator: Generator, content: ContentFeatures
) -> None:
    style = small.sample(1, seed=3)
    _, expected = both(generator, content, style.double())
    half = CPUGenerator(small.networks.generator, torch.bfloat16)
    gates = half.plan_skips(content)
    assert {gate.mask.dtype for gate in gates.values()} == {torch.bfloat16}
    close = psnr(half.render(content.content, gates, style), expected)
    assert 35 < close < 80  # closer still would not be bf16


def test_impossible_requests_are_refused(small: Translator) -> None:
    cpu_generator, plan = CPUGenerator(small.networks.generator), small.plan(blobs(2))
    with pytest.raises(ValueError, match="renders at"):
        cpu_generator.render(plan.content, plan.gates, small.sample(1), size=100)
    with pytest.raises(ValueError, match="shorter"):
        cpu_generator.render(plan.content, plan.gates, small.sample(1), (1.0,))
