from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.training.checkpoints import TrainingError, save_checkpoint
from gpunit.training.recipes import SMALL_FINISH
from gpunit.training.stage2.small import SmallTrainer
from tests.conftest import TINY, TINY_SMALL
from tests.training.stage2.test_trainer import batch, encoder

TINY_FINISH = replace(SMALL_FINISH, translator=TINY, batch=2, reconstructed=1, turned_copies=1)


@pytest.mark.parametrize("count", [1, 2])
def test_every_parameter_learns_and_the_content_encoder_does_not(count: int) -> None:
    recipe = replace(TINY_SMALL, warm_up=0, coarse=0, backbones=tuple(BACKBONES)[:count])
    trainer = SmallTrainer(recipe, encoder())
    before = {name: p.clone() for name, p in trainer.content_encoder.state_dict().items()}
    torch.manual_seed(0)
    trainer.step(*batch())
    last_head = f"generator.levels.{len(TINY.generator.widths) - 1}.to_rgb"
    for name, parameter in trainer.model.named_parameters():
        if "to_rgb" in name and not name.startswith(last_head):
            continue  # the lower levels' heads render previews and are not trained
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    for name, parameter in trainer.discriminator.named_parameters():
        if "to_logit.bias" in name:
            continue  # while no logit is past the hinge, real and fake pull it equally hard both ways
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    for name, parameter in trainer.content_encoder.state_dict().items():
        assert torch.equal(parameter, before[name])


def test_a_second_backbone_joins_a_run_that_had_one(tmp_path: Path) -> None:
    former = SmallTrainer(replace(TINY_SMALL, warm_up=0, coarse=0), encoder())
    torch.manual_seed(0)
    former.step(*batch())
    save_checkpoint(tmp_path / "checkpoint.pt", former.state())
    trainer = SmallTrainer(TINY_FINISH, encoder(), seed=9)
    untrained = {name: t.clone() for name, t in trainer.discriminator.state_dict().items()}
    trainer.start_from(tmp_path)
    learned = former.discriminator.state_dict()
    for name, tensor in trainer.discriminator.state_dict().items():
        assert torch.equal(tensor, learned.get(name, untrained[name])), name
    assert 0 < len(learned) < len(untrained)
    assert "adversarial" in trainer.step(*batch())
    save_checkpoint(tmp_path / "checkpoint.pt", trainer.state())
    with pytest.raises(TrainingError, match="not the folder of a run"):  # a D with fewer backbones would be another D
        former.start_from(tmp_path)
    unnamed = {name.split(".", 2)[2]: t for name, t in former.discriminator.state_dict().items()}
    save_checkpoint(tmp_path / "checkpoint.pt", former.state() | {"discriminator": unnamed})
    with pytest.raises(TrainingError, match="not the folder of a run"):
        trainer.start_from(tmp_path)
