"""Decoded pictures that lie on the device that trains on them, and are cropped and flipped there."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

_SHARE_OF_FREE_MEMORY = 0.25
WORKERS = 8  # that decode; Pillow decodes outside Python's lock


_living: weakref.WeakSet[ResidentStacks] = weakref.WeakSet()


class ResidentStacks:
    """Stacks of channels (C, S, S) uint8 of several sides S, in one tensor on a device.

    Args:
        count: number of stacks.
        stack: the stack of an index; called once for each, from several threads.
        device: where they are to lie.
    """

    def __init__(self, count: int, stack: Callable[[int], Tensor], device: torch.device) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            stacks = list(pool.map(stack, range(count)))
        self.sides = [each.shape[-1] for each in stacks]
        whole = torch.zeros(count, stacks[0].shape[0], max(self.sides), max(self.sides), dtype=torch.uint8)
        for place, each in zip(whole, stacks, strict=True):
            place[:, : each.shape[-1], : each.shape[-1]] = each
        self._stacks = whole.to(device)
        _living.add(self)

    @property
    def nbytes(self) -> int:
        """Bytes on the device."""
        return self._stacks.nbytes

    def crops(self, indices: list[int], corners: list[tuple[int, int]], flips: list[bool], size: int) -> Tensor:
        """Squares of some stacks, (B, C, size, size) uint8 on the device.

        Args:
            indices: of the stacks.
            corners: upper and left edge of each square, inside its stack.
            flips: whether each square is mirrored.
            size: side of the squares.
        """
        along = torch.arange(size)
        top, left = torch.tensor(corners).unbind(1)
        rows = top[:, None] + along
        columns = left[:, None] + torch.where(torch.tensor(flips)[:, None], along.flip(0), along)
        where = torch.cat([torch.tensor(indices)[:, None], rows, columns], dim=1)
        where = where.to(self._stacks.device, non_blocking=True)
        index, rows, columns = where[:, :1, None], where[:, 1 : size + 1, None], where[:, None, size + 1 :]
        # Indexed over (N, S, S, C), whose channels end up last; permuted, the batch is channels_last as it lies.
        return self._stacks.permute(0, 2, 3, 1)[index, rows, columns].permute(0, 3, 1, 2)


def fits(needed: int, device: torch.device) -> bool:
    """Whether pictures of so many bytes may lie on a device.

    On a GPU, all pictures together take at most a quarter of what would be free without them.
    """
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    held = sum(each.nbytes for each in _living)
    return held + needed <= _SHARE_OF_FREE_MEMORY * (free + held)
