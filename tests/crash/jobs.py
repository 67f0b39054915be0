"""Work that is killed at random moments, each in a process of its own, and what must hold whenever it is looked at."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch

from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training.bundle import bundle_translator
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.prior.trainer import train_prior
from gpunit.training.run import RunSettings
from gpunit.training.sampler import SamplerRecipe
from gpunit.training.stage1.trainer import DistillationData, distill
from gpunit.training.stage2.small import train
from gpunit.zoo import ledger, published, weights
from gpunit.zoo.fetching import fetch
from gpunit.zoo.published import CONTENT_ENCODER, import_published
from tests.conftest import TINY, TINY_DISTILLATION, TINY_PRIOR, TINY_SMALL, blobs
from tests.parity.recipe import make_state, read_layout

STEPS, SAVE_EVERY = 8, 2
CONTENT = random.Random(0).randbytes(1 << 22)
PIECE = 1 << 16
PARITY = Path(__file__).resolve().parents[1] / "parity"


def prepare_training(folder: Path) -> None:
    """Pictures to train on, under equal names in two classes, and their maps."""
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        (folder / "maps" / name).mkdir(parents=True)
        for index in range(4):
            blobs(index + len(name)).save(folder / name / f"{index}.png")
            blobs(index).convert("L").save(folder / "maps" / name / f"{index}.png")


def _train_small(folder: Path, settings: RunSettings) -> None:
    torch.manual_seed(1)
    train([folder / "dog"], [folder / "cat"], ContentEncoder(TINY.content_encoder), TINY_SMALL, settings)


def _distill(folder: Path, settings: RunSettings) -> None:
    data = DistillationData(folder, folder / "maps", folder, folder / "maps", ("cat", "dog"))
    distill(data, TINY_DISTILLATION, settings)


def _train_prior(folder: Path, settings: RunSettings) -> None:
    train_prior([folder / "cat", folder / "dog"], TINY_PRIOR, settings)


TRAININGS: Mapping[str, Callable[[Path, RunSettings], None]] = {
    "train": _train_small,
    "distill": _distill,
    "train-prior": _train_prior,
}


def run_training(folder: Path, stage: str, run: str = "run") -> None:
    """A whole training, or what is left of it."""
    torch.set_num_threads(1)
    TRAININGS[stage](folder, RunSettings(folder / run, STEPS, seed=3, save_every=SAVE_EVERY))


def saved_step(folder: Path) -> int:
    """How far the run's checkpoint is; it is whole whenever it is there."""
    path = folder / "run" / "checkpoint.pt"
    return int(load_checkpoint(path)["step"]) if path.exists() else 0


def logged_step(folder: Path) -> int:
    """How far the run's log is; a line that was cut off counts for nothing."""
    path = folder / "run" / "stats.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return max([json.loads(line)["step"] for line in lines if line.endswith("\n")], default=0)


def same_as_unbroken(folder: Path, stage: str) -> bool:
    """Whether the run ended bit for bit as one that was never killed."""
    if not (folder / "unbroken").exists():
        run_training(folder, stage, "unbroken")
    got, wanted = (load_checkpoint(folder / run / "checkpoint.pt") for run in ("run", "unbroken"))
    networks = [name for name, part in wanted.items() if isinstance(part, dict) and not name.startswith("optimizer")]
    return got["step"] == wanted["step"] == STEPS and all(
        torch.equal(got[part][name], tensor) for part in networks for name, tensor in wanted[part].items()
    )


def prepare_fit(folder: Path) -> None:
    """A run of stage II and its content encoder."""
    prepare_training(folder)
    _train_small(folder, RunSettings(folder / "run", 1))
    torch.manual_seed(1)
    tensors = ContentEncoder(TINY.content_encoder).state_dict()
    weights.write_weights(folder / "content.safetensors", tensors, {"kind": "content_encoder"}, half=False)


def run_fit(folder: Path, name: str = "translator") -> None:
    """Fit a sampler of styles and write the finished translator."""
    torch.set_num_threads(1)
    output = folder / f"{name}.safetensors"
    fit = SamplerRecipe(codes_seen=20_000)
    bundle_translator(folder / "run", folder / "cat", TINY, folder / "content.safetensors", output, fit, seed=3)


