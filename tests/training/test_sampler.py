from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit.networks.style_sampler import StyleSampler, StyleSamplerParams
from gpunit.training.checkpoints import load_checkpoint, save_checkpoint
from gpunit.training.processes import Processes
from gpunit.training.sampler import SamplerRecipe, filling_a_batch, fit_sampler, nearest, with_rare
from tests.training.parallel import RUN, run_in_two_processes

PARAMS = StyleSamplerParams(latent_dim=4, hidden_dim=16, style_dim=3)


def test_nearest_does_not_depend_on_the_chunks() -> None:
    torch.manual_seed(0)
    queries, candidates = torch.randn(37, 3), torch.randn(50, 3)
    expected = (queries[:, None] - candidates[None]).square().sum(-1).argmin(1)
    for chunk in (1, 5, 100):
        assert torch.equal(nearest(queries, candidates, chunk), expected)


def run_of(folder: Path) -> None:
    """Fit in this process and any other, which begins with other weights until it has the main one's; that saves T."""
    codes = torch.rand(41, 3, generator=torch.Generator().manual_seed(1))
    processes = Processes(device="cpu")

    def made(params: StyleSamplerParams) -> StyleSampler:
        network = StyleSampler(params)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0 if processes.is_main else 1)
        return network

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpunit.training.sampler.StyleSampler", made)
        sampler = fit_sampler(codes, PARAMS, SamplerRecipe(codes_seen=200, batch=32), seed=2, processes=processes)
    if processes.is_main:
        save_checkpoint(folder / "sampler.pt", sampler.state_dict())


def test_two_processes_fit_what_one_does(tmp_path: Path) -> None:
    """They share the search, whose results are exact; what they update is the same."""
    run_in_two_processes(RUN, tmp_path, "tests.training.test_sampler", str(tmp_path / "two"))
    run_of(tmp_path / "one")
    two, one = (load_checkpoint(tmp_path / name / "sampler.pt") for name in ("two", "one"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=1e-6, msg=name)


def test_every_style_gets_a_sample_nearby() -> None:
    """What implicit maximum likelihood promises: no real style is left without a sample."""
    torch.manual_seed(0)
    centres = torch.tensor([[2.0, 0.0, 0.0], [0.0, 2.0, 1.0]])
    codes = centres.repeat_interleave(64, dim=0) + 0.05 * torch.randn(128, 3)
    latents = torch.randn(400, 4)

    def uncovered(codes_seen: int) -> float:
        sampler = fit_sampler(codes, PARAMS, SamplerRecipe(codes_seen=codes_seen, batch=32))
        with torch.no_grad():
            return torch.cdist(codes, sampler(latents)).amin(dim=1).max().item()

    assert uncovered(128 * 60) < 0.35 < uncovered(128)


def test_the_fit_is_reproducible_and_in_eval_mode() -> None:
    codes = torch.rand(20, 3)
    first, second = (fit_sampler(codes, PARAMS, SamplerRecipe(codes_seen=100), seed=2) for _ in range(2))
    latent = torch.randn(1, 4)
    assert not first.training
    assert torch.equal(first(latent), second(latent))


def test_rare_codes_are_repeated_a_round_for_every_thousand() -> None:
    codes = torch.arange(2000.0)[torch.randperm(2000, generator=torch.Generator().manual_seed(0))][:, None]
    more = with_rare(codes)
    assert torch.equal(more[:2000], codes)
    distance = (more[:, 0] - codes.mean()).abs()
    assert len(more) == 2000 + 1000 + 500
    assert distance[2000:3000].min() >= 499.5
    assert distance[3000:].min() >= 749.5
    assert torch.equal(with_rare(codes[:999]), codes[:999])


def test_a_single_style_is_learned() -> None:
    code = torch.tensor([[2.0, 0.0, 1.0]])
    latents = torch.randn(400, 4, generator=torch.Generator().manual_seed(0))

    def distance(codes_seen: int) -> float:
        sampler = fit_sampler(code, PARAMS, SamplerRecipe(codes_seen, batch=16))
        with torch.no_grad():
            return float((sampler(latents) - code).norm(dim=1).mean())

    assert distance(16 * 1000) < 0.7 * distance(16)
    assert torch.equal(filling_a_batch(code, 3), code.expand(3, -1))
    assert torch.equal(filling_a_batch(code.expand(4, -1), 3), code.expand(4, -1))
