"""Starts the processes of one training run on this machine, as `accelerate launch` does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

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
