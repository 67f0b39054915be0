"""The generator for CPUs renders what the generator does."""

from __future__ import annotations

import pytest
import torch

from gpunit.engine.device import psnr
from gpunit.engine.translator import Translator
from gpunit.networks.cpu_generator import CPUGenerator
from tests.conftest import blobs


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
def test_every_size_is_rendered_as_the_generator_does(small: Translator, size: int) -> None:
    generator, plan, styles = small.networks.generator, small.plan(blobs(2)), small.sample(2, seed=3)
    with torch.inference_mode():
        expected = generator.render(plan.content.expand(2, -1, -1, -1), plan.gates, styles, size=size)
    rendered = CPUGenerator(generator).render(plan.content, plan.gates, styles, size=size)
    torch.testing.assert_close(rendered, expected, atol=2e-5, rtol=0)


def test_strengths_and_mixed_styles_are_rendered_as_the_generator_does(small: Translator) -> None:
    generator, plan = small.networks.generator, small.plan(blobs(2))
    styles = small.sample(5, seed=4)[None]  # another style at every level
    region = (torch.arange(16) < 6).float().expand(1, 1, 16, 16)
    for gates, strengths in ((plan.gates, (0.5, 1.5)), (plan.gates, (region, 1.0)), ({}, None)):
        with torch.inference_mode():
            expected = generator.render(plan.content, gates, styles, strengths)
        rendered = CPUGenerator(generator).render(plan.content, gates, styles, strengths)
        torch.testing.assert_close(rendered, expected, atol=2e-5, rtol=0)


def test_in_bf16_it_plans_and_renders_nearly_the_same(small: Translator) -> None:
    generator, style = small.networks.generator, small.sample(1, seed=3)
    expected = small.render_tensor(small.plan(blobs(2)), style)
    half = CPUGenerator(generator, torch.bfloat16)
    with torch.inference_mode():
        content = small.networks.content_encoder(small._to_batch(blobs(2)))
    gates = half.plan_skips(content)
    assert {gate.mask.dtype for gate in gates.values()} == {torch.bfloat16}
    close = psnr(half.render(content.content, gates, style), expected)
    assert 40 < close < 80  # closer still would not be bf16


def test_impossible_requests_are_refused(small: Translator) -> None:
    renderer, plan = CPUGenerator(small.networks.generator), small.plan(blobs(2))
    with pytest.raises(ValueError, match="renders at"):
        renderer.render(plan.content, plan.gates, small.sample(1), size=100)
    with pytest.raises(ValueError, match="shorter"):
        renderer.render(plan.content, plan.gates, small.sample(1), (1.0,))
