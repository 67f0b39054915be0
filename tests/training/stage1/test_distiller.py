from __future__ import annotations

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from gpunit.networks.normalisation import instance_norm
from gpunit.training.stage1.distiller import Distiller
from tests.conftest import TINY_DISTILLATION


def test_layout_is_told_where_content_tells_it() -> None:
    torch.manual_seed(0)
    networks = Distiller(TINY_DISTILLATION)
    shallow = torch.randn(2, 8, 16, 16)
    assert networks.layout_heads is not None
    heads = networks.layout_heads
    with torch.no_grad():
        answers = {int(s): head(F.adaptive_avg_pool2d(shallow, 128 // int(s))) for s, head in heads.items()}
        right = float(networks.layout_loss(shallow, {s: instance_norm(f) for s, f in answers.items()}))
        other = float(networks.layout_loss(shallow, {s: torch.randn_like(f) for s, f in answers.items()}))
        # How strong a feature is in the picture makes no difference, nor does its mean.
        wanted = {s: torch.randn_like(f) for s, f in answers.items()}
        stronger = {s: 3 * f + 1 for s, f in wanted.items()}
        assert networks.layout_loss(shallow, wanted) == pytest.approx(
            float(networks.layout_loss(shallow, stronger)), rel=1e-3
        )
    assert right < other


def test_the_last_contents_of_every_domain_are_remembered() -> None:
    networks = Distiller(dataclasses.replace(TINY_DISTILLATION, remembered=3))
    places = TINY_DISTILLATION.content_encoder.content_size
    contents = torch.arange(5.0)[:, None, None, None].expand(-1, 1, places, places) + 1
    networks.remember(contents, torch.tensor([0, 1, 0, 0, 0]))
    networks.remember(contents[:1] + 9, torch.tensor([1]))
    assert networks.remembered is not None
    assert networks.remembered[0, :, 0].tolist()[:3] == [1, 3, 4]
    assert networks.remembered[1, :, 0].tolist() == [10, 2, 0]
