from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Column, Mixture, Part, PriorError, columns_of, shown_name, written_column

NAMES = ["cat", "dog"]


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, NAMES, device="cpu")


def pictures(prior: Prior, column: Column) -> torch.Tensor:
    return prior.render(prior.latents(2, 3), [column] * 2)


def test_a_mixture_of_one_class_is_that_class(prior: Prior) -> None:
    for mixture in (Mixture((Part(1),)), Mixture((Part(1, 5.0), Part(0, 0.0)))):
        torch.testing.assert_close(pictures(prior, mixture), pictures(prior, 1), atol=1e-5, rtol=0)


def test_the_shares_of_every_layer_sum_to_one() -> None:
    weights = Mixture((Part(0, 3.0), Part(1, 1.0, 4, 5))).weights(2, 8)
    torch.testing.assert_close(weights.sum(1), torch.ones(8))
    assert weights[3].tolist() == [1, 0]
    assert weights[4].tolist() == [0.75, 0.25]
    assert weights[6].tolist() == [1, 0]


def test_layout_is_told_by_the_first_layers(prior: Prior) -> None:
    last = len(prior.layers) - 1
    early = pictures(prior, Mixture((Part(0, 1, 0, 2), Part(1, 1, 3))))
    late = pictures(prior, Mixture((Part(0, 1, 0, last - 1), Part(1, 1, last))))
    cat = pictures(prior, 0)
    assert (late - cat).abs().mean() < (early - cat).abs().mean()
    assert (late - cat).abs().mean() > 0


def test_codes_may_differ_from_layer_to_layer(prior: Prior) -> None:
    same = prior.latents(2, 3)
    layered = LatentCodes(same.codes[:, None].repeat(1, len(prior.layers), 1), same.truncation)
    torch.testing.assert_close(prior.render(layered, [0, 1]), prior.render(same, [0, 1]), atol=1e-5, rtol=0)
    layered.codes[:, -1] += 1
    assert not torch.equal(prior.render(layered, [0, 1]), prior.render(same, [0, 1]))


@pytest.mark.parametrize(
    "column", [1, Mixture((Part(0, 0.25), Part(1, 0.75, 4))), Mixture((Part(1, 1, 0, 2), Part(0, 2, 3, 9)))]
)
def test_a_written_column_is_read_as_the_same(column: Column) -> None:
    names = ["cat, house cat", "1:1 scale+car"]  # signs that mixtures are written with
    (read,) = columns_of([written_column(column, names, 10)], names)
    if isinstance(column, int):
        assert read == column
    else:
        assert isinstance(read, Mixture)
        torch.testing.assert_close(read.weights(2, 10), column.weights(2, 10))


def test_mixtures_are_written_as_they_are_read() -> None:
    written = ["dog", "1", "cat:0.7+dog:0.3", "cat@0-3 + dog:2@4-9", "cat@5"]
    assert columns_of(written, NAMES) == [
        1,
        1,
        Mixture((Part(0, 0.7), Part(1, 0.3))),
        Mixture((Part(0, 1, 0, 3), Part(1, 2, 4, 9))),
        Mixture((Part(0, 1, 5, 5),)),
    ]
    assert columns_of(["a+b:1"], ["a+b:1", "b"]) == [0], "a class may be called so"
    assert shown_name(columns_of(["cat:3+dog"], NAMES)[0], NAMES) == "cat 75 dog 25"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat+horse", "no class 'horse'"),
        ("cat:1.2.3", "no part of a mixture"),
        ("cat+", "no part of a mixture"),
        ("cat@0-2", "no class is left for layer 3"),
        ("cat:0+dog:0", "no class is left for layer 0"),
        ("cat:1+dog:-1", "no class is left for layer 0"),
        ("cat@5-99", "go from 0 to"),
        ("cat@5-2", "go from 0 to"),
    ],
)
def test_what_is_no_mixture_is_said(prior: Prior, text: str, words: str) -> None:
    with pytest.raises(PriorError, match=words):
        prior.columns([text])
