"""Pictures say how they were made, and `translate --like` makes them again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpunit.engine import provenance
from tests.commands.conftest import gpunit
from tests.conftest import blobs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo, and what was made of it: two sampled styles, and an exemplar's."""
    folder = tmp_path_factory.mktemp("like")
    blobs(1, 200, 150).save(folder / "photo.png")
    blobs(2, 90, 120).save(folder / "wanted.jpg")
    sampled = ("--count", "2", "--seed", "4", "--temperature", "0.8")
    for name, options in (("sampled", sampled), ("exemplar", ("--exemplar", folder / "wanted.jpg"))):
        run(folder / "photo.png", "--model", "to-cat", *options, "--precision", "fp32", "--output", folder / name)
    return folder


def run(*arguments: str | Path) -> None:
    answer = gpunit("translate", *arguments)
    assert answer.code == 0, answer.err


def altered(source: Path, path: Path, **changes: Any) -> Path:
    """A copy of a result that says something else."""
    text = json.loads(Image.open(source).info[provenance.KEYWORD])
    info = PngInfo()
    info.add_text(provenance.KEYWORD, json.dumps({**text, **changes}))
    Image.open(source).save(path, pnginfo=info)
    return path


@pytest.mark.parametrize("name", ["sampled/photo-02.png", "exemplar/photo-01.png"])
def test_a_result_is_made_again_from_its_file_bit_for_bit(made: Path, tmp_path: Path, name: str) -> None:
    run(made / "photo.png", "--like", made / name, "--output", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["photo-01.png", "sheet.png"]
    assert (tmp_path / "out" / "photo-01.png").read_bytes() == (made / name).read_bytes()


def test_the_crop_of_a_result_is_taken(made: Path, tmp_path: Path) -> None:
    square = {"zoom": 1.5, "across": 0.25, "down": 0.75}
    like = altered(made / "sampled" / "photo-01.png", tmp_path / "like.png", square=square)
    run(made / "photo.png", "--like", like, "--output", tmp_path / "out")
    result = tmp_path / "out" / "photo-01.png"
    assert provenance.require(result) == provenance.require(like)
    assert Image.open(result).tobytes() != Image.open(like).tobytes()


def test_a_folder_of_any_size_says_the_same(made: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes((made / "photo.png").read_bytes())
    options = ("--model", "to-cat", "--count", "2", "--seed", "4", "--temperature", "0.8", "--precision", "fp32")
    run("--input", tmp_path / "in", *options, "--output", tmp_path / "out")
    for name in ("photo-01.png", "photo-02.png"):
        assert (tmp_path / "out" / name).read_bytes() == (made / "sampled" / name).read_bytes()


def test_a_result_as_exemplar_gives_its_own_style(made: Path, tmp_path: Path) -> None:
    options = ("--model", "to-cat", "--exemplar", made / "sampled" / "photo-02.png", "--precision", "fp32")
    run(made / "photo.png", *options, "--output", tmp_path / "out")
    result = Image.open(tmp_path / "out" / "photo-01.png")
    assert result.tobytes() == Image.open(made / "sampled" / "photo-02.png").tobytes()


def test_nothing_is_said_where_it_is_not_wanted(made: Path, tmp_path: Path) -> None:
    run(made / "photo.png", "--model", "to-cat", "--count", "1", "--no-metadata", "--output", tmp_path / "out")
    assert Image.open(tmp_path / "out" / "photo-01.png").info == {}


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"model": "to-unicorn"}, (), "to-unicorn, a model that is not known here"),
        ({"model": "dog2cat"}, (), "dog2cat is not on this machine; download it first"),
        ({"sha256": "0" * 64}, (), "other weights of to-cat"),
        ({"version": 2}, (), "newer version of GP-UNIT Explorer"),
        ({"style": {"kind": "code", "numbers": [0, 1]}}, (), "has 64 numbers, not 2"),
        ({}, ("--seed", "4"), "leave --seed out"),
        ({}, ("--model", "to-dog"), "was made with to-cat; leave --model out"),
    ],
)
def test_refusals_are_one_sentence(
    made: Path, tmp_path: Path, changes: dict[str, Any], options: tuple[str, ...], words: str
) -> None:
    like = altered(made / "sampled" / "photo-01.png", tmp_path / "like.png", **changes)
    answer = gpunit("translate", made / "photo.png", "--like", like, *options, "--output", tmp_path / "out")
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_picture_that_does_not_say_how_it_was_made_is_refused(made: Path, tmp_path: Path) -> None:
    for like, words in ((made / "photo.png", "does not say how it was made"), (tmp_path / "a.png", "no such file")):
        answer = gpunit("translate", made / "photo.png", "--like", like, "--output", tmp_path / "out")
        assert answer.code == 2
        assert words in answer.err


def test_a_result_of_a_gpu_is_made_as_near_as_a_cpu_can(made: Path, tmp_path: Path) -> None:
    like = altered(made / "sampled" / "photo-01.png", tmp_path / "like.png", precision="fp16")
    run(made / "photo.png", "--like", like, "--device", "cpu", "--output", tmp_path / "out")
    assert provenance.require(tmp_path / "out" / "photo-01.png").precision != "fp16"


def test_a_model_is_needed(made: Path, tmp_path: Path) -> None:
    answer = gpunit("translate", made / "photo.png", "--output", tmp_path / "out")
    assert answer.code == 2
    assert "give a translator with --model" in answer.err
