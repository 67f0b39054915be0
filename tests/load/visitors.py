"""Visitors at once: each sends pictures of its own, opens the page that all open, and checks every byte it is sent."""

from __future__ import annotations

import functools
import hashlib
import io
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from gpunit import images
from gpunit.engine.translator import Translator
from tests.conftest import blobs
from tests.load.watch import Held, growth
from tests.public.corpus import Case, corpus
from tests.public.test_corpus import is_sentence

FIRST_MODEL = "to-cat"
# A rendering may differ by rounding where batches differ; another visitor's picture differs by tens.
MOST_APART = 3.0
SAMPLE_SECONDS = 1.0
# On a machine that does other things besides, an upload alone may take long.
ANSWER_SECONDS = 120
# What the page opens with.
FIRST_EXAMPLE = "dog-husky.jpg"
PLACE = {"zoom": 1, "across": 0.5, "down": 0.5}


@dataclass
class Told:
    """What all visitors met.

    Attributes:
        waits: seconds of every answered job.
        wrong: answers that were not their sender's.
        broken: files that came in part, or otherwise than another time under the same address.
        errors: what else went wrong.
        files: how many files came.
        digests: of every file that came, by its address.
        held: (seconds since the start, what the server's process held).
        seconds: how long the visit lasted.
    """

    waits: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    files: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    held: list[tuple[float, Held]] = field(default_factory=list)
    seconds: float = 0.0

    def check_file(self, url: str, content: bytes, announced: str | None) -> None:
        """Note a file that came, and whether it is whole and the same as ever.

        Args:
            url: its address; a file's name tells its content.
            content: what came.
            announced: the answer's Content-Length.
        """
        self.files += 1
        if announced is None or int(announced) != len(content):
            self.broken.append(f"{url}: {len(content)} bytes came, {announced} were announced")
            return
        digest = hashlib.sha256(content).hexdigest()
        if self.digests.setdefault(url, digest) != digest:
            self.broken.append(f"{url}: {len(content)} other bytes than before")
        elif url.endswith((".png", ".jpg")):
            try:
                Image.open(io.BytesIO(content)).load()
            except OSError as error:
                self.broken.append(f"{url}: {error}")

    def report(self, warm_up: float) -> str:
        """The figures, for people."""
        if not self.waits:
            return f"no answer; {len(self.errors)} errors, the first: {self.errors[:1]}"
        waits = np.array(self.waits)
        peak = max((held.memory for _, held in self.held), default=0)
        grown = "  ".join(f"{name} {100 * part:+.1f} %" for name, part in growth(self.held, warm_up).items())
        return "\n".join(
            (
                f"{len(waits)} answers in {self.seconds:.0f} s: {len(waits) / self.seconds:.2f} a second",
                f"wait: median {np.median(waits):.2f} s, 95 % {np.quantile(waits, 0.95):.2f} s, "
                f"longest {waits.max():.2f} s",
                f"files: {self.files}, broken: {len(self.broken)} {self.broken[:3]}",
                f"of another visitor: {len(self.wrong)}; errors: {len(self.errors)} {self.errors[:3]}",
                f"growth after {warm_up:.0f} s of warm-up: {grown}; peak of memory {peak >> 20} MiB",
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
        translators: by model; they tell what the right answers are.
        told: where it writes what it met.
    """

    def __init__(self, number: int, address: str, translators: Mapping[str, Translator], told: Told) -> None:
        host = httpx.URL(address).host
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"{host} is not this machine; load is put on a server of one's own only.")
        self.number = number
        self._folder = tempfile.TemporaryDirectory(prefix="gpunit-load-")
        self._address = address
        self._http = httpx.Client(timeout=ANSWER_SECONDS)
        self._client: Client | None = None
        self._translators = translators
        self._told = told
        self._rng = random.Random(number)

    def visit(self, until: float) -> None:
        """Do one thing after another until this moment (of `time.monotonic`)."""
        try:
            self._try(self.come)
            while time.monotonic() < until:
                for act in self.acts():
                    self._try(act)
        finally:
            self.go()
            self._http.close()
            self._folder.cleanup()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # whatever it is, it is what is looked for here
            self._told.errors.append(f"visitor {self.number}, {act.__name__}: {type(error).__name__}: {error}")

    def come(self) -> None:
        """Begin a session, and leave the one before."""
        self.go()
        wait = {"timeout": ANSWER_SECONDS}
        self._client = Client(self._address, verbose=False, download_files=False, httpx_kwargs=wait)

    def go(self) -> None:
        """Leave the session."""
        if self._client is not None:
            self._client.close()

    def acts(self) -> Sequence[Callable[[], None]]:
        """What is done in turn."""
        return self.open_page, self.translate, self.send_no_picture

    def open_page(self) -> None:
        """Open the page as a browser does: its files, and the preview and translations of the first example."""
        page = self.fetch(f"{self._address}/").decode()
        for path in sorted(set(re.findall(r'(?:src|href)="\.?/((?:assets|theme)[^"]+)"', page))):
            self.fetch(f"{self._address}/{path}")
        config = self.fetch(f"{self._address}/config").decode()
        for path in sorted(set(re.findall(r'"path":\s*"(?!http)([^"]+\.(?:jpg|png))"', config))):
            self.fetch(f"{self._address}/gradio_api/file={path}")
        (first,) = {path for path in re.findall(r'"path":\s*"([^"]+)"', config) if path.endswith(FIRST_EXAMPLE)}
        picture = {"path": first, "meta": {"_type": "gradio.FileData"}}
        shown = [self.ask("/preview", path=picture, **PLACE)]
        shown.append(self.ask("/translate", path=picture, **PLACE, **style(FIRST_MODEL, 7, 6)))
        for answer in shown:
            for url in urls_in(answer):
                self.fetch(url)

    def send_no_picture(self) -> None:
        """Send a file that is no picture, and be told so."""
        case = self._rng.choice(refused_files())
        path = Path(self._folder.name) / case.name
        path.write_bytes(case.content)
        try:
            self.ask("/preview", path=handle_file(path), **PLACE)
        except AppError as error:
            if is_sentence(str(error)):
                return
            raise
        raise AssertionError(f"{case.name}, which is no picture, was taken")

    def translate(self) -> None:
        """Send a picture of one's own, wait for its translation, and compare it with the right one."""
        picture = blobs(1000 * self.number + self._rng.randrange(1000), 96, 96)
        seed = 100 * self.number + self._rng.randrange(100)
        model = self._rng.choice(list(self._translators))
        path = Path(self._folder.name) / "sent.png"
        picture.save(path)
        begun = time.monotonic()
        answer = self.ask("/translate", path=handle_file(path), **PLACE, **style(model, seed, 1))
        self._told.waits.append(time.monotonic() - begun)
        files = [self.fetch(url) for url in urls_in(answer)]
        with Image.open(io.BytesIO(files[0])) as got:
            difference = apart(self._expected(model, picture, seed), got)
        if difference > MOST_APART:
            self._told.wrong.append(f"visitor {self.number}, {model}, seed {seed}: {difference:.1f} apart")

    def ask(self, action: str, **values: Any) -> Any:
        """An action's answer, with its files' addresses."""
        assert self._client is not None, "come first"
        return self._client.submit(**values, api_name=action).result(timeout=ANSWER_SECONDS)

    def fetch(self, url: str) -> bytes:
        """A file, checked against what was announced and what others got."""
        return fetch(self._http, url, self._told)

    def _expected(self, model: str, picture: Image.Image, seed: int) -> Image.Image:
        translator = self._translators[model]
        seen = images.cut(picture, translator.resolution)
        (expected,) = translator.render(translator.plan(seen), translator.sample(1, seed))
        return expected


def fetch(http: httpx.Client, url: str, told: Told) -> bytes:
    """A file, checked against what was announced and what came under this address before."""
    try:
        with http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            response.raise_for_status()
            content = b"".join(response.iter_raw())
    except httpx.RemoteProtocolError as error:  # the transfer broke off
        told.files += 1
        told.broken.append(f"{url}: {error}")
        return b""
    length = response.headers.get("content-length")
    if response.headers.get("transfer-encoding") == "chunked":  # whose end the protocol tells
        length = str(len(content))
    told.check_file(url, content, length)
    return content


@functools.cache
def refused_files() -> list[Case]:
    """Files that are no pictures, small enough to be sent often."""
    return [case for case in corpus() if case.accepted is False and 0 < len(case.content) < 100_000]


def style(model: str, seed: int, count: int) -> dict[str, Any]:
    """What "translate" takes besides the picture."""
    sampled = {"guidance": "Drawn styles", "count": count, "seed": seed, "temperature": 1}
    return {"model_name": model, **sampled, "exemplar_path": None}


def urls_in(answer: Any) -> Iterator[str]:
    """The addresses of the files in an answer."""
    if isinstance(answer, dict):
        if isinstance(answer.get("url"), str):
            yield answer["url"]
        answer = list(answer.values())
    if isinstance(answer, list | tuple):
        for part in answer:
            yield from urls_in(part)


def visit_together(
    make: Callable[[int, Told], Visitor], visitors: int, seconds: float, held: Callable[[], Held]
) -> Told:
    """Let visitors come at once for some seconds, and watch what the server holds meanwhile.

    Args:
        make: makes a visitor of a number.
        visitors: how many.
        seconds: after which no visitor sends anything more.
        held: tells what the server holds now.
    """
    told = Told()
    everyone = [make(number, told) for number in range(visitors)]
    begun = time.monotonic()
    threads = [threading.Thread(target=visitor.visit, args=(begun + seconds,), daemon=True) for visitor in everyone]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        told.held.append((time.monotonic() - begun, held()))
        time.sleep(SAMPLE_SECONDS)
    told.seconds = time.monotonic() - begun
    return told
