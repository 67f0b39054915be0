from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior import directions
from gpunit.prior.biggan import Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.directions import Move, find_axes, kept_axes, moved, moves_as_json, moves_from_json, read_moves
from gpunit.training.prior.base import make_biggan
from gpunit.training.prior.statistics import batch_statistics, measure_standing_statistics
from tests.conftest import TINY_PRIOR


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "dog"], device="cpu")


def test_axes_stand_upright_on_one_another_and_their_shares_fall(prior: Prior) -> None:
    axes = find_axes(prior)
    torch.testing.assert_close(axes.directions @ axes.directions.T, torch.eye(len(axes)), atol=1e-5, rtol=0)
    assert axes.shares.diff().max() <= 0
    assert float(axes.shares.sum()) == pytest.approx(1, abs=1e-5)


def test_the_first_layers_axes_are_those_of_its_activations(prior: Prior) -> None:
    activations = prior.features(prior.latents(1000, 5), [0] * 1000, layer=0).flatten(1)
    variances = torch.linalg.svdvals(activations - activations.mean(0)).square()
    torch.testing.assert_close(variances[:8] / variances.sum(), find_axes(prior).shares, atol=0.03, rtol=0)


def test_a_later_layers_first_axis_moves_it_most(prior: Prior) -> None:
    axes = find_axes(prior, layer=2)
    torch.testing.assert_close(axes.directions.norm(dim=1), torch.ones(len(axes)))
    latents = prior.latents(24, 9)
    plain = prior.features(latents, [0] * 24, layer=2)
    ways = [prior.features(moved(latents, axes, [Move(k, 1.0)], len(prior.layers)), [0] * 24, layer=2) for k in (1, 8)]
    first, last = (float((way - plain).pow(2).mean()) for way in ways)
    assert first > last


def test_axes_are_found_where_classes_outnumber_the_sampled_codes() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make_biggan(dataclasses.replace(TINY_PRIOR, classes=300)).train()
        with torch.no_grad(), batch_statistics(model):
            for _ in range(3):  # spectral norm's estimates need a few passes
                model(torch.randn(4, TINY_PRIOR.latent_dim), torch.eye(300)[:4], 1.0)
        measure_standing_statistics(model, codes=4, seed=4)
    prior = Prior(model, [f"class {number}" for number in range(300)], device="cpu")
    axes = find_axes(prior, layer=2)
    assert axes.shares.isfinite().all()
    torch.testing.assert_close(axes.directions.norm(dim=1), torch.ones(len(axes)))


def test_moves_add_up_and_reach_their_layers_alone(prior: Prior) -> None:
    axes, latents, layers = find_axes(prior), prior.latents(2, 1), len(prior.layers)
    both = moved(latents, axes, [Move(1, 2.0), Move(3, -1.0)], layers).codes
    torch.testing.assert_close(both, latents.codes + 2 * axes.directions[0] - axes.directions[2])
    some = moved(latents, axes, [Move(1, 2.0, 2, 3)], layers).codes
    torch.testing.assert_close(some[:, 2:4], (latents.codes + 2 * axes.directions[0])[:, None].expand(-1, 2, -1))
    torch.testing.assert_close(some[:, 4:], latents.codes[:, None].expand(-1, layers - 4, -1))
    assert torch.equal(moved(latents, axes, [Move(1, 0.0, 2, 3)], layers).codes, latents.codes)
    again = moved(moved(latents, axes, [Move(1, 2.0, 2, 3)], layers), axes, [Move(1, -2.0)], layers).codes
    torch.testing.assert_close(again[:, 2:4], latents.codes[:, None].expand(-1, 2, -1), atol=1e-5, rtol=0)


def test_axes_are_found_once(prior: Prior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUNIT_CACHE", str(tmp_path / "cache"))
    found = kept_axes(prior, "a" * 64)
    monkeypatch.setattr(directions, "find_axes", lambda *_: pytest.fail("found again"))
    kept = kept_axes(prior, "a" * 64)
    torch.testing.assert_close(kept.directions, found.directions)
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(b"broken")
    monkeypatch.setattr(directions, "find_axes", find_axes)
    torch.testing.assert_close(kept_axes(prior, "a" * 64).directions, found.directions)
    monkeypatch.setenv("GPUNIT_CACHE", str(path / "no folder"))
    torch.testing.assert_close(kept_axes(prior, "a" * 64).directions, found.directions)


def test_saved_axes_are_read_again(tmp_path: Path) -> None:
    moves = [Move(1, 0.5, 0, 4, "size"), Move(2)]
    path = tmp_path / "axes.json"
    path.write_text(json.dumps(moves_as_json(moves, 3, "abc")))
    assert read_moves(path) == (moves, 3)
    for broken in (
        "[]",
        "{",
        '{"kind": "style"}',
        '{"kind": "axes", "layer": 0, "axes": [{"axis": 1, "amount": 1e9}]}',
    ):
        path.write_text(broken)
        with pytest.raises(PriorError, match="holds no axes"):
            read_moves(path)
    with pytest.raises(PriorError, match="saved here"):
        moves_from_json(7)


@pytest.mark.parametrize("move", [Move(0, 1.0), Move(99, 1.0), Move(1, 1.0, 5, 2), Move(1, 1.0, 0, 99)])
def test_what_is_not_there_is_said(prior: Prior, move: Move) -> None:
    with pytest.raises(PriorError, match="not"):
        moved(prior.latents(1, 1), find_axes(prior), [move], len(prior.layers))


def test_axes_of_large_maps_are_refused(prior: Prior) -> None:
    with pytest.raises(PriorError, match="layers 0 to"):
        find_axes(prior, layer=len(prior.layers) - 1)
