from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit import zoo
from gpunit.zoo.weights import write_weights
from tests.commands.conftest import gpunit


def test_a_translator_of_the_published_size_is_loaded_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One's own run of a task of the paper names its content encoder, unlike the published files."""
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))
    header = {"kind": "translator", "family": "published", "content_encoder": "mine", "content_encoder_sha256": "0"}
    write_weights(tmp_path / "mine2.safetensors", {"style_bank": torch.zeros(2, 256)}, header)
    spec = zoo.find("mine2")
    assert (spec.is_here, spec.resolution, spec.can_be_downloaded) == (True, 256, False)
    assert zoo.files_of("mine2") == [tmp_path / "mine2.safetensors", tmp_path / "mine.safetensors"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("taken.safetensors", "exists already; choose another --output"), ("mine", "must end in .safetensors")],
)
def test_a_file_that_is_there_or_could_not_be_found_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "taken.safetensors").write_bytes(b"of another run")
    options = ("--target", tmp_path, "--content-encoder", "c.safetensors", "--output", tmp_path / name)
    answer = gpunit("fit-sampler", tmp_path / "run", *options)
    assert answer.code == 2
    assert words in answer.err
    assert (tmp_path / "taken.safetensors").read_bytes() == b"of another run"
