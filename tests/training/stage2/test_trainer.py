from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit.engine.translator import Translator
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.run import RunSettings
from gpunit.training.stage2.small import SmallTrainer, train
from gpunit.training.stage2.trainer import pairing
from gpunit.zoo import weights
from tests.conftest import TINY, TINY_SMALL


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def batch(count: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.rand(count, 3, 64, 64) * 2 - 1, torch.rand(count, 3, 64, 64) * 2 - 1, torch.arange(count)


def write_finished(translator: Translator, folder: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """A translator's file, and the tensors in it that training goes on from."""
    networks = translator.networks
    tensors = {f"generator.{name}": tensor for name, tensor in networks.generator.state_dict().items()}
    tensors |= {f"style_encoder.{name}": tensor for name, tensor in networks.style_encoder.state_dict().items()}
    path = folder / "to-cat.safetensors"
    weights.write_weights(path, {**tensors, "style_bank": translator.style_bank}, {}, half=False)
    return path, tensors


def test_a_new_run_starts_from_finished_weights(tiny: Translator, tmp_path: Path) -> None:
    path, tensors = write_finished(tiny, tmp_path)
    trainer = SmallTrainer(TINY_SMALL, encoder(), seed=9)
    trainer.start_from(path)
    for model in (trainer.model, trainer.ema):
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, tensors[name]), name


def test_the_average_of_finished_weights_is_kept(tiny: Translator, tmp_path: Path) -> None:
    path, tensors = write_finished(tiny, tmp_path)
    trainer = SmallTrainer(replace(TINY_SMALL, warm_up=0), encoder())
    trainer.start_from(path)
    resumed = SmallTrainer(replace(TINY_SMALL, warm_up=0), encoder())
    resumed.load(trainer.state())
    for each in (trainer, resumed):
        torch.manual_seed(0)
        each.step(*batch())
        for (name, average), newest in zip(each.ema.named_parameters(), each.model.parameters(), strict=True):
            before = tensors[name]
            torch.testing.assert_close(average, before.lerp(newest.detach(), 1 - TINY_SMALL.ema), msg=name)


def test_a_run_on_one_domain_goes_on_from_a_run_on_all(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, dog = folders("cat", "dog")
    both = train([cat, dog], [cat, dog], encoder(), TINY_SMALL, RunSettings(tmp_path / "both", 3))
    trainer = SmallTrainer(TINY_SMALL, encoder(), seed=9)
    trainer.start_from(both.parent)
    expected = load_checkpoint(both)
    for part in ("model", "discriminator"):
        for name, tensor in getattr(trainer, part).state_dict().items():
            assert torch.equal(tensor, expected[part][name]), f"{part}.{name}"
    alone = train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path / "cat", 1, start_from=both.parent))
    assert load_checkpoint(alone)["step"] == 1
    with pytest.raises(TrainingError, match="not the folder of a run"):
        trainer.start_from(cat)


def test_every_target_has_its_turn_at_the_head_of_a_batch(
    folders: Callable[..., list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L_rec and L_con are taken of a batch's first pictures, and its last styles go to no picture."""
    labels = []

    def step(self: SmallTrainer, source: torch.Tensor, target: torch.Tensor, label: torch.Tensor) -> dict:
        labels.append(label)
        self.done += 1
        return {}

    monkeypatch.setattr(SmallTrainer, "step", step)
    dog, *targets = folders("dog", "cat", "bird")
    train([dog], targets, encoder(), replace(TINY_SMALL, batch=4, coarse=0), RunSettings(tmp_path / "run", 20))
    sampled = torch.stack(labels)
    assert (sampled.sort(dim=1).values == sampled[0].sort().values).all(), "both targets equally often"
    assert all(len(column.unique()) == 2 for column in sampled.T)


def test_pictures_meet_targets_of_other_domains() -> None:
    torch.manual_seed(0)
    names = ["cat"] * 3 + ["dog"] * 3
    order = pairing(names, names, tries=200)
    assert sorted(order.tolist()) == list(range(6))
    assert all(names[i] != name for i, name in zip(order, names, strict=True))
    assert sorted(pairing(["dog"] * 4, ["dog"] * 4).tolist()) == list(range(4))


def test_the_log_tells_the_skips_health(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, dog = folders("cat", "dog")
    for name, use_skips in (("with", True), ("without", False)):
        train([dog], [cat], encoder(), replace(TINY_SMALL, use_skips=use_skips), RunSettings(tmp_path / name, 1))
        line = json.loads((tmp_path / name / "stats.jsonl").read_text())
        assert ({"open_16", "open_32", "zeros", "gate_swap"} <= line.keys()) == use_skips
