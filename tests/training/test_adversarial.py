from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from gpunit import weights
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.adversarial import AdversarialTrainer, train
from gpunit.training.state import load_checkpoint
from gpunit.translator import Translator
from tests.conftest import TINY, TINY_ADVERSARIAL


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, bird, cat = folders("dog", "bird", "cat")

    def run(name: str, steps: int) -> Path:
        return train([dog, bird], cat, encoder(), TINY_ADVERSARIAL, tmp_path / name, steps, seed=3, save_every=2)

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("model", "ema", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


def test_every_parameter_learns_and_the_content_encoder_does_not() -> None:
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0), encoder())
    before = {name: p.clone() for name, p in trainer.content_encoder.state_dict().items()}
    torch.manual_seed(0)
    trainer.step(torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 3, 64, 64) * 2 - 1)
    last_head = f"generator.levels.{len(TINY.generator.widths) - 1}.to_rgb"
    for name, parameter in trainer.model.named_parameters():
        if "to_rgb" in name and not name.startswith(last_head):
            continue  # the lower levels' heads draw previews and are not trained
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    for name, parameter in trainer.discriminator.named_parameters():
        if "to_logit.bias" in name:
            continue  # while no logit is past the hinge, real and fake pull it equally hard both ways
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    for name, parameter in trainer.content_encoder.state_dict().items():
        assert torch.equal(parameter, before[name])


def test_a_fresh_run_starts_from_finished_weights(tiny: Translator, tmp_path: Path) -> None:
    networks = tiny.networks
    tensors = {f"generator.{name}": tensor for name, tensor in networks.generator.state_dict().items()}
    tensors |= {f"style_encoder.{name}": tensor for name, tensor in networks.style_encoder.state_dict().items()}
    path = tmp_path / "to-cat.safetensors"
    weights.write_weights(path, {**tensors, "style_bank": tiny.style_bank}, {}, half=False)
    trainer = AdversarialTrainer(TINY_ADVERSARIAL, encoder(), seed=9)
    trainer.start_from(path)
    for model in (trainer.model, trainer.ema):
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, tensors[name]), name
    # Finished weights are not warmed up, nor is the run when it is resumed.
    resumed = AdversarialTrainer(TINY_ADVERSARIAL, encoder())
    resumed.load(trainer.state())
    assert "adversarial" in resumed.step(torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 3, 64, 64) * 2 - 1)
