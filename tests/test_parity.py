"""The published-size networks give the numbers recorded from the published architecture.

They compute in float64, so that no processor's rounding adds to that of the recorded float32 numbers.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TypeVar

import numpy as np
import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.discriminator import Discriminator, DiscriminatorParams
from gpunit.networks.families import PUBLISHED
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.training.recipes import PAPER_DISTILLATION
from gpunit.training.stage1.distiller import Distiller
from gpunit.zoo import published

Network = TypeVar("Network", bound=torch.nn.Module)
FOLDER = Path(__file__).parent / "parity"
PICTURES, CODES = 2e-3, 1e-4


def load_recipe() -> ModuleType:
    """The script that draws weights and inputs by name."""
    spec = importlib.util.spec_from_file_location("parity_recipe", FOLDER / "recipe.py")
    assert spec is not None
    assert spec.loader is not None
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    return recipe


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "golden.npz") as file:
        return {name: file[name].astype(np.float32) for name in file}


@pytest.fixture(scope="module")
def run() -> SimpleNamespace:
    """Every output that golden.npz records, from this package's networks."""
    recipe = load_recipe()
    layout = recipe.read_layout(FOLDER / "layout.txt")
    states = {name: published.as_tensors(recipe.make_state(tensors)) for name, tensors in layout.items()}
    generator_state, style_state = published.split_style_encoder(states["generator"])

    def fill(network: Network, name: str, state: dict[str, torch.Tensor]) -> Network:
        network.load_state_dict(published.convert(name, state))  # strict
        return network.double().eval()

    encoder = fill(ContentEncoder(PUBLISHED.content_encoder), "content_encoder", states["content_encoder"])
    generator = fill(Generator(PUBLISHED.generator), "generator", generator_state)
    style_encoder = fill(StyleEncoder(PUBLISHED.style_encoder), "style_encoder", style_state)
    sampler = fill(StyleSampler(PUBLISHED.style_sampler), "sampler", states["sampler"])
    distiller = fill(Distiller(PAPER_DISTILLATION, spectral_norm=False), "distiller", states["distiller"])
    discriminator = fill(Discriminator(DiscriminatorParams()), "discriminator", states["discriminator"])
    source = torch.from_numpy(recipe.make_image("content", 256, 2)).double()
    target = torch.from_numpy(recipe.make_image("style", 256, 2)).double()
    with torch.inference_mode():
        content = encoder(source)
        gates = generator.plan_skips(content)
        first_gates = {
            size: dataclasses.replace(gate, mask=gate.mask[:1], selected_feature=gate.selected_feature[:1])
            for size, gate in gates.items()
        }
        first_content = content.content[:1]
        style = style_encoder(target)
        sampled = sampler(torch.from_numpy(recipe.make_latent(3)).double())
        logit, style_4 = discriminator(target, style_layer=4)
        _, style_5 = discriminator(target)
        distilled = distiller.content_encoder(source).content
        appearance = distiller.appearance_encoder(target)
        label = torch.tensor([7, 8])
        return SimpleNamespace(
            content=content,
            gates=gates,
            style=style,
            sampled=sampled,
            exemplar=generator.render(first_content, first_gates, style[:1]),
            no_skip=generator.render(first_content, {}, style[:1]),
            latent=generator.render(first_content, first_gates, sampled[:1]),
            scales=[generator.render(first_content, first_gates, sampled[:1], size=8 << level) for level in range(6)],
            logit=logit,
            style_4=style_4,
            style_5=style_5,
            distilled=distilled,
            appearance=list(appearance.values()),
            stage_1=distiller.decoder(distilled, appearance, label),
            shape=distiller.decoder.shape_head(distilled, label),
            class_logits=distiller.classifier(distilled),
        )


def assert_close(tensor: torch.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(tensor.shape) == expected.shape
    assert np.abs(tensor.numpy() - expected).max() < tolerance


def test_content_and_features(run: SimpleNamespace, golden: dict[str, np.ndarray]) -> None:
    assert_close(run.content.content, golden["content"], CODES)
    assert sorted(run.content.features) == [8, 16, 32, 64, 128]
    for size, feature in run.content.features.items():
        assert_close(feature.mean(dim=(2, 3)), golden[f"f{size}_mean"], CODES)
        assert_close(feature.std(dim=(2, 3)), golden[f"f{size}_std"], CODES)


def test_styles(run: SimpleNamespace, golden: dict[str, np.ndarray]) -> None:
    assert_close(run.style, golden["style"], CODES)
    assert_close(run.sampled, golden["sampled_style"], CODES)


@pytest.mark.parametrize("size", [16, 32])
def test_gates(run: SimpleNamespace, golden: dict[str, np.ndarray], size: int) -> None:
    gate = run.gates[size]
    assert_close(gate.reset.mean(dim=(2, 3)), golden[f"reset{size}_mean_space"], CODES)
    assert_close(gate.hidden.mean(dim=1), golden[f"hidden{size}_mean_channel"], CODES)
    assert_close(gate.selected_feature.mean(dim=1), golden[f"selected{size}_mean_channel"], CODES)
    assert_close(gate.mask.mean(dim=1), golden[f"mask{size}_mean_channel"], CODES)
    assert_close(gate.mask.mean(dim=(2, 3)), golden[f"mask{size}_mean_space"], CODES)
    assert_close(gate.mask[:, :4], golden[f"mask{size}_first4"], CODES)


@pytest.mark.parametrize("name", ["exemplar", "no_skip", "latent"])
def test_pictures(run: SimpleNamespace, golden: dict[str, np.ndarray], name: str) -> None:
    assert_close(getattr(run, name), golden[name], PICTURES)


def test_every_scale(run: SimpleNamespace, golden: dict[str, np.ndarray]) -> None:
    for level in range(5):
        assert_close(run.scales[level], golden[f"scale{level}"], CODES)
    assert_close(run.scales[5], golden["latent"], PICTURES)


def test_discriminator(run: SimpleNamespace, golden: dict[str, np.ndarray]) -> None:
    assert_close(run.logit, golden["discriminator_logit"], CODES)
    assert_close(run.style_4, golden["discriminator_style4"], CODES)
    assert_close(run.style_5, golden["discriminator_style5"], CODES)


def test_stage_1(run: SimpleNamespace, golden: dict[str, np.ndarray]) -> None:
    assert_close(run.distilled, golden["distiller_content"], CODES)
    for level in (0, 5):
        mean, deviation = run.appearance[level]
        assert_close(mean, golden[f"distiller_style{level}_mean"], CODES)
        assert_close(deviation, golden[f"distiller_style{level}_std"], CODES)
    assert_close(run.stage_1[:1], golden["distiller_reconstruction"], PICTURES)
    assert_close(run.shape, golden["distiller_shape"], CODES)
    assert_close(run.class_logits, golden["distiller_class_logits"], CODES)
