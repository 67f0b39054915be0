"""prior activations, prior units, prior switch and prior invert, on a tiny BigGAN and the bundled prior."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior.loading import save_biggan
from tests.commands.conftest import gpunit

CELL, HEADER, GAP = 128, 22, 4


@pytest.fixture
def tiny(tiny_biggan: BigGAN, tmp_path: Path) -> tuple[str, ...]:
    save_biggan(tiny_biggan, ["cat", "dog"], tmp_path / "tiny")
    return "--prior", str(tmp_path / "tiny"), "--classes", "cat,dog"


def test_activations_stand_below_their_pictures(tiny: tuple[str, ...], tmp_path: Path) -> None:
    output = tmp_path / "heat.png"
    answer = gpunit("prior", "activations", *tiny, "--layer", "2", "--unit", "1", "--rows", "3", "--output", output)
    assert answer.code == 0, answer.err
    assert Image.open(output).size == (2 * (CELL + GAP) + GAP, HEADER + GAP + 6 * (CELL + GAP))
    again = gpunit("prior", "activations", *tiny, "--output", output)
    assert again.code == 2
    assert "another --output" in again.err


def test_ranked_units_are_printed_the_best_first(tiny: tuple[str, ...]) -> None:
    answer = gpunit("prior", "units", *tiny, "--layer", "1", "--count", "3")
    assert answer.code == 0, answer.err
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert len(lines) == 3
    overlaps = [line["overlap"] for line in lines]
    assert overlaps == sorted(overlaps, reverse=True)
    assert all(0 <= line["overlap"] <= 1 and 0 < line["chance"] < 1 for line in lines)


def test_units_are_switched_in_their_region(tiny: tuple[str, ...], tmp_path: Path) -> None:
    output = tmp_path / "switched.png"
    units = ",".join(map(str, range(16)))
    options = ("--layer", "5", "--level", "on", "--region", "0,0,0.25,0.25", "--output", output)
    answer = gpunit("prior", "switch", units, *tiny, *options)
    assert answer.code == 0, answer.err
    sheet = np.asarray(Image.open(output), dtype=int)
    before, after = (sheet[HEADER + GAP + line * (CELL + GAP) :][:CELL, GAP : GAP + CELL] for line in range(2))
    apart = np.abs(after - before).mean(2)
    assert apart[:32, :32].mean() > 4 * apart[80:, 80:].mean() + 0.01


def test_a_picture_is_inverted_and_what_was_found_is_said(tiny: tuple[str, ...], tmp_path: Path) -> None:
    Image.effect_noise((90, 70), 60).convert("RGB").save(tmp_path / "photo.png")
    options = ("--steps", "3", "--no-encoder", "--truncation", "0.5", "--output", tmp_path / "found.png")
    answer = gpunit("prior", "invert", tmp_path / "photo.png", *tiny, *options)
    assert answer.code == 0, answer.err
    assert "feature distance" in answer.out
    assert Image.open(tmp_path / "found.png").width == 4 * (CELL + GAP) + GAP
