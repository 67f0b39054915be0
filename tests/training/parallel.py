"""Starts the processes of one training run on this machine, as `accelerate launch` does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gpunit.seeds import seed_step
from gpunit.training.checkpoints import load_checkpoint
from gpunit.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 300  # seconds; ten suffice, but not beside other work

# Every process meets on this machine's own interface: elsewhere, a host's name may lead nowhere.
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
_SAYS_WHERE_IT_HANGS = f"import faulthandler; faulthandler.dump_traceback_later({DEADLINE - 30})\n"


def run_in_two_processes(program: str, folder: Path, *arguments: str) -> None:
    """Run Python code as the two processes of one run; both are ended as soon as one fails.

    Args:
        program: the code.
        folder: an empty one, for what they say.
        arguments: sys.argv[1:].

    Raises:
        AssertionError: with what both said, if one fails or they do not end in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": _LOOPBACK,
        "ACCELERATE_USE_CPU": "true",
        # accelerate gives each process all cores otherwise, and their threads spend their time waiting for each other.
        "OMP_NUM_THREADS": "1",
    }
    said = [folder / f"process-{rank}.txt" for rank in range(2)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for rank, path in enumerate(said):
            with path.open("wb") as file:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-c", _SAYS_WHERE_IT_HANGS + program, *arguments],
                        cwd=ROOT,
                        env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                        stdout=file,
                        stderr=file,
                    )
                )
        end = time.monotonic() + DEADLINE
        while any(process.poll() is None for process in processes) and time.monotonic() < end:
            if any(process.poll() for process in processes):
                break
            time.sleep(0.05)
        codes = [process.poll() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert codes == [0, 0], "\n".join(f"{code}: {path.read_text()}" for code, path in zip(codes, said, strict=True))


# What steps lead to: the first step's gradients, a dictionary for each network, and "results".
Answer = dict[str, dict[str, Tensor]]

_STEPS = """
import sys, torch
from importlib import import_module
answer = import_module(sys.argv[2]).steps()
if answer:
    torch.save(answer, sys.argv[1])
"""
# Calls `run_of(run, *paths)` of a module: sys.argv[1:].
RUN = """
import sys
from importlib import import_module
from pathlib import Path
import_module(sys.argv[1]).run_of(*map(Path, sys.argv[2:]))
"""


@contextmanager
def float64() -> Iterator[None]:
    """Inside, networks are made in float64, and stay there where they ask for float32: laws hold to its rounding."""
    before = torch.get_default_dtype()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "float", Tensor.double)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def taken_steps(trainer: Trainer, networks: Sequence[str], step: Callable[[int], object], steps: int = 2) -> Answer:
    """Take steps, seeded as a run's are; the gradients of the first one, by network."""
    gradients: Answer = {}
    for number in range(steps):
        seed_step(7, number)
        step(number)
        if not number:
            for part in networks:
                named = getattr(trainer, part).named_parameters()
                gradients[part] = {name: p.grad.clone() for name, p in named if p.grad is not None}
    return gradients


def both_processes(module: str, folder: Path) -> Answer:
    """What `steps()` of a test's module gives the main one of two processes."""
    path = folder / "two.pt"
    run_in_two_processes(_STEPS, folder, str(path), module)
    answer: Answer = torch.load(path, weights_only=True)
    return answer


def assert_alike(two: Answer, one: Answer) -> None:
    """Gradients and results in float64 are the same up to rounding."""
    assert two.keys() == one.keys()
    for part in one.keys() - {"results"}:
        assert two[part].keys() == one[part].keys()
        assert one[part]
        whole, halves = (torch.cat([each[name].flatten() for name in one[part]]) for each in (one[part], two[part]))
        assert whole.dtype == torch.float64
        assert (whole - halves).norm() < 1e-9 * whole.norm(), part
    for name, expected in one["results"].items():
        assert torch.allclose(two["results"][name], expected, rtol=0, atol=1e-6), name


def assert_same_runs(module: str, folder: Path, *arguments: Path) -> None:
    """`run_of(run, *arguments)` of a test's module, a step long, leaves in two processes what it leaves in one.

    Compared are the files, and the gradients as Adam remembers them: its updates alone would hide which pictures they
    are of.  They agree to a hundredth: in fp32, rounding turns the sign of D's smallest updates, through which G's go.
    """
    run_in_two_processes(RUN, folder, module, str(folder / "two"), *map(str, arguments))
    import_module(module).run_of(folder / "one", *arguments)
    files = [sorted(path.name for path in (folder / name).iterdir() if path.is_file()) for name in ("two", "one")]
    assert files[0] == files[1]
    two, one = (load_checkpoint(folder / name / "checkpoint.pt") for name in ("two", "one"))
    assert two["step"] == one["step"] == 1
    optimizers = [name for name in one if name.startswith("optimizer")]
    assert optimizers
    for name in optimizers:
        got, wanted = (
            torch.cat([each["exp_avg"].flatten() for each in state[name]["state"].values()]) for state in (two, one)
        )
        assert wanted.norm() > 0
        assert (got - wanted).norm() < 1e-2 * wanted.norm(), name
