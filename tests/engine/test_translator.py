from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from gpunit.engine.device import pick_device, pick_precision
from gpunit.engine.translator import PLANS_KEPT, Translator
from gpunit.networks.families import PUBLISHED, SMALL
from tests.conftest import blobs, build


def as_arrays(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([np.asarray(picture, dtype=int) for picture in pictures])


def test_the_same_seed_gives_the_same_pictures(tiny: Translator, picture: Image.Image) -> None:
    plan = tiny.plan(picture)
    first = as_arrays(tiny.render(plan, tiny.sample(3, seed=5)))
    again = as_arrays(tiny.render(plan, tiny.sample(3, seed=5)))
    other = as_arrays(tiny.render(plan, tiny.sample(3, seed=6)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (3, 64, 64, 3)


def test_a_larger_draw_begins_with_the_smaller(tiny: Translator) -> None:
    torch.testing.assert_close(tiny.sample(5, seed=1)[:2], tiny.sample(2, seed=1))


def test_temperature_zero_has_one_style(tiny: Translator) -> None:
    styles = tiny.sample(4, seed=1, temperature=0.0)
    assert torch.equal(styles, styles[:1].expand_as(styles))


def test_a_style_does_not_depend_on_its_batch(tiny: Translator, picture: Image.Image) -> None:
    plan = tiny.plan(picture)
    styles = tiny.sample(7, seed=2)
    together = tiny.render_tensor(plan, styles)
    alone = torch.cat([tiny.render_tensor(plan, style[None]) for style in styles])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_plans_are_kept_by_content_and_bounded(tiny: Translator) -> None:
    plan = tiny.plan(blobs(0))
    assert tiny.plan(blobs(0)) is plan
    assert tiny.plan(blobs(1)) is not plan
    for seed in range(2, PLANS_KEPT + 2):
        tiny.plan(blobs(seed))
    assert tiny.plan(blobs(0)) is not plan


def test_skips_off_is_mask_scale_zero(tiny: Translator, picture: Image.Image) -> None:
    plan, style = tiny.plan(picture), tiny.sample(1)
    without = tiny.render_tensor(plan, style, use_skips=False)
    torch.testing.assert_close(without, tiny.render_tensor(plan, style, mask_scale=(0.0, 0.0)))
    assert not torch.allclose(without, tiny.render_tensor(plan, style))


def test_an_exemplar_is_a_style(tiny: Translator, picture: Image.Image) -> None:
    style = tiny.style_of(blobs(9, 200, 120))
    assert style.shape == (1, 8)
    assert style.min() >= 0
    assert tiny.render(tiny.plan(picture), style)[0].size == (64, 64)


def test_half_precision_stays_close(picture: Image.Image) -> None:
    full, half = build(SMALL, precision="fp32"), build(SMALL, precision="bf16")
    style = full.sample(1)
    expected = full.render_tensor(full.plan(picture), style)
    got = half.render_tensor(half.plan(picture), style)
    mean_square = (expected - got).square().mean()
    assert 10 * torch.log10(4 / mean_square) > 30


def test_ten_styles_cost_one_plan_and_ten_renders() -> None:
    translator = build(PUBLISHED)
    picture, styles = blobs(4), translator.sample(10, seed=0)

    def count(work: object) -> int:
        with FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops()

    plans = []
    planning = count(lambda: plans.append(translator.plan(picture)))
    one_render = count(lambda: translator.render(plans[0], styles[:1]))
    translator_again = build(PUBLISHED)
    whole = count(lambda: translator_again.render(translator_again.plan(picture), styles))
    assert one_render <= 27e9
    assert whole == pytest.approx(planning + 10 * one_render, rel=0.05)


def test_unavailable_choices_are_explained() -> None:
    with pytest.raises(ValueError, match="choose one of auto"):
        pick_device("abacus")
    with pytest.raises(ValueError, match="fp32, bf16, fp16"):
        pick_precision("fp8", torch.device("cpu"))
