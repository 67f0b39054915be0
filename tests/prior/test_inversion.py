from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit import zoo
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Mixture, Part, main_class
from gpunit.prior.inversion import PerceptualDistance, invert
from gpunit.prior.loading import load_prior


@pytest.fixture(scope="module")
def prior() -> Prior:
    return load_prior(zoo.stored("prior-small"), "cpu")


def test_a_picture_of_the_prior_is_found_again_and_never_gets_further(prior: Prior) -> None:
    wanted = prior.render(prior.latents(1, 11, 0.7), [1])
    states = list(invert(prior, wanted, steps=25, every=10, truncation=0.7))
    steps = [state.step for state in states]
    assert steps == sorted(steps)
    assert (steps[0], steps[1], steps[-1]) == (0, 10, 25)
    distances = [state.distance for state in states]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.1
    last = states[-1]
    assert main_class(last.column, len(prior.class_names), len(prior.layers)) == 1
    assert isinstance(last.column, Mixture)
    assert last.column.parts[0].label == 1, "the largest share is written first"
    again = prior.render(LatentCodes(last.code[None], 0.7), [last.column])
    assert (again[0] - last.picture).abs().mean() < 0.02


def test_the_encoder_starts_nearer_than_its_own_reading(prior: Prior) -> None:
    wanted = prior.render(prior.latents(1, 12, 0.7), [0])
    read = prior.invert(wanted).codes[0].clone()
    (plain,) = invert(prior, wanted, steps=0, start=read, truncation=0.7)
    (again,) = invert(prior, wanted, steps=0, truncation=0.7)
    assert again.distance < plain.distance


def test_without_an_encoder_the_best_of_sampled_codes_is_the_start(tiny_biggan: BigGAN) -> None:
    prior = Prior(tiny_biggan, ["cat", "dog"], device="cpu")
    wanted = prior.render(prior.latents(3, 4, 0.5), [1, 1, 1])[2:]
    first, *_, last = invert(prior, wanted, steps=15, every=5, truncation=0.5, seed=3)
    (nearest,) = invert(prior, wanted, steps=0, start=prior.latents(1, 3, 0.5).codes[0], truncation=0.5)
    assert first.distance <= nearest.distance
    assert last.distance < first.distance


def test_the_class_that_suits_the_start_is_found(prior: Prior) -> None:
    """ImageNet has no faces: the classifier alone would never name the class."""
    face = prior.class_names.index("face")
    latents = prior.latents(1, 21, 0.7)
    (found,) = invert(prior, prior.render(latents, [face]), steps=0, start=latents.codes[0], truncation=0.7)
    assert found.column == Mixture((Part(face),))
    assert found.distance < 0.01


def test_the_distance_of_a_picture_from_itself_is_nothing() -> None:
    distance = PerceptualDistance()
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    features = distance.features(pictures)
    torch.testing.assert_close(distance(features, features), torch.zeros(2), atol=1e-5, rtol=0)
    assert float(distance(features, [feature.flip(0) for feature in features]).min()) > 0.05
