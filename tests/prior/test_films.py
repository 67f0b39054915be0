from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.directions import Move, find_axes
from gpunit.prior.films import WAYS, blended, film


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "dog"], device="cpu")


@pytest.mark.parametrize("way", WAYS)
def test_a_film_is_a_loop_from_its_first_picture(prior: Prior, way: str) -> None:
    latents = prior.latents(2, 4)
    frames = list(film(prior, way, latents, [0, 1], 8, find_axes(prior), Move(1)))
    assert len(frames) == 8
    first = LatentCodes(latents.codes[:1], 1.0)
    expected = prior.render(first, [0]) if way == "classes" else prior.grid(first, [0, 1])[0]
    torch.testing.assert_close(frames[0], expected, atol=1e-5, rtol=0)
    steps = [
        float((one - next_one).abs().mean()) for one, next_one in zip(frames, [*frames[1:], frames[0]], strict=True)
    ]
    assert min(steps) > 0
    assert max(steps) < float((frames[0] - frames[4 if way != "axis" else 2]).abs().mean()), "no jump"


def test_the_stops_are_the_codes_and_classes_themselves(prior: Prior) -> None:
    latents = prior.latents(2, 4)
    torch.testing.assert_close(
        list(film(prior, "codes", latents, [0], 4))[2], prior.grid(latents, [0])[1], atol=1e-5, rtol=0
    )
    assert blended(0, 1, 0) == 0
    with pytest.raises(PriorError, match="choose from codes"):
        next(film(prior, "sideways", latents, [0], 4))
    with pytest.raises(PriorError, match="two classes"):
        next(film(prior, "classes", latents, [0], 4))
    with pytest.raises(PriorError, match="name one"):
        next(film(prior, "axis", latents, [0], 4))
