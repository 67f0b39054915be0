from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from gpunit.engine.device import pick_device, pick_precision, psnr
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


def test_more_samples_begin_with_the_fewer(tiny: Translator) -> None:
    # A matrix product of another size may add in another order.
    torch.testing.assert_close(tiny.sample(5, seed=1)[:2], tiny.sample(2, seed=1), atol=1e-4, rtol=1e-4)


def test_temperature_zero_has_one_style(tiny: Translator) -> None:
    styles = tiny.sample(4, seed=1, temperature=0.0)
    assert torch.equal(styles, styles[:1].expand_as(styles))


def test_a_style_does_not_depend_on_its_batch(tiny: Translator, picture: Image.Image) -> None:
    plan = tiny.plan(picture)
    styles = tiny.sample(7, seed=2)
    together = tiny.render_tensor(plan, styles)
    alone = torch.cat([tiny.render_tensor(plan, style[None]) for style in styles])
    assert torch.equal(together, alone)  # on a CPU, styles are rendered one by one


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


def test_called_it_translates_one_picture(tiny: Translator, picture: Image.Image) -> None:
    plan, exemplar = tiny.plan(picture), blobs(4)
    by_code = tiny.sample(1, seed=3)
    for style, code in ((None, tiny.mean_style()), (by_code[0], by_code), (exemplar, tiny.style_of(exemplar))):
        assert tiny(picture, style).tobytes() == tiny.render(plan, code)[0].tobytes()
    assert repr(tiny) == "<Translator of 64 px on cpu>"


def test_half_precision_stays_close(picture: Image.Image) -> None:
    full, half = build(SMALL, precision="fp32"), build(SMALL, precision="bf16")
    style = full.sample(1)
    expected = full.render_tensor(full.plan(picture), style)
    got = half.render_tensor(half.plan(picture), style)
    assert psnr(got, expected) > 30


def test_several_styles_cost_one_plan_and_a_render_each() -> None:
    picture, translator = blobs(4), build(PUBLISHED)
    styles = translator.sample(3, seed=0)

    def operations(work: Callable[[], object]) -> int:
        with FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops()

    planning = operations(lambda: translator.plan(picture))
    rendering = operations(lambda: translator.render(translator.plan(picture), styles[:1]))
    translator.forget_plans()
    assert operations(lambda: translator.render(translator.plan(picture), styles)) == planning + 3 * rendering
    assert rendering <= 27e9


def test_unavailable_choices_are_explained() -> None:
    with pytest.raises(ValueError, match="choose one of auto"):
        pick_device("abacus")
    with pytest.raises(ValueError, match="fp32, bf16, fp16"):
        pick_precision("fp8", torch.device("cpu"))
