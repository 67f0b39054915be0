from __future__ import annotations

import torch

from gpunit.networks.frozen.efficientnet import BACKBONES
from gpunit.networks.projected_discriminator import (
    DiscriminatorEnsemble,
    ProjectedDiscriminator,
    ProjectedDiscriminatorParams,
)


def test_an_ensemble_says_what_its_discriminators_say() -> None:
    torch.manual_seed(0)
    pictures, label = torch.rand(2, 3, 64, 64) * 2 - 1, torch.tensor([0, 1])
    params = ProjectedDiscriminatorParams(mixed_width=8, head_width=8, classes=2, pixel_width=8)
    ensemble = DiscriminatorEnsemble(params, BACKBONES)
    seen = {name: {1: pictures, **backbone()(pictures)} for name, backbone in BACKBONES.items()}
    judgement = ensemble(seen, label)
    alone = [judge(seen[name], label) for name, judge in ensemble.judges.items()]
    assert len(alone) == 2
    for said, expected in (
        (judgement.logits, alone[0].logits + alone[1].logits),
        (judgement.styles, alone[0].styles + alone[1].styles),
    ):
        assert all(torch.equal(a, b) for a, b in zip(said, expected, strict=True))
    first = ProjectedDiscriminator(params)
    assert ensemble.judges["efficientnet-lite0"].state_dict().keys() == first.state_dict().keys()
    assert len(alone[0].logits) == len(alone[1].logits) + 1  # the pixels are judged once
