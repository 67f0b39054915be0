"""The benchmark compares like with like; how long things take is not tested."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from gpunit.__main__ import main
from gpunit.benchmark import figures as benchmark
from gpunit.benchmark.figures import PlainTranslator, random_networks, translation_figures
from gpunit.networks.normalisation import fold_spectral_norm
from tests.conftest import TINY, TINY_PAPER

CPU = torch.device("cpu")


def test_plain_computation_is_the_networks_own() -> None:
    networks = random_networks(TINY)
    plain = PlainTranslator(networks.content_encoder, networks.generator)
    networks.content_encoder.load_state_dict(plain.content_weights())
    picture, style = torch.rand(1, 3, 64, 64) * 2 - 1, torch.rand(1, 8)
    with torch.inference_mode():
        content = networks.content_encoder(picture)
        gates = networks.generator.plan_skips(content)
        heads = plain(picture, style)
        for size, head in zip(TINY.generator.sizes, heads, strict=True):
            expected = networks.generator.render(content.content, gates, style, size=size)
            torch.testing.assert_close(head, expected, atol=1e-5, rtol=0)


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
def test_both_sides_of_a_comparison_draw_the_same(precision: str, least: float) -> None:
    figures = translation_figures(random_networks(TINY), "cpu", precision, rounds=1)
    assert figures["psnr_db"] > least
    assert figures["fp32_render_psnr_db"] > 80
    assert figures["render_to_plain"] == pytest.approx(figures["render_s"] / figures["plain_translation_s"])
    assert all(value > 0 for name, value in figures.items() if name.endswith("_s"))


def test_works_run_in_turns_after_a_warm_up() -> None:
    order: list[str] = []
    seconds = benchmark.in_turns({name: lambda name=name: order.append(name) for name in "ab"}, CPU, rounds=3)
    assert order == ["a", "b"] * 4
    assert set(seconds) == {"a", "b"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["gpunit", "benchmark", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_the_command_prints_a_table_and_writes_the_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(benchmark.zoo.FAMILIES, "published", TINY)  # no published file is here
    monkeypatch.setattr(benchmark.zoo, "MODELS", {})
    path = tmp_path / "figures" / "speed.json"
    options = ("--part", "published", "--device", "cpu", "--precision", "fp32", "--json", path)
    assert run(monkeypatch, *options) == 0
    written = json.loads(path.read_text())
    wanted = {"render_s", "plain_translation_s", "psnr_db", "fp32_render_share_of_peak"}
    assert wanted <= set(written["published"])
    assert written["published"]["weights"] == "random weights"
    assert written["machine"]["device"] == "cpu"
    shown = capsys.readouterr().out
    assert "plain_translation" in shown
    assert [file.name for file in path.parent.iterdir()] == ["speed.json"]


def test_an_unknown_part_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--part", "coffee") == 2
    assert "there is no part 'coffee'" in capsys.readouterr().err


def test_published_training_takes_the_steps_it_speaks_of() -> None:
    figures = benchmark.published_training_figures(TINY_PAPER, steps=3)
    assert figures["published_steps"] == 3
    assert figures["published_batch"] == TINY_PAPER.batch
    assert 0 < figures["published_step_s"] <= figures["published_penalised_step_s"] < figures["published_steps_s"]
