from __future__ import annotations

import errno
import io
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from gpunit.commands import evaluation
from gpunit.commands.shared import UsageError
from tests.commands.conftest import gpunit


def test_evaluate_measures_a_translator(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, cat, train = folders("dog", "cat", "train")
    output = tmp_path / "figures.json"
    places = ("--sources", dog, "--target-test", cat, "--target-train", train)
    options = ("--model", "to-cat", "--limit", "3", "--styles", "2", "--pairs", "2", "--output", output)
    answer = gpunit("evaluate", *places, *options)
    assert answer.code == 0, answer.err
    assert "gap closed" in answer.out
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
        "translated_error",
        "floor_error",
        "alike_error",
        "follows_flip",
        "follows_shift",
        "follows_zoom",
        "open_16",
        "zeros",
        "gate_swap",
    } <= row.keys()
    answer = gpunit("evaluate", "--model", "to-cat", *places, "--output", output)
    assert answer.code == 2
    assert "exists already" in answer.err


def test_a_folder_of_one_picture_is_refused_with_a_sentence(folders: Callable[..., list[Path]]) -> None:
    dog, cat, train = folders("dog", "cat", "train", count=2)
    next(dog.iterdir()).unlink()
    places = ("--sources", dog, "--target-test", cat, "--target-train", train)
    answer = gpunit("evaluate", "--model", "to-cat", *places, "--styles", "2", "--pairs", "2")
    assert answer.code == 2
    assert "holds one picture" in answer.err
    assert "Traceback" not in answer.err


class Sinking(io.StringIO):
    """A console that breaks as soon as anything is printed."""

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "the console is gone")


def test_figures_are_kept_where_printing_them_fails(
    folders: Callable[..., list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders_given = folders("狗", "cat", "train", count=2)
    output = tmp_path / "figures.json"
    figures = {"gap_closed": math.nan, "net": "vgg16"}
    monkeypatch.setattr(evaluation, "_offline", lambda *_: lambda pictures, report: [figures])
    monkeypatch.setattr(sys, "stdout", Sinking())
    places = dict(zip(("sources", "target_test", "target_train"), folders_given, strict=True))
    with pytest.raises(OSError, match="console is gone"):
        evaluation.evaluate("to-cat", [places["sources"]], places["target_train"], places["target_test"], output=output)
    assert json.loads(output.read_text())["rows"] == [{"source": "狗", "gap_closed": None, "net": "vgg16"}]


def test_a_figure_that_cannot_be_measured_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    evaluation._print_table("to-cat", [{"source": "dog", "net": "vgg16", "gap_closed": math.nan, "diversity": 0.5}])
    said = capsys.readouterr()
    assert "nan" not in said.out
    assert "0.500" in said.out
    assert "all alike" in said.err


def test_a_class_of_one_picture_is_refused_before_a_prior_is_measured(
    folders: Callable[..., list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cats, dogs = folders("cat", "dog", count=2)
    next(dogs.iterdir()).unlink()
    monkeypatch.setattr(evaluation, "load_with_bar", lambda *_: SimpleNamespace(labels=list))
    with pytest.raises(UsageError, match="dog holds one picture"):
        evaluation.evaluate_prior(cats.parent, cats.parent, classes="cat,dog")
