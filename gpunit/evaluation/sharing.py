"""Work that the processes which a launcher has started share: each computes its items, and all get all results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from gpunit.engine.batch import Share
from gpunit.engine.device import pick_device

Item = TypeVar("Item")
Result = TypeVar("Result")


def join(device: torch.device | str = "auto") -> torch.device:
    """Meet the other processes of `accelerate launch` or torchrun, if there are any; the device of this one.

    Args:
        device: where to compute, or "auto"; of several processes, each has a GPU of its own unless this is the CPU.

    Raises:
        ValueError: for a device that is not available, or if the launcher's variables make no sense.
    """
    if Share.of(os.environ).count == 1:
        return device if isinstance(device, torch.device) else pick_device(device)
    from accelerate import PartialState  # which one process can do without

    asked = os.environ.get("ACCELERATE_USE_CPU", "false").lower() in ("1", "true", "yes")
    joined: torch.device = PartialState(cpu=asked or pick_device(str(device)).type == "cpu").device
    return joined


def place() -> tuple[int, int]:
    """Number of this process, from 0, and of all that have met."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else (0, 1)


def is_main() -> bool:
    """Whether this is the process that measures and writes."""
    return place()[0] == 0


def shared(compute: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The results of all items in their order, in every process; each computes every so many of them.

    All processes have to go through all results.  They exchange them in turns, so that few are in memory.

    Args:
        compute: the result of an item, which can be pickled and holds no tensors on a GPU.
        items: the same in all processes.
    """
    index, count = place()
    if count == 1:
        yield from map(compute, items)
        return
    for start in range(0, len(items), count):
        turn = items[start : start + count]
        results: list[Any] = [None] * count
        dist.all_gather_object(results, compute(turn[index]) if index < len(turn) else None)
        yield from results[: len(turn)]
