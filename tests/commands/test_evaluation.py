from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.commands.test_translation import gpunit


def test_evaluate_measures_a_translator(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, cat, train = folders("dog", "cat", "train")
    output = tmp_path / "figures.json"
    places = ("--sources", dog, "--target-test", cat, "--target-train", train)
    options = ("--model", "to-cat", "--limit", "3", "--styles", "2", "--pairs", "2", "--output", output)
    answer = gpunit("evaluate", *places, *options)
    assert answer.returncode == 0, answer.stderr
    assert "gap closed" in answer.stdout
    (row,) = json.loads(output.read_text())["rows"]
    assert (row["source"], row["net"]) == ("dog", "efficientnet-lite0")
    assert {
        "floor",
        "gap_closed",
        "diversity",
        "content_kept",
        "structure_kept",
        "own_exemplar",
        "alike",
        "alike_kept",
    } <= row.keys()
    answer = gpunit("evaluate", "--model", "to-cat", *places, "--output", output)
    assert answer.returncode == 2
    assert "exists already" in answer.stderr


def test_a_folder_of_one_picture_is_refused_with_a_sentence(folders: Callable[..., list[Path]]) -> None:
    dog, cat, train = folders("dog", "cat", "train", count=2)
    next(dog.iterdir()).unlink()
    places = ("--sources", dog, "--target-test", cat, "--target-train", train)
    answer = gpunit("evaluate", "--model", "to-cat", *places, "--styles", "2", "--pairs", "2")
    assert answer.returncode == 2
    assert "holds one picture" in answer.stderr
    assert "Traceback" not in answer.stderr
