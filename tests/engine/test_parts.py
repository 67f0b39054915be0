from __future__ import annotations

import json
from pathlib import Path

from gpunit.engine.parts import PARTS, PartedTable


def write(path: Path, index: int | None, *names: str) -> PartedTable:
    table = PartedTable(path, "name", index)
    with table.writing() as note:
        for name in names:
            note({"name": name, "by": index})
    return table


def test_the_last_process_to_finish_makes_the_table(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    write(path, 0, "a", "c").finish("abcd")
    assert not path.exists()
    last = write(path, 1, "b", "d")
    assert list(PartedTable(path, "name", 2).read()) == ["a", "c", "b", "d"]
    last.finish("abcd")
    assert [json.loads(line)["name"] for line in path.read_text().splitlines()] == list("abcd")
    assert not (tmp_path / PARTS).exists()


def test_what_another_process_has_taken_away_already_is_known_still(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    first, second = write(path, 0, "a"), write(path, 1, "b")
    second.finish("ab")
    whole = path.read_bytes()
    first.finish("ab")
    assert path.read_bytes() == whole


def test_a_line_that_was_cut_off_is_passed_over_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    write(path, None, "a", "b").finish("ab")
    whole = path.read_text()
    path.write_text(whole[:-5])
    assert list(PartedTable(path, "name", None).read()) == ["a"]
    write(path, None, "b").finish("ab")
    assert path.read_text() == whole
