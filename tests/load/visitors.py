"""Visitors at once: each sends pictures and styles of its own and knows what the right answer looks like."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from gpunit import images
from gpunit.engine.translator import Translator
from tests.conftest import blobs

MODEL = "to-cat"
# A rendering may differ by rounding where batches differ; another visitor's picture differs by tens.
MOST_APART = 3.0
SAMPLE_SECONDS = 1.0
# On a machine that does other things besides, an upload alone may take long.
ANSWER_SECONDS = 120


@dataclass
class Told:
    """What all visitors met.

    Attributes:
        waits: seconds of every answered job.
        wrong: answers that were not their sender's.
        errors: what else went wrong.
        memory: (seconds since the start, bytes) of the server's process.
        seconds: how long the visit lasted.
    """

    waits: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0.0

    def growth(self, warm_up: float) -> float:
        """Growth of memory after the warm-up, in parts: the last tenth's mean over the first tenth's."""
        settled = [size for second, size in self.memory if second >= warm_up]
        if len(settled) < 2:
            return float("nan")
        tenth = max(1, len(settled) // 10)
        return float(np.mean(settled[-tenth:]) / np.mean(settled[:tenth]) - 1)

    def report(self, warm_up: float) -> str:
        """The figures, for people."""
        if not self.waits:
            return f"no answer; {len(self.errors)} errors, the first: {self.errors[:1]}"
        waits = np.array(self.waits)
        peak = max((size for _, size in self.memory), default=0)
        return "\n".join(
            (
                f"{len(waits)} answers in {self.seconds:.0f} s: {len(waits) / self.seconds:.2f} a second",
                f"wait: median {np.median(waits):.2f} s, 95 % {np.quantile(waits, 0.95):.2f} s, "
                f"longest {waits.max():.2f} s",
                f"of another visitor: {len(self.wrong)}; errors: {len(self.errors)} {self.errors[:3]}",
                f"memory: {100 * self.growth(warm_up):+.1f} % after {warm_up:.0f} s of warm-up, peak {peak >> 20} MiB",
            )
        )


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures' colours, of 255; 255 for different sizes."""
    if one.size != other.size:
        return 255.0
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other.convert("RGB"), dtype=float)).mean())


class Visitor:
    """One client with a session of its own.

    Args:
        number: seeds its pictures and styles, so that no two visitors send the same.
        address: of the page; this machine's only.
        translator: tells what the right answers are.
        told: where it writes what it met.
    """

    def __init__(self, number: int, address: str, translator: Translator, told: Told) -> None:
        host = httpx.URL(address).host
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"{host} is not this machine; load is put on a server of one's own only.")
        self.number = number
        self._folder = tempfile.TemporaryDirectory(prefix="gpunit-load-")
        self._client = Client(
            address, verbose=False, download_files=self._folder.name, httpx_kwargs={"timeout": ANSWER_SECONDS}
        )
        self._translator = translator
        self._told = told
        self._rng = random.Random(number)

    def visit(self, until: float) -> None:
        """Translate picture after picture until this moment (of `time.monotonic`)."""
        try:
            while time.monotonic() < until:
                try:
                    self.translate()
                except Exception as error:  # whatever it is, it is what is looked for here
                    self._told.errors.append(f"visitor {self.number}: {type(error).__name__}: {error}")
        finally:
            self._folder.cleanup()

    def translate(self) -> None:
        """Send one picture, wait for its translation, and compare it with the right one."""
        picture = blobs(1000 * self.number + self._rng.randrange(1000), 96, 96)
        seed = 100 * self.number + self._rng.randrange(100)
        path = Path(self._folder.name) / "sent.png"
        picture.save(path)
        begun = time.monotonic()
        results, *_ = self._client.submit(
            path=handle_file(path),
            model_name=MODEL,
            zoom=1,
            across=0.5,
            down=0.5,
            guidance="Drawn styles",
            count=1,
            seed=seed,
            temperature=1,
            exemplar_path=None,
            api_name="/translate",
        ).result(timeout=ANSWER_SECONDS)
        self._told.waits.append(time.monotonic() - begun)
        got_path = Path(results[0]["image"])
        with Image.open(got_path) as got:
            difference = apart(self._expected(picture, seed), got)
        got_path.unlink()
        if difference > MOST_APART:
            self._told.wrong.append(f"visitor {self.number}, seed {seed}: {difference:.1f} apart")

    def _expected(self, picture: Image.Image, seed: int) -> Image.Image:
        seen = images.cut(picture, self._translator.resolution)
        (expected,) = self._translator.render(self._translator.plan(seen), self._translator.sample(1, seed))
        return expected


def memory_of(pid: int) -> int:
    """Resident bytes of a process; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return 0
    line = next((line for line in status.read_text().splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return 1024 * int(line.split()[1])


def visit_together(make: Callable[[int, Told], Visitor], visitors: int, seconds: float, pid: int) -> Told:
    """Let visitors come at once for some seconds, and watch the server's memory meanwhile.

    Args:
        make: makes a visitor of a number.
        visitors: how many.
        seconds: after which no visitor sends anything more.
        pid: the server's process.
    """
    told = Told()
    everyone = [make(number, told) for number in range(visitors)]
    begun = time.monotonic()
    threads = [threading.Thread(target=visitor.visit, args=(begun + seconds,), daemon=True) for visitor in everyone]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        told.memory.append((time.monotonic() - begun, memory_of(pid)))
        time.sleep(SAMPLE_SECONDS)
    told.seconds = time.monotonic() - begun
    return told
