"""What is written is whole or not there, whoever else writes and wherever it lies."""

from __future__ import annotations

import errno
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gpunit import files
from gpunit.files import (
    folder_written_beside,
    refuse_existing,
    resumed_beside,
    write_json,
    write_json_once,
    written_beside,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with written_beside(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        partial.write_text("whole")
    assert path.read_text() == "whole"
    with written_beside(path) as partial:
        partial.write_text("another")
        assert path.read_text() == "whole"
    assert path.read_text() == "another"
    assert names(path.parent) == ["a.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with written_beside(path) as partial:
            partial.write_text("half")
            raise OSError(errno.ENOSPC, "the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_threads_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_json(path, [number] * 10_000), range(40)))
    assert len(set(json.loads(path.read_text()))) == 1
    assert names(tmp_path) == ["a.json"]


def test_the_longest_names_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("猫" * 83 + ".png")
    write_json(path, {})
    assert names(tmp_path) == [path.name]


def test_what_a_download_left_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"

    def receive(piece: str, breaks_off: bool) -> None:
        with resumed_beside(path) as partial:
            with partial.open("a") as file:
                file.write(piece)
            if breaks_off:
                raise OSError("the connection broke off")

    with pytest.raises(OSError, match="broke off"):
        receive("first ", breaks_off=True)
    assert not path.exists()
    receive("second", breaks_off=False)
    assert path.read_text() == "first second"
    assert names(tmp_path) == ["weights.bin"]


@pytest.fixture(params=["links", "no links"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hard links, or without them, as exFAT is."""

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source))

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("file_system")
def test_of_many_who_write_a_file_once_one_decides(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"

    def write(number: int) -> object:
        write_json_once(path, {"number": number})
        return json.loads(path.read_text())["number"]

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(write, range(40)))
    assert len(seen) == 1
    write_json_once(path, {"number": "late"})
    assert json.loads(path.read_text())["number"] in seen
    assert names(tmp_path) == ["settings.json"]


def test_a_name_that_a_killed_process_reserved_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOTSUP, "no links")))
    monkeypatch.setattr(files, "RESERVED_SECONDS", 0.05)
    path = tmp_path / "settings.json"
    path.touch()
    write_json_once(path, [1])
    assert json.loads(path.read_text()) == [1]


def test_what_a_killed_writer_left_goes_after_a_while(tmp_path: Path) -> None:
    old, new = (tmp_path / f".a.json.{token}.part" for token in ("0123456789ab", "ba9876543210"))
    download, mine = tmp_path / ".weights.bin.part", tmp_path / ".notes.part"
    for path in (old, new, download, mine):
        path.write_text("half")
    for path in (old, download, mine):
        os.utime(path, (0, 0))
    write_json(tmp_path / "b.json", {})
    assert names(tmp_path) == sorted([new.name, download.name, mine.name, "b.json"])


@pytest.mark.parametrize(
    ("taken", "error", "words"),
    [
        ("out/a.png", FileExistsError, "a.png exists already; choose another --output"),
        ("out", NotADirectoryError, "out is a file and not a folder; choose another --output"),
    ],
)
def test_what_is_there_is_not_overwritten(tmp_path: Path, taken: str, error: type[OSError], words: str) -> None:
    targets = [tmp_path / "out" / name for name in ("b.png", "a.png")]
    refuse_existing(*targets)
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).touch()
    with pytest.raises(error, match=words):
        refuse_existing(*targets, advice="choose another --output")


def test_lines_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert files.read_lines(tmp_path / "a.jsonl") == []
    (tmp_path / "a.jsonl").write_text("1\n2\n", encoding="utf-8")
    assert files.read_lines(tmp_path / "a.jsonl") == ["1", "2"]


def test_json_has_null_where_there_is_no_number(tmp_path: Path) -> None:
    def refuse(word: str) -> object:
        raise AssertionError(f"{word} is no JSON")

    write_json(tmp_path / "a.json", {"rows": [{"figure": math.nan, "others": (math.inf, 1.5)}], "name": "nan"})
    read = json.loads((tmp_path / "a.json").read_text(), parse_constant=refuse)
    assert read == {"rows": [{"figure": None, "others": [None, 1.5]}], "name": "nan"}


def test_an_error_names_the_file_and_not_the_hidden_one_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for named in (None, "partial"):
        with pytest.raises(OSError, match="No space") as caught, written_beside(path) as partial:  # noqa: PT012
            named = str(partial) if named else None
            raise OSError(errno.ENOSPC, "No space left on device", named)
        assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="No such") as caught, written_beside(path):
        (tmp_path / "source").read_bytes()
    assert caught.value.filename == str(tmp_path / "source")


@pytest.mark.usefixtures("file_system")
def test_of_two_who_write_one_name_the_second_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"

    def write(content: str) -> None:
        with written_beside(path, replaces=False) as partial:
            partial.write_text(content)

    write("first")
    with pytest.raises(FileExistsError, match=r"a\.png was made by another program"):
        write("second")
    assert path.read_text() == "first"
    assert names(tmp_path) == ["a.png"]


def test_a_folder_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "set"
    with folder_written_beside(path) as partial:
        (partial / "a.txt").write_text("a")
        assert not path.exists()
    assert names(path) == ["a.txt"]
    with pytest.raises(FileExistsError, match="exists already"), folder_written_beside(path):
        pass
    assert names(path) == ["a.txt"]

    def fail() -> None:
        with folder_written_beside(tmp_path / "other") as partial:
            (partial / "a.txt").write_text("a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path) == ["new"]
    assert names(path.parent) == ["set"]


def test_folders_that_killed_writers_left_go_after_a_while(tmp_path: Path) -> None:
    old, young = (tmp_path / f".set.{digit * 12}.part" for digit in "ab")
    for left in (old, young):
        (left / "deep").mkdir(parents=True)
    for folder in (old / "deep", old, young):  # of the young one, a subfolder has just been changed
        os.utime(folder, (0, 0))
    with folder_written_beside(tmp_path / "set"):
        pass
    assert names(tmp_path) == [young.name, "set"]
