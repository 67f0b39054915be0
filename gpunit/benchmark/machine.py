"""The machine that is measured, and how works are timed on it.

Works that are compared run in turns, after a warm-up, and medians of their times are given: whatever else the machine
does slows all of them alike.  A matrix product runs in every turn as well.  Its time should always be the same; how far
it varies tells how busy the machine was, and whether ratios of other times can be believed.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gpunit import settings
from gpunit.engine.device import computes_bf16

Figures = dict[str, Any]
Work = Callable[[], object]

MATRIX = 2048  # rows and columns of the matrix product
# Ratios are called unreliable where the slowest matrix product took more than this many times the fastest one's time.
MOST_SPREAD = 1.5
# The machine is called busy where more than this share of its processors had work before the benchmark began.
MOST_LOAD = 0.5

_START = """
import json, time
begun = time.perf_counter()
from gpunit.ui.page import build_page
from gpunit.ui.models import Models
imported = time.perf_counter()
build_page(Models("cpu"))
built = time.perf_counter()
from gpunit.benchmark.machine import peak_memory_mb
print(json.dumps({"import_s": imported - begun, "page_s": built - imported, "memory_mb": peak_memory_mb()}))
"""


@dataclass(frozen=True)
class Timing:
    """Times of works that ran in turns.

    Attributes:
        seconds: median time of each work by its name.
        rounds: turns that the medians are of.
        warm: whether there was time for a warm-up before them.
        matmul_seconds: median time of the matrix product in fp32.
        matmul_spread: time of the slowest matrix product over that of the fastest, at least 1.
    """

    seconds: dict[str, float]
    rounds: int
    warm: bool
    matmul_seconds: float
    matmul_spread: float

    def figures(self) -> Figures:
        """How the times were taken, for the reader of any figures made of them."""
        return {
            "rounds": self.rounds,
            "warm": self.warm,
            "matmul_fp32_gflops": gigaflops_of_matmul(self.matmul_seconds),
            "matmul_spread": self.matmul_spread,
            "reliable": self.matmul_spread <= MOST_SPREAD,
        }


def seconds_of(work: Work, device: torch.device) -> float:
    """Seconds that a work takes until the device has finished it."""
    begun = time.perf_counter()
    work()
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()
    return time.perf_counter() - begun


def in_turns(works: Mapping[str, Work], device: torch.device, deadline: float, most_rounds: int = 7) -> Timing:
    """Time works in turns, and a matrix product before, between and after the turns.

    The first turn is a warm-up and does not count, unless there is no time for another.

    Args:
        works: by name.
        device: where they compute.
        deadline: no turn is begun that would end later, by `time.perf_counter`; one always runs.
        most_rounds: turns that count.
    """
    product = matrix_product(device, torch.float32)
    seconds_of(product, device)
    products: list[float] = []
    turns: list[dict[str, float]] = []
    last = 0.0
    while len(turns) <= most_rounds and (not turns or time.perf_counter() + last <= deadline):
        begun = time.perf_counter()
        products.append(seconds_of(product, device))
        turns.append({name: seconds_of(work, device) for name, work in works.items()})
        last = time.perf_counter() - begun
    products.append(seconds_of(product, device))
    warm = len(turns) > 1
    counted = turns[1:] if warm else turns
    medians = {name: statistics.median(turn[name] for turn in counted) for name in works}
    return Timing(medians, len(counted), warm, statistics.median(products), max(products) / min(products))


def matrix_product(device: torch.device, dtype: torch.dtype) -> Work:
    """The work whose rate is called the machine's peak: a square matrix product."""
    matrix = torch.randn(MATRIX, MATRIX, device=device).to(dtype)
    return lambda: matrix @ matrix


def gigaflops_of_matmul(seconds: float) -> float:
    """Billions of floating-point operations a second of a `matrix_product` that took so long."""
    return 2 * MATRIX**3 / 1e9 / seconds


def machine_figures(device: torch.device) -> Figures:
    """What the numbers are measured on, and what it is doing already."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    figures: Figures = {
        "device": device.type,
        "name": name,
        "threads": torch.get_num_threads(),
        "bf16": computes_bf16(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    if hasattr(os, "getloadavg"):  # not on Windows
        load, processors = os.getloadavg()[0], os.cpu_count() or 1
        figures |= {"load_average": load, "processors": processors, "busy": load > MOST_LOAD * processors}
    return figures


def peak_memory_mb() -> float | None:
    """The most memory that this process has held, in MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, whose getrusage counts what the parent held when it started this process
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def startup_figures() -> Figures:
    """Seconds and memory from nothing to a page ready to be served, in a fresh process.

    Raises:
        RuntimeError: if the page cannot be built.
    """
    begun = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-c", _START], cwd=settings.ROOT, capture_output=True, text=True, check=False
    )
    whole = time.perf_counter() - begun
    if answer.returncode:
        raise RuntimeError(f"the page could not be built: {answer.stderr.strip().splitlines()[-1]}")
    return {"process_s": whole, **json.loads(answer.stdout.splitlines()[-1])}
