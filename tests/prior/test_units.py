from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.prior import units
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.units import activations, dissect, find_levels, read_units, switch

LAYER = 2


@pytest.fixture(scope="module", params=["without attention", "with attention"])
def prior(request: pytest.FixtureRequest, tiny_biggan: BigGAN, tiny_biggan_deep: BigGAN) -> Prior:
    if request.param == "without attention":
        return Prior(tiny_biggan, ["cat", "dog"], device="cpu")
    return Prior(tiny_biggan_deep, ["cat", "dog", "bird"], device="cpu")


def test_a_unit_that_is_the_mask_itself_follows_it_wholly() -> None:
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(4000, generator=generator) < 0.3
    noise = torch.rand(4000, generator=generator)
    rows = [mask + 0.1 * noise, noise, -(mask + 0.1 * noise), torch.lerp(mask.float(), noise, 0.6)]
    overlaps, thresholds = units._followed(torch.stack(rows), mask)
    assert overlaps[0] > 0.95
    assert overlaps[0] > overlaps[3] > overlaps[1]
    assert overlaps[2] < 0.35, "a unit that is high beside the object does not follow it"
    assert 0 < thresholds[0] <= 1.1


def test_the_unit_that_is_made_the_mask_ranks_first(prior: Prior) -> None:
    """The mask is read off one unit's own map: above the middle of it."""
    unit = 5

    def find_masks(rendered: Tensor) -> Tensor:
        maps = next(seen)
        assert len(maps) == len(rendered)
        wide = torch.nn.functional.interpolate(maps[:, unit : unit + 1], (64, 64), mode="bilinear")
        return wide - wide.median()

    latents = prior.latents(16, 0, 0.7)
    codes = latents.codes.repeat_interleave(2, 0)
    maps = prior.features(LatentCodes(codes, 0.7), [0, 1] * 16, layer=LAYER)
    seen = iter(maps.split(8))
    reported: list[tuple[int, int]] = []
    found = dissect(prior, LAYER, [0, 1], find_masks, report=lambda *done: reported.append(done))
    assert found.ranking()[0] == unit
    assert float(found.overlaps[unit]) > max(0.7, found.chance)
    assert reported[-1] == (32, 32)
    assert found.levels.low.lt(found.levels.high).all()
    levels = find_levels(prior, LAYER, [0, 1])
    torch.testing.assert_close(levels.low, found.levels.low)


def test_a_switched_unit_is_at_its_level_inside_the_region_alone(prior: Prior) -> None:
    latents, levels = prior.latents(2, 1, 0.7), find_levels(prior, LAYER, [0])
    region = np.zeros((64, 64), bool)
    region[:32, :32] = True
    maps: list[Tensor] = []

    def spy(number: int, x: Tensor) -> Tensor:
        changed = edit(number, x)
        if number == LAYER:
            maps.append(torch.stack([x, changed]))
        else:
            assert changed is x
        return changed

    edit = switch(levels, [3, 7], True, region)
    plain, edited = prior.render(latents, [0, 1]), prior.render(latents, [0, 1], spy)
    before, after = maps[0].clone()
    half = before.shape[-1] // 2
    for unit in (3, 7):
        assert after[:, unit, :half, :half].eq(levels.high[unit]).all()
    after[:, [3, 7], :half, :half] = before[:, [3, 7], :half, :half]
    torch.testing.assert_close(after, before)
    assert not torch.equal(plain, edited)
    everywhere = switch(levels, [3], False)
    torch.testing.assert_close(everywhere(LAYER, before)[:, 3], levels.low[3].expand(2, 2 * half, 2 * half))


def test_large_maps_are_averaged(tiny_biggan: BigGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = Prior(tiny_biggan, ["cat", "dog"], device="cpu")
    last = len(prior.layers) - 1
    whole = find_levels(prior, last, [1])
    monkeypatch.setattr(units, "_NUMBERS_AT_ONCE", 1)  # one picture at a time
    parts = find_levels(prior, last, [1])
    torch.testing.assert_close(whole.high, parts.high, atol=1e-4, rtol=1e-4)
    sizes = [maps.shape[-1] for maps, *_ in units._sampled(prior, last, [1], 0, 0.7)]
    assert prior.layers[last].size == 64
    assert set(sizes) == {32}


def test_activations_are_of_one_unit_or_of_all(prior: Prior, monkeypatch: pytest.MonkeyPatch) -> None:
    latents = prior.latents(3, 2, 0.7)
    features = prior.features(latents, [0, 1, 0], layer=LAYER)
    torch.testing.assert_close(activations(prior, latents, [0, 1, 0], LAYER, 2), features[:, 2])
    monkeypatch.setattr(units, "_NUMBERS_AT_ONCE", 1)  # one picture at a time
    root = (features.norm(dim=1) ** 2 / features.shape[1]).sqrt()
    torch.testing.assert_close(activations(prior, latents, [0, 1, 0], LAYER), root, atol=1e-4, rtol=1e-4)


def test_what_is_not_there_is_said(prior: Prior) -> None:
    levels = find_levels(prior, 0, [0])
    for wrong in ([], [-1], [10**6]):
        with pytest.raises(PriorError, match="units 0 to"):
            switch(levels, wrong, True)
    for text in ("", "1,,2", "a", "-1", "1.5"):
        with pytest.raises(PriorError, match="with commas"):
            read_units(text)
    with pytest.raises(PriorError, match="units 0 to"):
        activations(prior, prior.latents(1, 1), [0], 0, -1)
    with pytest.raises(PriorError, match="as many classes"):
        activations(prior, prior.latents(1, 1), [0, 1], 0)
    with pytest.raises(PriorError, match="no layer 99"):
        find_levels(prior, 99, [0])
    with pytest.raises(PriorError, match="some class"):
        find_levels(prior, 0, [])
