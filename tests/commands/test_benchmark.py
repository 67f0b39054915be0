from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpunit import benchmark
from gpunit.benchmark import rendering
from tests.commands.conftest import gpunit
from tests.conftest import TINY


def test_the_command_prints_a_table_and_writes_the_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(rendering.zoo.FAMILIES, "published", TINY)  # no published file is here
    monkeypatch.setattr(rendering.zoo, "MODELS", {})
    path = tmp_path / "figures" / "speed.json"
    options = ("--part", "published", "--device", "cpu", "--precision", "fp32", "--seconds", "1", "--json", path)
    answer = gpunit("benchmark", *options)
    assert answer.code == 0, answer.err
    written = json.loads(path.read_text())
    wanted = {"render_s", "plain_translation_s", "psnr_db", "fp32_render_share_of_peak", "rounds", "reliable"}
    assert wanted <= set(written["published"])
    assert written["published"]["weights"] == "random weights"
    assert written["machine"]["device"] == "cpu"
    assert "plain_translation" in answer.out
    assert [file.name for file in path.parent.iterdir()] == ["speed.json"]


def test_an_unknown_part_is_explained() -> None:
    answer = gpunit("benchmark", "--part", "coffee")
    assert answer.code == 2
    assert "there is no part 'coffee'" in answer.err


def test_parts_that_the_time_does_not_reach_are_left_out_unless_they_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, shares = [0.0], []

    def part(name: str, device: str, precision: str, deadline: float) -> dict[str, object]:
        shares.append((name, deadline - clock[0]))
        clock[0] += 20
        return {}

    monkeypatch.setattr(benchmark, "_measure_part", part)
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: clock[0])
    figures = benchmark.measure(seconds=45)
    assert [name for name, _ in shares] == ["published", "small", "biggan"]
    assert figures["left_out"] == ["startup", "training"]
    assert shares[0] == ("published", 12)  # its own share, and what is left is divided anew
    assert shares[1] == ("small", pytest.approx(25 * 6 / 33))
    shares.clear()
    assert "left_out" not in benchmark.measure(tuple(benchmark.PARTS), seconds=45)
    assert [name for name, _ in shares] == list(benchmark.PARTS)
