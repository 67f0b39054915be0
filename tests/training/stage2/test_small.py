from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit.engine.translator import Translator
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.training.stage2.small import _GROWTH_STEPS, AdversarialTrainer, pairing, random_strengths, train
from gpunit.training.state import TrainingError, load_checkpoint
from gpunit.zoo import weights
from tests.conftest import TINY, TINY_ADVERSARIAL


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, bird, cat = folders("dog", "bird", "cat")

    def run(name: str, steps: int) -> Path:
        return train(
            [dog, bird], [cat, bird], encoder(), TINY_ADVERSARIAL, tmp_path / name, steps, seed=3, save_every=2
        )

    expected = load_checkpoint(run("whole", 4))
    run("parts", 2)  # the other two steps are drawn at full size
    got = load_checkpoint(run("parts", 4))
    assert got["step"] == expected["step"] == 4
    for part in ("model", "ema", "discriminator"):
        for name, tensor in expected[part].items():
            assert torch.equal(tensor, got[part][name]), f"{part}.{name}"


def batch(count: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.rand(count, 3, 64, 64) * 2 - 1, torch.rand(count, 3, 64, 64) * 2 - 1, torch.arange(count)


@pytest.mark.parametrize("eyes", [1, 2])
def test_every_parameter_learns_and_the_content_encoder_does_not(eyes: int) -> None:
    recipe = replace(TINY_ADVERSARIAL, warm_up=0, coarse=0, eyes=tuple(BACKBONES)[:eyes])
    trainer = AdversarialTrainer(recipe, encoder())
    before = {name: p.clone() for name, p in trainer.content_encoder.state_dict().items()}
    torch.manual_seed(0)
    trainer.step(*batch())
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


def write_finished(translator: Translator, folder: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """A translator's file, and the tensors in it that training goes on from."""
    networks = translator.networks
    tensors = {f"generator.{name}": tensor for name, tensor in networks.generator.state_dict().items()}
    tensors |= {f"style_encoder.{name}": tensor for name, tensor in networks.style_encoder.state_dict().items()}
    path = folder / "to-cat.safetensors"
    weights.write_weights(path, {**tensors, "style_bank": translator.style_bank}, {}, half=False)
    return path, tensors


def test_a_fresh_run_starts_from_finished_weights(tiny: Translator, tmp_path: Path) -> None:
    path, tensors = write_finished(tiny, tmp_path)
    trainer = AdversarialTrainer(TINY_ADVERSARIAL, encoder(), seed=9)
    trainer.start_from(path)
    for model in (trainer.model, trainer.ema):
        for name, tensor in model.state_dict().items():
            assert torch.equal(tensor, tensors[name]), name


def test_the_average_of_finished_weights_is_kept(tiny: Translator, tmp_path: Path) -> None:
    path, tensors = write_finished(tiny, tmp_path)
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0), encoder())
    trainer.start_from(path)
    resumed = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0), encoder())
    resumed.load(trainer.state())
    for each in (trainer, resumed):
        torch.manual_seed(0)
        each.step(*batch())
        for (name, average), newest in zip(each.ema.named_parameters(), each.model.parameters(), strict=True):
            before = tensors[name]
            torch.testing.assert_close(average, before.lerp(newest.detach(), 1 - TINY_ADVERSARIAL.ema), msg=name)


def test_a_run_keeps_the_lengths_it_began_with_when_it_is_resumed() -> None:
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0, coarse=0), encoder())
    resumed = AdversarialTrainer(TINY_ADVERSARIAL, encoder())
    resumed.load(trainer.state())
    assert resumed.scale == 1
    assert "adversarial" in resumed.step(*batch())


