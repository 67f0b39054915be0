"""Runs that an earlier version began go on in this one; fixtures/README.md tells how their files were made."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gpunit.networks.code_encoder import CodeEncoderParams
from gpunit.networks.content_encoder import ContentEncoder, ContentEncoderParams
from gpunit.networks.discriminator import DiscriminatorParams
from gpunit.networks.families import SMALL_DISTILLER, TranslatorParams
from gpunit.networks.generator import GeneratorParams
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams
from gpunit.networks.style_encoder import StyleEncoderParams
from gpunit.networks.style_sampler import StyleSamplerParams
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.prior.trainer import train_prior
from gpunit.training.recipes import DistillationRecipe, PaperRecipe, PriorRecipe, SmallRecipe
from gpunit.training.run import RunSettings
from gpunit.training.stage1.trainer import DistillationData, distill
from gpunit.training.stage2 import paper, small

FIXTURES = Path(__file__).parent / "fixtures"
CONTENT = ContentEncoderParams(resolution=64, widths=(2, 4, 4, 4))
SHAPES = TranslatorParams(
    content_encoder=CONTENT,
    generator=GeneratorParams(widths=(4, 4, 4, 2), style_dim=4, encoder_widths=((16, 4), (32, 4))),
    style_encoder=StyleEncoderParams(widths=(2, 4, 4), bottleneck=4, style_dim=4),
    style_sampler=StyleSamplerParams(latent_dim=4, hidden_dim=4, style_dim=4),
)
JUDGE = ProjectedDiscriminatorParams(mixed_width=2, head_width=2, classes=2)
PRIOR = PriorRecipe(
    resolution=64,
    classes=2,
    latent_dim=2,
    width=3,
    batch=2,
    crossed=1,
    sampled=1,
    discriminator=JUDGE,
    encoder=CodeEncoderParams(latent_dim=2, resolution=16, widths=(2, 4)),
)
STAGE_ONE = DistillationRecipe(
    content_encoder=CONTENT,
    distiller=replace(
        SMALL_DISTILLER,
        resolution=64,
        domains=2,
        label_dim=4,
        shape_width=4,
        appearance_widths=(4,),
        decoder_widths=(4,),
        classifier_widths=(4, 4),
    ),
    pairs=2,
    real=2,
    remembered=4,
    warm_up=1,
)
SMALL = SmallRecipe(
    translator=SHAPES,
    discriminator=replace(JUDGE, pixel_width=2),
    batch=2,
    reconstructed=1,
    turned_copies=1,
    warm_up=1,
    coarse=4,
    domains=("cat", "dog"),
)
PAPER = PaperRecipe(
    translator=SHAPES,
    batch=2,
    perceptual_net="efficientnet-lite0",
    penalty_every=2,
    discriminator=DiscriminatorParams(widths=(2, 4, 4, 4, 4), style_layer=3),
)


@pytest.fixture
def data(tmp_path: Path) -> DistillationData:
    """The pictures that the runs were begun with."""
    for number, domain in enumerate(("cat", "dog")):
        for index in range(4):
            coarse = np.random.default_rng(100 * number + index).integers(0, 256, (5, 5, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((72, 72), Image.Resampling.BICUBIC)
            shape = picture.convert("L").point(lambda v: 255 * (v > 127))
            for kind, shown in (("data", picture), ("maps", shape)):
                path = tmp_path / kind / domain / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                shown.save(path)
    places = (tmp_path / "data", tmp_path / "maps")
    return DistillationData(*places, *places, ("cat", "dog"))


def run(kind: str, data: DistillationData, settings: RunSettings) -> Path:
    cat, dog = data.real / "cat", data.real / "dog"
    torch.manual_seed(1)
    encoder = ContentEncoder(CONTENT)
    stages: dict[str, Callable[[], Path]] = {
        "prior": lambda: train_prior([cat, dog], PRIOR, settings),
        "stage1": lambda: distill(data, STAGE_ONE, settings),
        "small": lambda: small.train([dog], [cat], encoder, SMALL, settings),
        "paper": lambda: paper.train([dog], [cat], encoder, PAPER, settings),
    }
    return stages[kind]()


@pytest.mark.parametrize("kind", ["prior", "stage1", "small", "paper"])
def test_a_run_goes_on_as_it_would_have(
    kind: str, data: DistillationData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpunit.training.trainer.computes_bf16", lambda device: False)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "checkpoint.pt").write_bytes(gzip.decompress((FIXTURES / f"{kind}.pt.gz").read_bytes()))
    lines: list[dict[str, float]] = []
    path = run(kind, data, RunSettings(folder, 3, seed=3, save_every=1, report=lines.append))
    assert load_checkpoint(path)["step"] == 3
    expected = json.loads((FIXTURES / "next_step.json").read_text())[kind]
    (line,) = lines
    # Far more than rounding, far less than one step changes.
    assert {name: line[name] for name in expected} == pytest.approx(expected, rel=2e-3, abs=2e-4)
