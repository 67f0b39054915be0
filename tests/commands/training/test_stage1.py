from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpunit.commands.training.stage1 import distill
from gpunit.files import write_json
from gpunit.training import bundle
from gpunit.training.selection import SelectionError
from gpunit.training.stage1 import trainer
from tests.conftest import blobs


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The classes of every run that was asked for."""
    classes: list[list[str]] = []
    monkeypatch.setattr(trainer, "distill", lambda data, *rest: classes.append(list(data.classes)))
    monkeypatch.setattr(bundle, "bundle_content_encoder", lambda run, recipe, names, output: output)
    return classes


def test_classes_are_the_subfolders_of_real_unless_they_are_named(
    folders: Callable[..., list[Path]], tmp_path: Path, asked: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    real = folders("face", "151_dog", "281_animal", count=1)[0].parent
    (tmp_path / "pairs" / "14_bird").mkdir(parents=True)
    blobs(1).save(tmp_path / "pairs" / "14_bird" / "0.png")
    run, output = tmp_path / "run", tmp_path / "content.safetensors"

    def begin(**options: str) -> None:
        distill(tmp_path / "pairs", tmp_path, real, tmp_path, run, output, **options)  # type: ignore[arg-type]

    begin()
    assert f"left out, as {real} has no such subfolders: 14_bird" in capsys.readouterr().err
    begin(classes="face,151_dog")
    # A run keeps to what it was begun with, whatever its folders hold by now.
    write_json(run / "run.json", {"stage": "I", "classes": ["cat", "dog"]})
    begin()
    assert asked == [["151_dog", "281_animal", "face"], ["face", "151_dog"], ["cat", "dog"]]


def test_a_folder_without_subfolders_is_explained(
    folders: Callable[..., list[Path]], tmp_path: Path, asked: list[list[str]]
) -> None:
    (cat,) = folders("cat", count=1)
    with pytest.raises(SelectionError, match="one for each class"):
        distill(cat, cat, cat, cat, tmp_path / "run", tmp_path / "content.safetensors")
    assert asked == []
