from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit.networks.code_encoder import CodeEncoderParams
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams
from gpunit.prior.loading import load_prior
from gpunit.training.bundle import bundle_prior
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.prior.layouts import LayoutRecipe, LayoutTrainer, train_layout_prior
from gpunit.training.prior.windows import Windows, WindowSet
from gpunit.training.processes import Processes
from gpunit.training.run import RunSettings
from tests.training.parallel import Answer, assert_alike, both_processes, float64, taken_steps

TINY = LayoutRecipe(
    names=("cat", "face"),
    latent_dim=8,
    width=4,
    encoder=CodeEncoderParams(latent_dim=8, resolution=16, widths=(4, 8)),
    discriminator=ProjectedDiscriminatorParams(mixed_width=8, head_width=8, pixel_width=4, with_layout=True),
    batch=4,
    reconstructed=2,
    crossed=1,
    sampled=2,
)


@pytest.fixture
def data(folders: Callable[..., list[Path]]) -> list[Path]:
    return folders("cat", "face", count=4)


def test_a_step_teaches_every_parameter_and_is_finite(data: list[Path]) -> None:
    trainer = LayoutTrainer(TINY, steps=10)
    before = {name: p.detach().clone() for name, p in trainer.discriminator.named_parameters()}
    torch.manual_seed(0)
    parts = trainer.step(WindowSet(data, 64).sample(4, 0, 0))
    assert all(torch.isfinite(value) for value in parts.values()), parts
    for network in (trainer.generator, trainer.encoder):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name
    # A class may be in no window of the batch; where all hinges are active, the pulls on a bias cancel.
    still = [name for name, p in trainer.discriminator.named_parameters() if torch.equal(p, before[name])]
    assert not [name for name in still if not name.endswith(("embedding.weight", "to_logit.bias"))], still


def test_only_classes_that_imagenet_knows_are_named(data: list[Path]) -> None:
    trainer = LayoutTrainer(TINY, steps=1)
    feature = torch.randn(2, trainer.backbone.channels[32], 2, 2, generator=torch.Generator().manual_seed(0))
    cat, face = (trainer._naming_loss(feature, torch.full((2,), label)) for label in (0, 1))
    assert cat > 0
    assert face == 0


def test_rates_rise_and_fall(data: list[Path]) -> None:
    trainer = LayoutTrainer(TINY, steps=1000)
    rates = []
    for trainer.done in (0, 500, 1000):
        trainer._set_rates()
        rates.append(trainer.optimizer_g.param_groups[0]["lr"] / TINY.learning_rate)
    assert rates == pytest.approx([1 / 200, 1, 0.1])


def test_stopping_and_resuming_changes_nothing_and_the_prior_loads(data: list[Path], tmp_path: Path) -> None:
    def run(name: str, *stops: int) -> Path:
        for stop in stops:
            # The rates follow the length of the whole run; here both runs are in their rise.
            path = train_layout_prior(data, TINY, RunSettings(tmp_path / name, stop, seed=3, save_every=1))
        return path

    expected, got = load_checkpoint(run("whole", 2)), load_checkpoint(run("parts", 1, 2))
    assert expected["step"] == got["step"] == 2
    for part in ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"
    bundle_prior(tmp_path / "whole", TINY, TINY.names, tmp_path / "prior", codes=8)
    prior = load_prior(tmp_path / "prior")
    assert prior.class_names == TINY.names
    assert prior.render(prior.latents(2, 0, 0.7), prior.labels(["cat", "face"])).shape == (2, 3, 64, 64)


SHARED = replace(TINY, reconstructed=4, crossed=2)


def steps() -> Answer:
    """What a step leads to, in float64; {} in any but the main process."""
    with float64():
        trainer = LayoutTrainer(SHARED, steps=9, processes=Processes("fp32", "cpu"))
        trainer.backbone.double()  # its weights come from a file
        generator = torch.Generator().manual_seed(5)
        whole = (
            torch.rand(4, 3, 64, 64, generator=generator) * 2 - 1,
            torch.tensor([0, 1, 1, 0]),
            torch.randn(4, 3, generator=generator),
        )
        mine = Windows(*map(trainer.processes.share, whole))
        networks = ("generator", "encoder", "discriminator")
        gradients = taken_steps(trainer, networks, lambda step: trainer.step(mine), 1)
        with torch.no_grad():
            pictures = trainer.render_all_classes(torch.ones(2, SHARED.latent_dim))
        return {**gradients, "results": {"pictures": pictures}} if trainer.is_main else {}


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    assert_alike(both_processes("tests.training.prior.test_layouts", tmp_path), steps())
