from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior.biggan import unit_latents
from gpunit.prior.loading import load_prior
from gpunit.training.data import PictureSet, draw_mixed_labelled
from gpunit.training.prior.trainer import PriorTrainer, batch_statistics, bundle_prior, train_prior
from gpunit.training.state import load_checkpoint
from tests.conftest import TINY_PRIOR


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog")

    def run(name: str, steps: int) -> Path:
        return train_prior(data, TINY_PRIOR, tmp_path / name, steps, seed=3, save_every=2)

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


def test_every_parameter_learns(folders: Callable[..., list[Path]]) -> None:
    sets = [PictureSet(folder, 64, label=i) for i, folder in enumerate(folders("cat", "dog"))]
    trainer = PriorTrainer(TINY_PRIOR)
    batch = draw_mixed_labelled(sets, 2, 0, 0)
    torch.manual_seed(0)
    trainer.step(batch.picture, batch.label)
    for network in (trainer.generator, trainer.encoder):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_standing_statistics_draw_what_batch_statistics_drew(tiny_biggan: BigGAN) -> None:
    """On the very batch they were measured on, both norms give the same pictures."""
    label = torch.eye(2).repeat(4, 1)
    for truncation in (0.5, 1.0):
        codes = unit_latents(8, TINY_PRIOR.latent_dim, 4) * truncation
        with torch.no_grad():
            with batch_statistics(tiny_biggan):
                expected = tiny_biggan(codes, label, truncation)
            assert torch.allclose(tiny_biggan(codes, label, truncation), expected, atol=1e-3)
            assert not torch.allclose(tiny_biggan(codes, label, 0.02), expected, atol=1e-2)


def test_the_bundle_draws_like_the_run(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    train_prior(folders("cat", "dog"), TINY_PRIOR, tmp_path / "run", 1)
    bundle_prior(tmp_path / "run", TINY_PRIOR, ["cat", "dog"], tmp_path / "prior", codes=8)
    prior = load_prior(tmp_path / "prior", "cpu")
    assert prior.class_names == ("cat", "dog")
    assert prior.can_invert
    drawn = prior.render(prior.latents(4, 0), [0, 1, 0, 1])
    assert drawn.shape == (4, 3, 64, 64)
    assert torch.isfinite(drawn).all()
    assert drawn.abs().max() <= 1


def test_a_fresh_run_starts_from_finished_weights(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog")
    train_prior(data, TINY_PRIOR, tmp_path / "run", 1)
    bundle_prior(tmp_path / "run", TINY_PRIOR, ["cat", "dog"], tmp_path / "prior", codes=8)
    trainer = PriorTrainer(TINY_PRIOR, seed=9)
    trainer.start_from(tmp_path / "prior")
    finished = load_checkpoint(tmp_path / "run" / "checkpoint.pt")["ema_generator"]
    for name, parameter in trainer.generator.named_parameters():
        assert torch.allclose(parameter, finished[name], atol=2e-3), name
    resumed = train_prior(data, TINY_PRIOR, tmp_path / "next", 1, start_from=tmp_path / "prior")
    assert load_checkpoint(resumed)["step"] == 1
