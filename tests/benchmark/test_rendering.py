"""The benchmark compares like with like; how long things take is not tested."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gpunit.benchmark import machine
from gpunit.benchmark.machine import MATRIX
from gpunit.benchmark.rendering import PlainTranslator, random_networks, render_gigaflop, translation_figures
from gpunit.networks.normalisation import fold_spectral_norm
from tests.conftest import TINY


def test_plain_computation_is_the_networks_own() -> None:
    networks = random_networks(TINY)
    plain = PlainTranslator(networks.content_encoder, networks.generator).double()
    encoder, generator = networks.content_encoder.double(), networks.generator.double()
    encoder.load_state_dict(plain.content_weights())
    picture, style = torch.rand(1, 3, 64, 64).double() * 2 - 1, torch.rand(1, 8).double()
    with torch.inference_mode():
        content = encoder(picture)
        gates = generator.plan_skips(content)
        for size, head in zip(TINY.generator.sizes, plain(picture, style), strict=True):
            torch.testing.assert_close(head, generator.render(content.content, gates, style, size=size))


def test_plain_computation_keeps_spectral_norm() -> None:
    networks = random_networks(TINY)
    plain = PlainTranslator(networks.content_encoder, networks.generator)
    parametrised = len(list(plain.content_encoder.parameters()))
    weights = plain.content_weights()
    fold_spectral_norm(plain.content_encoder)
    assert len(list(plain.content_encoder.parameters())) == parametrised == len(weights)
    for name, tensor in plain.content_encoder.state_dict().items():
        torch.testing.assert_close(tensor, weights[name])


@pytest.mark.parametrize(("precision", "least"), [("fp32", 80), ("bf16", 30)])
def test_both_sides_of_a_comparison_render_the_same(
    monkeypatch: pytest.MonkeyPatch, precision: str, least: float
) -> None:
    monkeypatch.setattr(machine, "MATRIX", 64)  # in bf16, a large product takes minutes where bf16 is emulated
    figures = translation_figures(random_networks(TINY), "cpu", precision)
    assert figures["psnr_db"] > least
    assert figures["fp32_render_psnr_db"] > 80


def test_a_renders_operations_are_those_that_it_performs() -> None:
    generator = random_networks(TINY).generator
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        generator.render(torch.rand(1, 1, 8, 8), {}, torch.rand(1, 8))
    assert render_gigaflop(generator) == counter.get_total_flops() / 1e9


def test_the_peak_is_that_of_a_product_of_the_size_it_speaks_of() -> None:
    matrix = torch.empty(MATRIX, MATRIX, device="meta")
    with FlopCounterMode(display=False) as counter:
        matrix @ matrix
    assert counter.get_total_flops() == 2 * MATRIX**3
