from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.seeds import seed_step
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.processes import Processes
from gpunit.training.recipes import weighted
from gpunit.training.run import RunSettings
from gpunit.training.stage2.paper import PaperTrainer, train
from tests.conftest import TINY, TINY_PAPER
from tests.training.parallel import run_in_two_processes


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


PROGRAM = """
import sys, torch
from tests.training.stage2.test_paper import three_steps
answer = three_steps()
if answer:
    torch.save(answer, sys.argv[1])
"""


@contextmanager
def float64() -> Iterator[None]:
    """Inside, networks are made in float64, and stay there where they ask for float32: laws hold to its rounding."""
    before = torch.get_default_dtype()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "float", Tensor.double)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def three_steps() -> dict[str, dict[str, Tensor]]:
    """Gradients of the first step, and what three steps lead to, in float64; {} in any but the main process."""
    with float64():
        return _three_steps()


def _three_steps() -> dict[str, dict[str, Tensor]]:
    trainer = PaperTrainer(TINY_PAPER, encoder(), processes=Processes())
    trainer.perceptual_net.double()  # its weights come from a file
    gradients: dict[str, Tensor] = {}
    for step in range(3):
        seed_step(7, step)
        trainer.step(*batch())
        if not step:
            for part in ("model", "discriminator"):
                for name, parameter in getattr(trainer, part).named_parameters():
                    if parameter.grad is not None:
                        gradients[f"{part}.{name}"] = parameter.grad.clone()
    source, target, _ = batch()
    with torch.no_grad():
        style = trainer.model.style_encoder(target)
        translated, _ = trainer.model.generator(trainer.content_encoder(source), style)
        logit, _ = trainer.discriminator.eval()(target)
    results = {"style": style, "translated": translated, "logit": logit}
    return {"gradients": gradients, "results": results} if trainer.is_main else {}


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    path = tmp_path / "two.pt"
    run_in_two_processes(PROGRAM, tmp_path, str(path))
    two, one = torch.load(path, weights_only=True), three_steps()
    assert two["gradients"].keys() == one["gradients"].keys()
    for part in ("model", "discriminator"):
        names = [name for name in one["gradients"] if name.startswith(part)]
        whole = torch.cat([one["gradients"][name].flatten() for name in names])
        halves = torch.cat([two["gradients"][name].flatten() for name in names])
        assert whole.dtype == torch.float64
        assert (whole - halves).norm() < 1e-9 * whole.norm(), part
    for name, expected in one["results"].items():
        assert torch.allclose(two["results"][name], expected, rtol=0, atol=1e-6), name


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
