from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit import zoo
from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.prior.loading import load_prior
from gpunit.training.bundle import bundle_content_encoder, bundle_prior
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.prior.trainer import train_prior
from gpunit.training.run import RunSettings
from gpunit.training.stage1.distiller import Distiller
from gpunit.training.stage1.trainer import DistillationData, distill
from gpunit.zoo import weights
from tests.conftest import TINY, TINY_DISTILLATION, TINY_PRIOR


def test_a_bundled_content_encoder_loads_and_predicts_the_same_shapes(
    pairs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DistillationData(*pairs, *pairs, ("cat", "dog"))
    distill(data, TINY_DISTILLATION, RunSettings(tmp_path / "run", 2))
    path = tmp_path / "content.safetensors"
    shape_path = bundle_content_encoder(tmp_path / "run", TINY_DISTILLATION, ("cat", "dog"), path)
    assert zoo.shape_classes(path) == ("cat", "dog")
    networks = Distiller(TINY_DISTILLATION)
    networks.load_state_dict(load_checkpoint(tmp_path / "run" / "checkpoint.pt")["networks"])
    networks.eval()
    tensors, _ = weights.read_weights(path)
    encoder = weights.fill(ContentEncoder(TINY.content_encoder), tensors, path)
    more_classes = dataclasses.replace(TINY_DISTILLATION.distiller, domains=4)
    monkeypatch.setitem(zoo.DISTILLERS, "small", more_classes)
    head = zoo.load_shape_head(path, "small")
    assert weights.read_header(shape_path)["content_encoder_sha256"] == digest(path)
    picture, label = torch.rand(2, 3, 64, 64), torch.tensor([0, 1])
    with torch.inference_mode():
        content = networks.content_encoder(picture).content
        assert torch.allclose(encoder(picture).content, content, atol=1e-5)
        shape = networks.decoder.shape_head(content, label)
        assert torch.allclose(head(content, label), shape, atol=5e-3)  # stored as fp16


def test_a_bundled_prior_loads_with_its_classes(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    train_prior(folders("cat", "dog"), TINY_PRIOR, RunSettings(tmp_path / "run", 1))
    bundle_prior(tmp_path / "run", TINY_PRIOR, ["cat", "dog"], tmp_path / "prior", codes=8)
    prior = load_prior(tmp_path / "prior", "cpu")
    assert prior.class_names == ("cat", "dog")
    assert prior.can_invert
    rendered = prior.render(prior.latents(4, 0), [0, 1, 0, 1])
    assert rendered.shape == (4, 3, 64, 64)
    assert torch.isfinite(rendered).all()
    assert rendered.abs().max() <= 1
