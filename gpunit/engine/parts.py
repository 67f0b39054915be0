"""A table of JSON lines that any number of processes write together, on machines that share its folder.

    NAME.jsonl       a line for everything that is done, in a given order; the last process to finish writes it
    .parts/N.jsonl   until then, what process N has done

A line that was cut off is passed over, so that what it is about is done again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gpunit import files

PARTS = ".parts"
Line = dict[str, Any]


class PartedTable:
    """The lines by what they are about, and this process's new ones.

    Args:
        path: of the table.
        key: the entry of a line that says what it is about.
        index: of this process; None for one that has no others and writes into the table itself.
    """

    def __init__(self, path: Path, key: str, index: int | None) -> None:
        self._path, self._key = path, key
        self._parts = path.parent / PARTS
        self._own = path if index is None else self._parts / f"{index}.jsonl"
        self._new: dict[str, Line] = {}

    def read(self) -> dict[str, Line]:
        """All lines so far, by what they are about."""
        # The parts first: the last process to finish removes them after it has written the table.
        lines = [line for path in sorted(self._parts.glob("*.jsonl")) for line in files.read_lines(path)]
        found: dict[str, Line] = {}
        for text in [*files.read_lines(self._path), *lines]:
            try:
                line = json.loads(text)
                found[line[self._key]] = line
            except (ValueError, TypeError, KeyError):
                continue
        return {**found, **self._new}

    @contextmanager
    def writing(self) -> Iterator[Callable[[Line], None]]:
        """Inside, a function that adds a line, which is on the disk when it returns."""
        self._own.parent.mkdir(parents=True, exist_ok=True)
        files.drop_torn_line(self._own)
        with self._own.open("a", encoding="utf-8") as file:

            def add(line: Line) -> None:
                self._new[line[self._key]] = line
                file.write(json.dumps(line) + "\n")
                file.flush()

            yield add

    def finish(self, order: Sequence[str]) -> None:
        """Make one table of the parts once there is a line for everything; two processes at once write the same one.

        Args:
            order: what the lines are about.  Others are dropped.
        """
        # This process's new lines are known besides: another one may already have removed the parts.
        lines: Mapping[str, Line] = self.read()
        if any(each not in lines for each in order):
            return
        text = "".join(json.dumps(lines[each]) + "\n" for each in order)
        if self._parts.is_dir() or not self._path.is_file() or self._path.read_text(encoding="utf-8") != text:
            with files.written_beside(self._path) as partial:
                partial.write_text(text, encoding="utf-8")
        shutil.rmtree(self._parts, ignore_errors=True)
