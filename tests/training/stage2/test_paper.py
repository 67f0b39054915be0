from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.processes import Processes
from gpunit.training.recipes import weighted
from gpunit.training.run import RunSettings
from gpunit.training.stage2.paper import PaperTrainer, train
from tests.conftest import TINY, TINY_PAPER
from tests.training.parallel import Answer, assert_alike, assert_same_runs, both_processes, float64, taken_steps


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def batch(count: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    source, target = torch.rand(2, count, 3, 64, 64, generator=generator) * 2 - 1
    return source, target, torch.zeros(count, dtype=torch.long)


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, cat = folders("dog", "cat")

    def run(name: str, steps: int) -> Path:
        return train([dog], [cat], encoder(), TINY_PAPER, RunSettings(tmp_path / name, steps, seed=3, save_every=2))

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("model", "ema", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


@pytest.mark.parametrize("reconstruct_with_skips", [False, True])
def test_every_parameter_learns_and_the_content_encoder_does_not(reconstruct_with_skips: bool) -> None:
    recipe = replace(TINY_PAPER, reconstruct_with_skips=reconstruct_with_skips)
    trainer = PaperTrainer(recipe, encoder())
    before = {name: p.clone() for name, p in trainer.content_encoder.state_dict().items()}
    trainer.step(*batch())
    last_head = f"generator.levels.{len(TINY.generator.widths) - 1}.to_rgb"
    for name, parameter in (*trainer.model.named_parameters(), *trainer.discriminator.named_parameters()):
        if "to_rgb" in name and not name.startswith(last_head):
            continue  # the lower levels' heads render previews and are not trained
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    for name, parameter in trainer.content_encoder.state_dict().items():
        assert torch.equal(parameter, before[name])


def test_the_penalty_comes_lazily_and_counts_for_the_steps_without() -> None:
    """D's gradient differs from that without a penalty only at the steps that have one."""

    def gradients(penalty: float, steps: int) -> Tensor:
        trainer = PaperTrainer(weighted(replace(TINY_PAPER, learning_rate=0.0), penalty=penalty), encoder())
        for _ in range(steps):
            trainer.step(*batch())
        return torch.cat([p.grad.flatten() for p in trainer.discriminator.parameters() if p.grad is not None])

    once, twice = (gradients(penalty, 3) - gradients(0.0, 3) for penalty in (1e3, 2e3))
    # Not quite equal, and not quite zero: with a penalty the spectral norms' estimates are a pass further on.
    assert (2 * once - twice).norm() < 0.05 * once.norm()
    without = gradients(1e3, 2) - gradients(0.0, 2)
    assert without.norm() < 0.05 * once.norm()


def test_without_skips_every_mask_is_zero(tmp_path: Path, folders: Callable[..., list[Path]]) -> None:
    dog, cat = folders("dog", "cat")
    with_skips = train([dog], [cat], encoder(), TINY_PAPER, RunSettings(tmp_path / "with", 1))
    trainer = PaperTrainer(replace(TINY_PAPER, use_skips=False), encoder())
    trainer.start_from(with_skips.parent)
    parts = trainer.step(*batch())
    assert "mask" not in parts
    for model in (trainer.model, trainer.ema):
        gates = model.generator.plan_skips(trainer.content_encoder(batch()[0]))
        assert all((gate.mask == 0).all() for gate in gates.values())


def steps() -> Answer:
    """What two steps lead to, in float64; {} in any but the main process."""
    with float64():
        trainer = PaperTrainer(replace(TINY_PAPER, augmentation=0.1), encoder(), processes=Processes(device="cpu"))
        trainer.perceptual_net.double()  # its weights come from a file
        share = trainer.processes.share
        gradients = taken_steps(trainer, ("model", "discriminator"), lambda step: trainer.step(*map(share, batch())))
        source, target, _ = batch()
        with torch.no_grad():
            style = trainer.model.style_encoder(target)
            translated, _ = trainer.model.generator(trainer.content_encoder(source), style)
            logit, _ = trainer.discriminator.eval()(target)
        results = {"style": style, "translated": translated, "logit": logit}
        return {**gradients, "results": results} if trainer.is_main else {}


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    assert_alike(both_processes("tests.training.stage2.test_paper", tmp_path), steps())


def test_two_processes_leave_the_run_of_one(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    """With the decoding of own rows, the pairing, and the checkpoint of the main process."""
    assert_same_runs("tests.training.stage2.test_paper", tmp_path, *folders("dog", "bird", "cat", "face"))


def run_of(run: Path, dog: Path, bird: Path, cat: Path, face: Path) -> None:
    settings = RunSettings(run, 1, seed=3)
    train([dog, bird], [cat, face], encoder(), TINY_PAPER, settings, processes=Processes(device="cpu"))


def test_what_a_recipe_lacks_is_explained(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="give ArcFace's weights"):
        PaperTrainer(weighted(TINY_PAPER, identity=1.0), encoder())
    with pytest.raises(TrainingError, match="no perceptual net"):
        PaperTrainer(replace(TINY_PAPER, perceptual_net="vgg"), encoder())


def test_the_identity_loss_is_part_of_a_step() -> None:
    class Mean(torch.nn.Module):
        def forward(self, picture: Tensor) -> Tensor:
            return torch.nn.functional.normalize(picture.mean(dim=(2, 3)), dim=1)

    recipe = weighted(TINY_PAPER, identity=1.0)
    parts = PaperTrainer(recipe, encoder(), identity_net=Mean()).step(*batch())  # type: ignore[arg-type]
    assert 0 <= parts["identity"] <= 2


def test_the_style_encoder_begins_as_published_unless_it_is_asked_otherwise() -> None:
    target = batch()[1]
    for asked in (False, True):
        trainer = PaperTrainer(replace(TINY_PAPER, standardise=asked), encoder())
        before = trainer.model.style_encoder(target).detach()
        trainer.prepare(target)
        assert torch.equal(trainer.model.style_encoder(target), before) != asked
