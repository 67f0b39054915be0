"""`translate --input`, in this process: starting one takes longer than the work."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine.translator import Plan, Translator
from tests.commands.conftest import gpunit
from tests.conftest import blobs

Translate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with three pictures."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for seed, name in ((1, "photo"), (2, "deep/2"), (3, "deep/3")):
        blobs(seed, 200, 150).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def translate() -> Translate:
    """Runs the command: exit code, and what it printed."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        answer = gpunit("translate", "--model", "to-cat", *arguments)
        return answer.code, answer.out, answer.err

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "either pictures or a folder"),
        (["{folder}/photo.png", "--input", "{folder}"], "either pictures or a folder"),
        (["--input", "{folder}/nowhere"], "no such folder"),
        (["--input", "{folder}/.."], "lies inside"),
    ],
)
def test_what_cannot_be_translated(translate: Translate, source: Path, arguments: list[str], words: str) -> None:
    given = [argument.format(folder=source) for argument in arguments]
    code, _, message = translate(*given, "--output", source.parent / "out")
    assert code == 2
    assert words in message
    assert not (source.parent / "out").exists()


def test_processes_share_a_folder_and_go_on(
    translate: Translate, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = source.parent / "out"
    options = ("--input", source, "--count", "2", "--output", output)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "process 2 of 2: 1 pictures translated" in translate(*options)[1]
    monkeypatch.delenv("RANK")
    monkeypatch.delenv("WORLD_SIZE")
    code, said, _ = translate(*options)
    assert code == 0
    assert "2 pictures translated" in said
    assert "1 were there already" in said
    names = sorted(path.relative_to(output).as_posix() for path in output.rglob("*.*"))
    pictures = [f"{stem}-{index:02d}.png" for stem in ("deep/2", "deep/3", "photo") for index in (1, 2)]
    assert names == sorted([*pictures, "manifest.jsonl", "settings.json"])
    code, _, message = translate(*options, "--seed", "1")
    assert code == 2
    assert "another seed" in message


def test_a_picture_that_cannot_be_read_is_named_at_the_end(translate: Translate, source: Path) -> None:
    (source / "broken.png").write_bytes(b"no picture")
    code, said, message = translate("--input", source, "--count", "1", "--output", source.parent / "out")
    assert code == 2
    assert "3 pictures translated" in said
    assert "broken.png: not a picture" in message


def test_files_that_other_work_has_left_are_not_overwritten(translate: Translate, source: Path) -> None:
    output = source.parent / "out"
    code, _, _ = translate(source / "photo.png", "--count", "1", "--output", output)
    assert code == 0
    before = (output / "photo-01.png").read_bytes()
    code, _, message = translate("--input", source, "--count", "2", "--output", output)
    assert code == 2
    assert "photo-01.png exists already" in message
    assert (output / "photo-01.png").read_bytes() == before
    assert not (output / "deep").exists()


def test_every_picture_gets_results_of_its_own(translate: Translate, source: Path) -> None:
    for seed, name in ((4, "a/dog.png"), (5, "b/Dog.png"), (6, "dog-2.png")):
        path = source / name
        path.parent.mkdir(exist_ok=True)
        blobs(seed, 90, 90).save(path)
    output = source.parent / "out"
    pictures = [source / "a/dog.png", source / "b/Dog.png", source / "dog-2.png"]
    code, _, _ = translate(*pictures, "--count", "1", "--output", output)
    assert code == 0
    results = [path for path in output.iterdir() if path.name != "sheet.png"]
    assert len({path.name.casefold() for path in results}) == 3
    assert len({path.read_bytes() for path in results}) == 3


def test_results_of_another_folder_are_not_overwritten(translate: Translate, source: Path) -> None:
    output, other = source.parent / "out", source.parent / "other"
    other.mkdir()
    blobs(9, 90, 90).save(other / "photo.png")
    assert translate("--input", source, "--count", "1", "--output", output)[0] == 0
    before = (output / "photo-01.png").read_bytes()
    code, _, message = translate("--input", other, "--count", "1", "--output", output)
    assert code == 2
    assert "another input" in message
    assert (output / "photo-01.png").read_bytes() == before


def test_pictures_of_one_name_and_long_ones_get_results_of_their_own(translate: Translate, source: Path) -> None:
    names = ("dog.jpg", "dog.png", "dog.jpg.png", f"{'猫' * 83}.png")
    for seed, name in enumerate(names):
        blobs(seed, 90, 90).save(source / name)
    for given, output in (([*(source / name for name in names)], "one"), (["--input", source], "all")):
        code, _, message = translate(*given, "--count", "1", "--output", source.parent / output)
        assert code == 0, message
        results = [path for path in (source.parent / output).glob("*-01.png") if not path.name.startswith("photo")]
        assert len({path.read_bytes() for path in results}) == len(names)


def test_a_subfolder_that_cannot_be_opened_is_named_at_the_end(
    translate: Translate, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: object) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)
    code, said, message = translate("--input", source, "--count", "1", "--output", source.parent / "out")
    assert code == 2
    assert "1 pictures translated" in said
    assert "1 subfolders cannot be opened" in message


def test_photos_are_open_one_at_a_time(translate: Translate, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[weakref.ref[Image.Image]] = []
    most = 0
    open_picture = images.open_picture

    def noting(path: Path) -> Image.Image:
        nonlocal most
        picture = open_picture(path)
        opened.append(weakref.ref(picture))
        most = max(most, sum(each() is not None for each in opened))
        return picture

    monkeypatch.setattr(images, "open_picture", noting)
    assert translate(source, "--count", "1", "--output", source.parent / "out")[0] == 0
    assert len(opened) == 3
    assert most == 1


def test_a_damaged_picture_stops_before_anything_is_written(translate: Translate, source: Path) -> None:
    whole = (source / "photo.png").read_bytes()
    (source / "z.png").write_bytes(whole[: len(whole) // 2])
    code, _, message = translate(source, "--count", "1", "--output", source.parent / "out")
    assert code == 2
    assert "z.png: damaged" in message
    assert not (source.parent / "out").exists()


def test_of_two_runs_into_one_folder_the_later_is_told(
    translate: Translate, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run begins in the folder after this one has looked at it."""
    output = source.parent / "out"
    render = Translator.render

    def meanwhile(translator: Translator, plan: Plan, styles: Tensor) -> list[Image.Image]:
        output.mkdir(exist_ok=True)
        (output / "3-01.png").write_bytes(b"of another run")
        return render(translator, plan, styles)

    monkeypatch.setattr(Translator, "render", meanwhile)
    code, _, message = translate(source, "--count", "1", "--output", output)
    assert code == 2
    assert "3-01.png was made by another program in the meantime" in message
    assert (output / "3-01.png").read_bytes() == b"of another run"
