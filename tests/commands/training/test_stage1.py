from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpunit import zoo
from gpunit.commands.training.stage1 import distill
from gpunit.files import write_json
from gpunit.training import bundle
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.selection import SelectionError
from gpunit.training.stage1 import trainer
from tests.commands.conftest import gpunit
from tests.conftest import blobs
from tests.training.parallel import run_in_two_processes

# Commands, one after the other, separated by "then".
PROGRAM = """
import sys
from gpunit.__main__ import main
command = []
for word in [*sys.argv[1:], "then"]:
    if word != "then":
        command.append(word)
        continue
    sys.argv, command = ["gpunit", *command], []
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
"""


def test_two_processes_go_from_a_prior_to_a_content_encoder(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog", count=2)[0].parent
    pairs, content, recipe = tmp_path / "pairs", tmp_path / "content.safetensors", tmp_path / "mine.toml"
    recipe.write_text('recipe = "small"\npairs = 2\nreal = 2\n')

    def segment(folder: Path) -> tuple[str | Path, ...]:
        return ("segment", folder, "--method", "class-activation", "--output", tmp_path / f"{folder.name}-maps")

    def in_two(*words: str | Path) -> None:
        run_in_two_processes(PROGRAM, tmp_path, *map(str, words))

    in_two("synthesize", "--classes", "cat,dog", "--codes", "4", "--output", pairs, "then", *segment(data))
    assert len(list(pairs.rglob("*.png"))) == 8
    assert len((pairs / "codes.jsonl").read_text().splitlines()) == 4
    assert len(list((tmp_path / "data-maps").rglob("*.png"))) == 4
    assert gpunit(*segment(pairs)).code == 0
    places = ("--pairs", pairs, "--pair-maps", tmp_path / "pairs-maps", "--real", data)
    options = ("--real-maps", tmp_path / "data-maps", "--run", tmp_path / "run", "--steps", "1", "--warm-up", "0")
    in_two("distill", *places, *options, "--recipe", recipe, "--output", content)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt")["step"] == 1
    assert zoo.shape_classes(content) == ("cat", "dog")
    assert [path.read_text().count("content.safetensors") for path in sorted(tmp_path.glob("process-*.txt"))] == [1, 0]


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
