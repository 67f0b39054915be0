"""What a server's process holds while it runs: memory, open files, threads and temporary files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Held:
    """What a process held at one moment; 0 where the system does not tell.

    Attributes:
        memory: resident bytes.
        files: open files, sockets among them.
        threads: of the process.
        kept: files in its temporary folder.
        kept_bytes: what they take.
    """

    memory: int
    files: int = 0
    threads: int = 0
    kept: int = 0
    kept_bytes: int = 0

    @classmethod
    def of(cls, pid: int, temporary: Path) -> Held:
        """What a process holds now.

        Args:
            pid: the process.
            temporary: its temporary folder.
        """
        sizes = []
        for folder, _, names in os.walk(temporary):  # which passes over folders that go meanwhile
            for name in names:
                with suppress(OSError):  # gone meanwhile
                    sizes.append((Path(folder) / name).stat().st_size)
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            told = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:  # it has ended, or this system has no such files
            return cls(0, 0, 0, len(sizes), sum(sizes))
        memory = 1024 * int(told.get("VmRSS", "0 kB").split()[0])
        return cls(memory, files, int(told.get("Threads", "0")), len(sizes), sum(sizes))


def growth(samples: Sequence[tuple[float, Held]], warm_up: float) -> dict[str, float]:
    """Growth of everything after the warm-up, in parts: the last tenth's mean over the first tenth's."""
    settled = np.array([astuple(held) for second, held in samples if second >= warm_up], dtype=float)
    names = [field.name for field in fields(Held)]
    if len(settled) < 2:
        return dict.fromkeys(names, float("nan"))
    tenth = max(1, len(settled) // 10)
    first, last = settled[:tenth].mean(0), settled[-tenth:].mean(0)
    return {name: float(b / a - 1) if a else 0.0 for name, a, b in zip(names, first, last, strict=True)}


def by_minute(samples: Sequence[tuple[float, Held]]) -> str:
    """The means of every minute, a line each."""
    lines = ["minute  memory MiB  open files  threads  kept files  kept MiB"]
    for minute in range(int(max((second for second, _ in samples), default=-1) // 60) + 1):
        of_minute = [astuple(held) for second, held in samples if second // 60 == minute]
        if of_minute:
            memory, files, threads, kept, size = np.mean(of_minute, axis=0)
            lines.append(
                f"{minute + 1:6d}  {memory / 2**20:10.0f}  {files:10.0f}  {threads:7.0f}  {kept:10.0f}"
                f"  {size / 2**20:8.1f}"
            )
    return "\n".join(lines)
