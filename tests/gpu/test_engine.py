"""A translator on a GPU draws what it draws on the CPU, at both families' sizes and in every number format."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gpunit.engine import masks
from gpunit.engine.device import pick_device, pick_precision, psnr
from gpunit.engine.translator import RENDER_BATCH, Translator
from gpunit.networks.families import PUBLISHED, SMALL, TranslatorParams
from tests.conftest import blobs, build

pytestmark = pytest.mark.gpu

FAMILIES = {"small": SMALL, "published": PUBLISHED}
# In dB, of pictures in [-1, 1].  On a GPU, convolutions in fp32 compute in TF32, with ten bits of fraction like fp16.
LEAST_PSNR = {"fp32": 45.0, "fp16": 45.0, "bf16": 33.0}


@pytest.fixture(scope="module", params=FAMILIES)
def params(request: pytest.FixtureRequest) -> TranslatorParams:
    return FAMILIES[request.param]


@pytest.fixture(scope="module")
def expected(params: TranslatorParams) -> Translator:
    """The translator on the CPU in fp32."""
    return build(params)


@pytest.fixture(scope="module")
def rendered(expected: Translator) -> torch.Tensor:
    """A picture in more styles than a GPU renders at a time, on the CPU in fp32."""
    return expected.render_tensor(expected.plan(blobs(2)), expected.sample(RENDER_BATCH + 1, seed=3))


@pytest.fixture(scope="module")
def small() -> Translator:
    return build(SMALL, "cuda", "fp16")


@pytest.mark.parametrize("precision", LEAST_PSNR)
def test_planning_and_rendering_agree_with_the_cpu(
    params: TranslatorParams, expected: Translator, rendered: torch.Tensor, precision: str
) -> None:
    translator = build(params, "cuda", precision)
    styles = expected.sample(RENDER_BATCH + 1, seed=3)
    got = translator.render_tensor(translator.plan(blobs(2)), styles)
    assert got.shape == rendered.shape
    assert got.dtype == torch.float32
    assert psnr(got.cpu(), rendered) > LEAST_PSNR[precision]


def test_styles_agree_with_the_cpu(params: TranslatorParams, expected: Translator) -> None:
    translator = build(params, "cuda", "fp16")
    torch.testing.assert_close(translator.sample(4, seed=1).cpu(), expected.sample(4, seed=1), atol=1e-2, rtol=1e-2)
    style, wanted = translator.style_of(blobs(5)).cpu(), expected.style_of(blobs(5))
    torch.testing.assert_close(style, wanted, atol=0.02 * float(wanted.max()), rtol=0)


def test_a_style_does_not_depend_on_its_batch(small: Translator) -> None:
    plan, styles = small.plan(blobs(2)), small.sample(RENDER_BATCH + 2, seed=2)
    together = small.render_tensor(plan, styles)
    alone = torch.cat([small.render_tensor(plan, style[None]) for style in styles])
    assert psnr(together, alone) > LEAST_PSNR["fp16"]


def test_strengths_and_painted_regions_reach_the_gpu(small: Translator) -> None:
    plan, style = small.plan(blobs(2)), small.sample(1)
    everywhere = np.ones((64, 64), dtype=bool)
    default, without = small.render_tensor(plan, style), small.render_tensor(plan, style, use_skips=False)
    assert torch.equal(small.render_tensor(plan, style, masks.mask_scales(plan, (0.0, 0.0))), without)
    assert torch.equal(small.render_tensor(plan, style, masks.mask_scales(plan, (1.0, 1.0), everywhere)), without)
    assert not torch.equal(default, without)
    assert {mask.device.type for mask in masks.masks_of(plan).values()} == {"cpu"}


def test_auto_is_fp16_on_cuda() -> None:
    assert pick_device("auto").type == "cuda"
    assert pick_precision("auto", pick_device("auto")) is torch.float16
