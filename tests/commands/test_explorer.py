from __future__ import annotations

import json
from pathlib import Path

import imageio.v3 as imageio
import pytest
from PIL import Image

from tests.commands.conftest import gpunit


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUNIT_CACHE", str(tmp_path / "cache"))


def test_axes_and_a_film_are_rendered(tmp_path: Path) -> None:
    answer = gpunit("prior", "axes", "--classes", "cat", "--count", "2", "--output", tmp_path / "axes.png")
    assert answer.code == 0, answer.err
    assert "axis 2" in answer.out
    assert Image.open(tmp_path / "axes.png").height == 2 * 132 + 26
    options = ("--way", "axis", "--move", "1:1.5", "--frames", "4", "--classes", "cat,cat:0.5+dog:0.5")
    answer = gpunit("prior", "film", *options, "--output", tmp_path / "film.gif")
    assert answer.code == 0, answer.err
    assert len(imageio.imread(tmp_path / "film.gif", index=None)) == 4


def test_a_match_is_printed() -> None:
    answer = gpunit("prior", "match", "--place", "0.5,0.25", "--classes", "cat,dog")
    own, other = (json.loads(line) for line in answer.out.splitlines())
    assert (own["across"], own["down"], own["best"]) == (0.5, 0.25, 1.0)
    assert other["best"] >= other["second"]


def test_axes_are_judged(tmp_path: Path) -> None:
    options = ("--classes", "cat", "--count", "1", "--judged", "2", "--output", tmp_path / "axes.png")
    answer = gpunit("prior", "axes", *options)
    assert answer.code == 0, answer.err
    assert "still finds the class in" in answer.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--output"),
        (("film", "--output", "film.avi"), "a .gif or an .mp4"),
        (("match", "--place", "2,3"), "from 0 to 1"),
        (("match", "--place", "0.1,0.6,0.9,0.5"), "from 0 to 1"),
        (("switch", "3", "--region", "0.1,0.6", "--output", "a.png"), "--region takes four numbers"),
        (("switch", "3,a", "--output", "a.png"), "with commas"),
        (("switch", "3", "--level", "up", "--output", "a.png"), "off or on"),
        (("units", "--layer", "10"), "0 to 9"),
    ],
)
def test_what_cannot_be_met_is_one_sentence(options: tuple[str, ...], words: str) -> None:
    answer = gpunit("prior", *options)
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
