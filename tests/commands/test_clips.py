"""`translate` with clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpunit import images
from gpunit.images import ClipWriter
from tests.commands.conftest import gpunit
from tests.conftest import blobs

OPTIONS = ("--model", "to-cat", "--count", "2", "--precision", "fp32")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "walk.mp4"
    with ClipWriter(path, 8) as writer:
        for number in range(4):
            writer.add(blobs(number, 96, 64))
    return path


def test_a_clip_becomes_one_in_each_style(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    answer = gpunit("translate", clip, *OPTIONS, "--output", output)
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in output.iterdir()) == ["walk-01.mp4", "walk-02.mp4"]
    made = [images.open_clip(path) for path in sorted(output.iterdir())]
    assert [(each.width, each.height, each.rate, each.count) for each in made] == [(128, 128, 8, 4)] * 2
    first, other = (next(each.frames()) for each in made)
    assert first.tobytes() != other.tobytes()
    answer = gpunit("translate", clip, *OPTIONS, "--output", output)
    assert answer.code == 2
    assert "exists already" in answer.err


def test_bad_requests_end_with_a_sentence_and_without_files(clip: Path, tmp_path: Path) -> None:
    fake, photo, output = tmp_path / "fake.webm", tmp_path / "photo.png", tmp_path / "out"
    fake.write_bytes(b"no clip")
    blobs(1).save(photo)
    for paths, words in (([clip, fake], "not a clip that can be read"), ([clip, photo], "to commands of their own")):
        answer = gpunit("translate", *paths, *OPTIONS, "--output", output)
        assert answer.code == 2
        assert words in answer.err
        assert answer.err.count("\n") == 1
        assert not output.exists()
