from __future__ import annotations

import pytest
import torch

from gpunit import zoo
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.inversion import PerceptualDistance, invert
from gpunit.prior.loading import load_prior


@pytest.fixture(scope="module")
def prior() -> Prior:
    return load_prior(zoo.stored("prior-small"), "cpu")


def test_a_picture_of_the_prior_is_found_again_and_never_gets_further(prior: Prior) -> None:
    wanted = prior.render(prior.latents(1, 11, 0.7), [1])
    states = list(invert(prior, wanted, steps=30, every=10))
    assert [state.step for state in states] == [0, 10, 20, 30]
    distances = [state.distance for state in states]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.8 * distances[0]
    last = states[-1]
    again = prior.render(LatentCodes(last.code[None]), [last.column])
    assert (again[0] - last.picture).abs().mean() < 0.02


def test_the_distance_of_a_picture_from_itself_is_nothing() -> None:
    distance = PerceptualDistance()
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    features = distance.features(pictures)
    torch.testing.assert_close(distance(features, features), torch.zeros(2), atol=1e-5, rtol=0)
    assert float(distance(features, [feature.flip(0) for feature in features]).min()) > 0.05