def fitted_is_whole(folder: Path) -> bool:
    """Whether what lies under the final name, if anything does, can be read to its last tensor."""
    path = folder / "translator.safetensors"
    return not path.exists() or weights.read_weights(path)[1]["kind"] == "translator"


def same_as_unbroken_fit(folder: Path) -> bool:
    """Whether the translator is the one of a fit that was never killed."""
    run_fit(folder, "unbroken")
    (got, got_header), (wanted, header) = (
        weights.read_weights(folder / f"{name}.safetensors") for name in ("translator", "unbroken")
    )
    return got_header == header and all(torch.equal(got[name], tensor) for name, tensor in wanted.items())


def prepare_conversion(folder: Path) -> None:
    """A published content encoder, of random weights."""
    folder.mkdir(parents=True)
    layout = read_layout(str(PARITY / "layout.txt"))
    torch.save(published.as_tensors(make_state(layout["content_encoder"])), folder / f"{CONTENT_ENCODER}.pt")


def run_conversion(folder: Path) -> None:
    """Convert it, and note its sum."""
    torch.set_num_threads(1)
    converted = import_published(folder / f"{CONTENT_ENCODER}.pt", folder, "content_encoder")
    ledger.record_sum(folder, converted.name, digest(converted))


def converted_is_whole(folder: Path) -> bool:
    """Whether what lies under the final name, if anything does, can be read to its last tensor; and the record too."""
    path = folder / f"{CONTENT_ENCODER}.safetensors"
    noted = ledger.recorded_sum(folder, path.name)
    if not path.exists():
        return not noted
    tensors, header = weights.read_weights(path)
    return len(tensors) > 10 and "imported_sha256" in header and noted in ("", digest(path))


@contextmanager
def slow_server() -> Iterator[tuple[str, list[int]]]:
    """Serves `CONTENT` piece by piece; its address, and where each request began."""
    begins: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "bytes=0-")
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            begins.append(begin)
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(CONTENT) - begin))
            self.end_headers()
            try:
                for start in range(begin, len(CONTENT), PIECE):
                    self.wfile.write(CONTENT[start : start + PIECE])
                    time.sleep(0.01)
            except OSError:
                pass  # who asked was killed

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/weights.bin", begins
    finally:
        server.shutdown()
        server.server_close()


def run_download(folder: Path, address: str) -> None:
    """Fetch the file, or the rest of it."""
    fetch(address, folder / "weights.bin", sha256=hashlib.sha256(CONTENT).hexdigest())


def downloaded_is_whole(folder: Path) -> bool:
    """Whether what lies under the final name, if anything does, is the file."""
    path = folder / "weights.bin"
    return not path.exists() or path.read_bytes() == CONTENT


@dataclass
class Killed:
    """What happened to a job.

    Attributes:
        kills: how often it was killed while it worked.
        finished: how often it ended before its moment came.
        seconds: until each kill.
    """

    kills: int = 0
    finished: int = 0
    seconds: list[float] = field(default_factory=list)


def kill_at_random(
    job: Callable[..., None], arguments: tuple[object, ...], moments: Iterator[float], check: Callable[[], None]
) -> Killed:
    """Start a job again and again, kill it with SIGKILL after each of these seconds, and check what it left each time.

    Then it runs undisturbed, which must end well.
    """
    context = multiprocessing.get_context("forkserver")  # its processes start with everything imported
    context.set_forkserver_preload([__name__])
    told = Killed()
    for moment in moments:
        process = context.Process(target=job, args=arguments)
        process.start()
        process.join(moment)
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
            told.kills += 1
            told.seconds.append(moment)
        process.join()
        if process.exitcode == 0:
            told.finished += 1
        elif process.exitcode != -signal.SIGKILL:
            raise AssertionError(f"{job.__name__} could not go on after {told.kills} kills")
        check()
    process = context.Process(target=job, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        raise AssertionError(f"{job.__name__} could not go on after {told.kills} kills")
    check()
    return told
