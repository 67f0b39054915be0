"""What the tests share: tiny networks and recipes, synthetic pictures, and folders of them.

Only fixtures import libraries that not every machine has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio
import numpy as np
import pytest
import torch
from PIL import Image

from gpunit.engine.translator import Translator, TranslatorNetworks
from gpunit.networks.code_encoder import CodeEncoderParams
from gpunit.networks.content_encoder import ContentEncoder, ContentEncoderParams
from gpunit.networks.discriminator import DiscriminatorParams
from gpunit.networks.families import SMALL, SMALL_DISTILLER, TranslatorParams
from gpunit.networks.generator import Generator, GeneratorParams
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams
from gpunit.networks.style_encoder import StyleEncoder, StyleEncoderParams
from gpunit.networks.style_sampler import StyleSampler, StyleSamplerParams
from gpunit.training.recipes import DistillationRecipe, PaperRecipe, PriorRecipe, SmallRecipe

if TYPE_CHECKING:
    from pytorch_pretrained_biggan import BigGAN

Result = TypeVar("Result")

TINY = TranslatorParams(
    content_encoder=ContentEncoderParams(resolution=64, widths=(4, 8, 8, 8)),
    generator=GeneratorParams(widths=(8, 8, 8, 4), style_dim=8, encoder_widths=((16, 8), (32, 8))),
    style_encoder=StyleEncoderParams(widths=(4, 8, 8), bottleneck=8, style_dim=8),
    style_sampler=StyleSamplerParams(latent_dim=8, hidden_dim=8, style_dim=8),
)
TINY_DISTILLATION = DistillationRecipe(
    content_encoder=TINY.content_encoder,
    distiller=dataclasses.replace(
        SMALL_DISTILLER,
        resolution=64,
        domains=2,
        shape_width=8,
        appearance_widths=(8,),
        decoder_widths=(8,),
    ),
    pairs=2,
    real=2,
    remembered=4,
    warm_up=1,
)
TINY_PRIOR = PriorRecipe(
    resolution=64,
    classes=2,
    latent_dim=8,
    width=4,
    encoder=CodeEncoderParams(latent_dim=8, resolution=16, widths=(4, 8)),
    discriminator=ProjectedDiscriminatorParams(mixed_width=8, head_width=8, classes=2),
    batch=2,
    crossed=1,
    sampled=1,
)
TINY_SMALL = SmallRecipe(translator=TINY, batch=2, reconstructed=1, turned_copies=1, warm_up=1, coarse=2)

TINY_PAPER = PaperRecipe(
    translator=TINY,
    discriminator=DiscriminatorParams(widths=(4, 8, 8, 8, 8), style_layer=3),
    batch=4,
    perceptual_net="efficientnet-lite0",
    penalty_every=2,
)


def build(params: TranslatorParams, device: str = "cpu", precision: str = "fp32") -> Translator:
    """A translator with seeded random weights."""
    torch.manual_seed(0)
    networks = TranslatorNetworks(
        ContentEncoder(params.content_encoder),
        Generator(params.generator),
        StyleEncoder(params.style_encoder),
        StyleSampler(params.style_sampler),
    )
    bank = torch.rand(16, params.style_encoder.style_dim)
    return Translator(networks, bank, device, precision)


@pytest.fixture
def tiny() -> Translator:
    return build(TINY)


@pytest.fixture(scope="session")
def small() -> Translator:
    return build(SMALL)


def blobs(seed: int, width: int = 96, height: int = 96) -> Image.Image:
    """A smooth picture of a few coloured blobs."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def picture() -> Image.Image:
    return blobs(1)


@pytest.fixture
def folders(tmp_path: Path) -> Callable[..., list[Path]]:
    """Make folders of synthetic pictures, by name."""

    def make(*names: str, count: int = 6) -> list[Path]:
        made = []
        for number, name in enumerate(names):
            folder = tmp_path / "data" / name
            folder.mkdir(parents=True)
            for index in range(count):
                blobs(100 * number + index).save(folder / f"{index:05d}.png")
            made.append(folder)
        return made

    return make


@pytest.fixture(scope="session")
def tiny_biggan() -> BigGAN:
    """A tiny BigGAN with random weights, settled spectral norms and measured statistics."""
    from gpunit.training.prior.base import make_biggan
    from gpunit.training.prior.statistics import batch_statistics, measure_standing_statistics

    torch.manual_seed(0)
    model = make_biggan(TINY_PRIOR).train()
    with torch.no_grad(), batch_statistics(model):
        for _ in range(5):  # spectral norm's estimates need a few passes
            model(torch.randn(4, TINY_PRIOR.latent_dim), torch.eye(2).repeat(2, 1), 1.0)
    measure_standing_statistics(model, codes=8, seed=4)
    return model


@pytest.fixture
def pairs(folders: Callable[..., list[Path]], tmp_path: Path) -> tuple[Path, Path]:
    """Folders of pictures of two classes that share their names, and of their maps."""
    made = folders("cat", "dog")
    for folder in made:
        for path in folder.iterdir():
            shape = tmp_path / "maps" / folder.name / path.name
            shape.parent.mkdir(parents=True, exist_ok=True)
            Image.open(path).convert("L").point(lambda v: 255 * (v > 127)).save(shape)
    return made[0].parent, tmp_path / "maps"


def awaited(call: Callable[[], Awaitable[Result]]) -> Result:
    """What a coroutine function returns, in a thread: where a browser's tests ran before, this one has a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, call).result()
