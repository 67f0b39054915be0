from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands.conftest import gpunit, gpunit_alone
from tests.conftest import blobs


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "photo.png"
    path.parent.mkdir()
    blobs(1, 200, 150).save(path)
    return path


def test_translate_writes_the_results_and_a_sheet(source: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "a", tmp_path / "b"]
    for output in outputs:
        options = ("--model", "to-cat", "--count", "3", "--seed", "4", "--precision", "fp32", "--output", output)
        answer = gpunit_alone("translate", source.parent, *options)
        assert answer.code == 0, answer.err
    names = ["photo-01.png", "photo-02.png", "photo-03.png", "sheet.png"]
    assert sorted(path.name for path in outputs[0].iterdir()) == names
    pictures = [np.asarray(Image.open(outputs[0] / name)) for name in names[:3]]
    assert all(picture.shape == (128, 128, 3) for picture in pictures)
    assert not np.array_equal(pictures[0], pictures[1])
    for name in names:
        assert (outputs[0] / name).read_bytes() == (outputs[1] / name).read_bytes()


def test_translate_by_exemplar(source: Path, tmp_path: Path) -> None:
    exemplar = tmp_path / "wanted.jpg"
    blobs(2).save(exemplar)
    output = tmp_path / "out"
    answer = gpunit("translate", source, "--model", "to-cat", "--exemplar", exemplar, "--output", output)
    assert answer.code == 0, answer.err
    assert (output / "photo-01.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.png", "--model", "to-cat"], "no such file"),
        (["README.md", "--model", "to-cat"], "not a picture"),
        (["{source}", "--model", "to-unicorn"], "there is no model"),
        (["{source}", "--model", "to-cat", "--precision", "fp8"], "precision"),
        (["{source}", "--model", "to-cat", "--device", "abacus"], "device"),
        (["{source}", "--model", "to-cat", "--exemplar", "nowhere.png"], "no such file"),
        (["{source}", "--model", "to-cat", "--count", "0"], "--count"),
    ],
)
def test_bad_requests_end_with_a_sentence(source: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    output = tmp_path / "out"
    answer = gpunit("translate", *[a.format(source=source) for a in arguments], "--output", output)
    assert answer.code == 2
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert not output.exists()


def test_existing_files_are_kept(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "photo-01.png"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    answer = gpunit("translate", source, "--model", "to-cat", "--count", "1", "--output", mine.parent)
    assert answer.code == 2
    assert "exists already" in answer.err
    assert mine.read_bytes() == b"mine"


def test_published_files_translate_by_their_paths(published_files: Path, source: Path, tmp_path: Path) -> None:
    model = ("--model", published_files / "dog2cat.pt", "--content-encoder", published_files / "content_encoder.pt")
    answer = gpunit("translate", source, *model, "--count", "1", "--output", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert (tmp_path / "out" / "photo-01.png").is_file()
