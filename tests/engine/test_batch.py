"""Folders translated by several processes, in turns: the files are those of one, and nothing is lost or done twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpunit.engine import batch
from gpunit.engine.batch import FolderError, Share, agree_on, read_manifest, translate_folder
from gpunit.engine.parts import PARTS
from gpunit.engine.translator import Translator
from gpunit.images import PictureError
from tests.conftest import blobs

# Written by the version before the modules moved.
FIXTURES = Path(__file__).parent / "fixtures" / "folder"


@pytest.fixture
def source(folders: Callable[..., list[Path]]) -> Path:
    """Seven pictures in two subfolders and outside them; two of them share their stem."""
    made = folders("cat", "dog", count=2)
    root = made[0].parent
    for index, name in enumerate(("cat/00000.jpg", "top.png", "dog/wide.webp")):
        blobs(50 + index, 120, 70).save(root / name)
    return root


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(translator: Translator, source: Path, output: Path, index: int = 0, count: int = 1) -> batch.Summary:
    return translate_folder(translator, translator.sample(2, seed=1), source, output, Share(index, count))


@pytest.fixture
def alone(tiny: Translator, source: Path, tmp_path: Path) -> dict[str, bytes]:
    """The files that one process makes."""
    summary = run(tiny, source, tmp_path / "alone")
    assert (summary.translated, summary.there, summary.failed) == (7, 0, [])
    return files_of(tmp_path / "alone")


def test_the_structure_is_kept_and_every_picture_noted(alone: dict[str, bytes]) -> None:
    stems = ["cat/00000.jpg", "cat/00000.png", "cat/00001", "dog/00000", "dog/00001", "dog/wide", "top"]
    assert set(alone) == {f"{stem}-0{index}.png" for stem in stems for index in (1, 2)} | {"manifest.jsonl"}
    lines = [json.loads(line) for line in alone["manifest.jsonl"].decode().splitlines()]
    assert [line["source"] for line in lines] == sorted(line["source"] for line in lines)
    assert {result for line in lines for result in line["results"]} | {"manifest.jsonl"} == set(alone)


@pytest.mark.parametrize("count", [2, 3, 9])
def test_any_number_of_processes_makes_the_same_files(
    tiny: Translator, source: Path, tmp_path: Path, alone: dict[str, bytes], count: int
) -> None:
    output = tmp_path / "shared"
    done = [run(tiny, source, output, index, count) for index in reversed(range(count))]
    assert sum(summary.translated for summary in done) == 7
    assert sum(summary.there for summary in done) == 0
    assert files_of(output) == alone


def test_a_run_that_was_killed_is_gone_on_with(
    tiny: Translator, source: Path, tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "shared"
    render: Any = tiny.render
    drawn: list[object] = []

    def killed(*arguments: object) -> object:
        if len(drawn) == 2:
            raise KeyboardInterrupt
        drawn.append(arguments)
        return render(*arguments)

    monkeypatch.setattr(tiny, "render", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tiny, source, output, 0, 2)
    monkeypatch.setattr(tiny, "render", render)
    part = output / PARTS / "0.jsonl"
    part.write_text(part.read_text() + '{"source": "dog/0')  # a line that was cut off
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.png")}
    assert run(tiny, source, output, 0, 2).there == 2
    summary = run(tiny, source, output)  # and on with another number of processes
    assert (summary.translated, summary.there) == (3, 4)
    assert files_of(output) == alone
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_what_is_gone_or_changed_is_done_again(
    tiny: Translator, source: Path, tmp_path: Path, alone: dict[str, bytes]
) -> None:
    output = tmp_path / "alone"
    (output / "top-02.png").unlink()
    assert run(tiny, source, output).translated == 1
    assert files_of(output) == alone
    blobs(77).save(source / "top.png")
    assert run(tiny, source, output).translated == 1
    assert files_of(output)["top-01.png"] != alone["top-01.png"]
    assert run(tiny, source, output).there == 7


def test_a_damaged_picture_stops_no_other(tiny: Translator, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    (source / "top.png").write_bytes(b"no picture")
    summary = run(tiny, source, output)
    assert summary.translated == 6
    assert [record.source for record in summary.failed] == ["top.png"]
    assert "not a picture" in read_manifest(output)["top.png"].error
    blobs(5).save(source / "top.png")
    assert run(tiny, source, output).translated == 1
    assert not read_manifest(output)["top.png"].error


def test_what_cannot_even_be_opened_stops_no_other(tiny: Translator, source: Path, tmp_path: Path) -> None:
    (source / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (source / "folder.png").mkdir()
    summary = run(tiny, source, tmp_path / "out")
    assert summary.translated == 7
    assert [record.source for record in summary.failed] == ["gone.png"]
    (source / "gone.png").unlink()
    blobs(6).save(source / "gone.png")
    assert run(tiny, source, tmp_path / "out").translated == 1


def test_a_link_to_the_results_makes_them_no_pictures(tiny: Translator, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (source / "link").symlink_to(tmp_path / "out")
    with pytest.raises(FolderError, match="lies inside"):
        run(tiny, source, tmp_path / "out")


def test_a_picture_that_is_added_takes_no_other_pictures_results(
    tiny: Translator, source: Path, tmp_path: Path
) -> None:
    for seed, name in ((1, "a-01.png/b.png"), (2, "a.png"), (3, "settings.json/c.png"), (4, f"{'猫' * 83}.png")):
        (source / name).parent.mkdir(exist_ok=True)
        blobs(seed).save(source / name)
    output = tmp_path / "out"
    assert run(tiny, source, output).translated == 11
    agree_on(output, {"seed": 1})
    before = files_of(output)
    for seed, name in ((11, "top.jpg"), (12, "Top.webp"), (13, "top.png.png"), (14, "a.jpg")):
        blobs(seed).save(source / name)
    summary = run(tiny, source, output)
    assert (summary.translated, summary.there) == (4, 11)
    after = files_of(output)
    assert {name: after[name] for name in before if name.endswith(".png")} == {
        name: content for name, content in before.items() if name.endswith(".png")
    }
    results = [result for record in read_manifest(output).values() for result in record.results]
    assert len({result.casefold() for result in results}) == len(results) == 30
    assert {result for result in after if result.endswith(".png")} == set(results)


def test_settings_are_those_of_who_came_first(tmp_path: Path) -> None:
    first = {"weights": ["a"], "seed": 1, "precision": "bf16"}
    assert agree_on(tmp_path, first) == first
    assert agree_on(tmp_path, first | {"precision": "fp32"}) == first
    with pytest.raises(FolderError, match="another seed"):
        agree_on(tmp_path, first | {"seed": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(FolderError, match="damaged"):
        agree_on(tmp_path, first)


def test_the_environment_says_which_share(tiny: Translator, tmp_path: Path) -> None:
    assert Share.of({}) == Share(0, 1, 0)
    assert Share.of({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}) == Share(5, 8, 1)
    assert Share.of({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}) == Share(1, 2, 0)
    for environment in ({"RANK": "2", "WORLD_SIZE": "2"}, {"RANK": "x"}, {"RANK": "1"}):
        with pytest.raises(FolderError, match="make no sense"):
            Share.of(environment)


def test_folders_that_will_not_do(tiny: Translator, source: Path, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="lies inside"):
        run(tiny, source, source / "results")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match="holds no pictures"):
        run(tiny, tmp_path / "empty", tmp_path / "out")


@pytest.mark.parametrize(("state", "there"), [("done", 3), ("begun", 2)])
def test_a_folder_of_an_earlier_version_is_gone_on_with(
    tiny: Translator, tmp_path: Path, state: str, there: int
) -> None:
    """`done` by one process, `begun` by the first of two; results are made up here."""
    shutil.copytree(FIXTURES / state, tmp_path / state)
    settings = json.loads((tmp_path / state / batch.SETTINGS).read_text())
    assert agree_on(tmp_path / state, {"weights": settings["weights"], "precision": "bf16"}) == settings
    with pytest.raises(FolderError, match="another seed"):
        agree_on(tmp_path / state, settings | {"seed": 2})
    kept = [
        tmp_path / state / result for record in read_manifest(tmp_path / state).values() for result in record.results
    ]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"a result")
    summary = translate_folder(tiny, tiny.sample(1, seed=1), FIXTURES / "in", tmp_path / state, Share())
    assert (summary.translated, summary.there) == (3 - there, there)
    assert {path.read_bytes() for path in kept} == {b"a result"}
    assert sorted(read_manifest(tmp_path / state)) == ["a.png", "deep/b.jpg", "deep/b.png"]


def test_settings_are_agreed_on_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "not permitted")))
    assert agree_on(tmp_path, {"seed": 1}) == {"seed": 1}
    with pytest.raises(FolderError, match="another seed"):
        agree_on(tmp_path, {"seed": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
