"""Published files and what becomes of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from gpunit import zoo
from gpunit.zoo.published import convert_published, import_published
from gpunit.zoo.weights import ModelError
from tests.zoo.conftest import State, Trap


def spoil(state: dict[str, Any], how: str) -> Any:
    """A copy of a published translator's file with one fault."""
    spoilt = {part: dict(tensors) for part, tensors in state.items()}
    name = "model.1.skiplayer.mask.weight"
    if how == "missing":
        del spoilt["g_ema"][name]
    elif how == "extra":
        spoilt["g_ema"]["model.9.weight"] = torch.zeros(1)
    elif how == "shape":
        spoilt["g_ema"][name] = spoilt["g_ema"][name][:-1]
    elif how == "sampler":
        spoilt["sampler"] = {}
    return spoilt


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", r"lacks skips\.16\.to_mask\.weight"),
        ("extra", r"unknown tensor .*9\.weight"),
        ("shape", r"another shape for skips\.16\.to_mask\.weight"),
        ("sampler", "lacks"),
    ],
)
def test_a_wrong_tensor_is_named(states: dict[str, State], tmp_path: Path, how: str, words: str) -> None:
    path = tmp_path / "dog2cat.pt"
    torch.save(spoil({"g_ema": states["generator"], "sampler": states["sampler"]}, how), path)
    with pytest.raises(ModelError, match=words):
        import_published(path, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_are_no_weights_are_explained_and_not_run(published_files: Path, tmp_path: Path) -> None:
    sprung, path = tmp_path / "sprung", tmp_path / "dog2cat.pt"
    whole = (published_files / "dog2cat.pt").read_bytes()
    for content, words in (
        (pickle.dumps({"g_ema": Trap(sprung), "sampler": {}}, protocol=2), "holds code"),
        (b"<!DOCTYPE html><html>Quota exceeded</html>", "web page"),
        (whole[: len(whole) // 2], "damaged"),
        (b"", "damaged"),
        (b"\0" * 1000, "damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=words):
            convert_published(path)
    assert not sprung.exists()
    torch.save({"weights": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="no published GP-UNIT weights"):
        convert_published(path)
    with pytest.raises(ModelError, match="there is no file"):
        convert_published(tmp_path / "nowhere.pt")


def test_mixed_up_files_are_told_apart(published_files: Path) -> None:
    with pytest.raises(ModelError, match="holds the content encoder; give a published translator"):
        zoo.load_published(published_files / "content_encoder.pt", published_files / "content_encoder.pt")
    with pytest.raises(ModelError, match=r"holds a translator; give content_encoder\.pt"):
        zoo.load_published(published_files / "dog2cat.pt", published_files / "dog2cat.pt")