def test_a_run_on_one_domain_goes_on_from_a_run_on_all(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, dog = folders("cat", "dog")
    both = train([cat, dog], [cat, dog], encoder(), TINY_ADVERSARIAL, tmp_path / "both", 3)
    trainer = AdversarialTrainer(TINY_ADVERSARIAL, encoder(), seed=9)
    trainer.start_from(both.parent)
    expected = load_checkpoint(both)
    for part in ("model", "discriminator"):
        for name, tensor in getattr(trainer, part).state_dict().items():
            assert torch.equal(tensor, expected[part][name]), f"{part}.{name}"
    alone = train([dog], [cat], encoder(), TINY_ADVERSARIAL, tmp_path / "cat", 1, start_from=both.parent)
    assert load_checkpoint(alone)["step"] == 1
    with pytest.raises(TrainingError, match="not the folder of a run"):
        trainer.start_from(cat)


def test_a_target_must_be_a_domain(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, cow = folders("cat", "cow")
    with pytest.raises(TrainingError, match="'cow' is none of the domains"):
        train([cat], [cow], encoder(), TINY_ADVERSARIAL, tmp_path / "run", 1)
    assert not (tmp_path / "run").exists()


def test_after_the_coarse_steps_the_fresh_level_learns_alone() -> None:
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0, coarse=1), encoder())
    assert "adversarial" in trainer.step(*batch(4))
    last = f"generator.levels.{len(TINY.generator.widths) - 1}."
    # First from reconstructions, while D gets used to the larger pictures; then against D.
    judging = {"anchor", "discriminator"}
    for done, parts in ((1, {"anchor"}), (_GROWTH_STEPS, judging), (1 + _GROWTH_STEPS, judging | {"adversarial"})):
        trainer.done = done
        # At first, the average takes the place of the last coarse step's weights.
        begins_with = trainer.ema if done == 1 else trainer.model
        before = {name: p.clone() for name, p in begins_with.named_parameters()}
        judged = {name: p.clone() for name, p in trainer.discriminator.named_parameters()}
        assert parts <= set(trainer.step(*batch(4)))
        for name, parameter in trainer.model.named_parameters():
            assert torch.equal(parameter, before[name]) != name.startswith(last), name
        learned = any(not torch.equal(p, judged[name]) for name, p in trainer.discriminator.named_parameters())
        assert learned == ("discriminator" in parts)


def test_the_fresh_level_learns_what_the_one_before_draws() -> None:
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0, coarse=1, learning_rate=2e-3), encoder())
    trainer.done = 1
    torch.manual_seed(0)
    pictures = batch(2)
    apart = [float(trainer.step(*pictures)["anchor"]) for _ in range(40)]
    assert apart[-1] < 0.5 * apart[0]
    # When it has learned, the average begins with it.
    trainer.done = _GROWTH_STEPS
    trainer.step(*pictures)
    last = [model.generator.levels[-1].state_dict() for model in (trainer.model, trainer.ema)]
    assert all(torch.equal(tensor, last[1][name]) for name, tensor in last[0].items())


def test_sheets_show_the_last_level_once_it_has_learned() -> None:
    trainer = AdversarialTrainer(replace(TINY_ADVERSARIAL, warm_up=0, coarse=1), encoder())
    source, target, _ = batch(2)
    for done, shows in ((0, False), (1, False), (_GROWTH_STEPS, False), (1 + _GROWTH_STEPS, True)):
        trainer.done = done
        before = trainer.sheet(source, target)
        with torch.no_grad():
            for parameter in trainer.ema.generator.levels[-1].parameters():
                parameter.add_(torch.randn_like(parameter))
        assert (trainer.sheet(source, target) != before) == shows


def test_every_target_has_its_turn_at_the_head_of_a_batch(
    folders: Callable[..., list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L_rec and L_con are taken of a batch's first pictures, and its last styles go to no picture."""
    labels = []

    def step(self: AdversarialTrainer, source: torch.Tensor, target: torch.Tensor, label: torch.Tensor) -> dict:
        labels.append(label)
        self.done += 1
        return {}

    monkeypatch.setattr(AdversarialTrainer, "step", step)
    dog, *targets = folders("dog", "cat", "bird")
    train([dog], targets, encoder(), replace(TINY_ADVERSARIAL, batch=4, coarse=0), tmp_path / "run", 20)
    drawn = torch.stack(labels)
    assert (drawn.sort(dim=1).values == drawn[0].sort().values).all(), "both targets equally often"
    assert all(len(column.unique()) == 2 for column in drawn.T)


def test_pictures_meet_targets_of_other_domains() -> None:
    torch.manual_seed(0)
    names = ["cat"] * 3 + ["dog"] * 3
    order = pairing(names, names, tries=200)
    assert sorted(order.tolist()) == list(range(6))
    assert all(names[i] != name for i, name in zip(order, names, strict=True))
    assert sorted(pairing(["dog"] * 4, ["dog"] * 4).tolist()) == list(range(4))


def test_skips_are_dropped_as_often_as_asked() -> None:
    torch.manual_seed(0)
    coarse, fine = random_strengths(400, (16, 32), 0.25)
    assert coarse.shape == (400, 1, 16, 16)
    assert fine.shape == (400, 1, 32, 32)
    share = fine.mean((1, 2, 3))
    assert (share == 0).float().mean() == pytest.approx(0.25, abs=0.06)
    assert (share == 1).float().mean() == pytest.approx(0.5, abs=0.06)
    assert torch.equal(share == 0, coarse.mean((1, 2, 3)) == 0)
    assert all((strengths == 1).all() for strengths in random_strengths(9, (16,), 0.0))
