"""`models`, `download` and `export`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import gpunit, gpunit_alone


def test_models_lists_bundled_and_published_ones_with_their_licence() -> None:
    answer = gpunit("models")
    assert answer.code == 0
    assert "to-cat" in answer.out
    assert "non-commercial" in answer.out
    assert answer.out.count("S-Lab") == 17


def test_nothing_is_downloaded_before_the_licence_is_agreed_to() -> None:
    answer = gpunit_alone("download", "dog2cat")  # nobody is there to answer the question
    assert answer.code == 2
    assert "S-Lab" in answer.err
    assert "--accept-licence" in answer.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("to-cat", "to-dog", "--format", "onnx"), "takes one translator at a time"),
        (("to-cat", "--format", "onnx", "--runtime", "dist"), "--runtime belongs to --format web"),
        (("to-cat", "--format", "web", "--runtime", "missing"), "missing is not there"),
        (("to-cat", "nothing", "--format", "web"), "nothing"),
        (("to-cat", "--format", "paper"), "choose safetensors, onnx, hub or web"),
    ],
)
def test_what_cannot_be_exported_is_told_of_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    answer = gpunit("export", *arguments, "--output", tmp_path / "out")
    assert answer.code == 2
    assert message in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
