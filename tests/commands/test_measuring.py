from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.commands.conftest import gpunit


def test_agreement_is_a_picture_and_numbers(tmp_path: Path) -> None:
    output, figures = tmp_path / "matrix.png", tmp_path / "matrix.json"
    answer = gpunit("prior", "agreement", "--codes", "2", "--output", output, "--figures", figures)
    assert answer.code == 0, answer.err
    assert "contents of one code across classes" in answer.out
    assert Image.open(output).width > Image.open(output).height
    written = json.loads(figures.read_text())
    assert sorted(name for group in written["groups"] for name in group) == ["bird", "car", "cat", "dog", "face"]
    assert [row[index] for index, row in enumerate(written["content"])] == [0] * 5
    again = gpunit("prior", "agreement", "--codes", "2", "--output", output)
    assert again.code == 2
    assert "exists already" in again.err


def test_correspondence_is_a_table_and_numbers(tmp_path: Path) -> None:
    output = tmp_path / "layers.json"
    answer = gpunit("prior", "correspondence", "--codes", "2", "--classes", "cat,dog", "--output", output)
    assert answer.code == 0, answer.err
    assert "points above" in answer.out
    rows = json.loads(output.read_text())["layers"]
    assert [row["number"] for row in rows] == list(range(10))
    assert all(row["points"] == pytest.approx(100 * (row["matched"] - row["same"])) for row in rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("agreement", "--classes", "cat", "--output", "none.png"), "two classes at least"),
        (("correspondence", "--classes", "cat"), "two at least"),
        (("correspondence", "--classes", "cat,cow"), "no class 'cow'"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    answer = gpunit("prior", *(str(tmp_path / each) if each == "none.png" else each for each in options))
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
