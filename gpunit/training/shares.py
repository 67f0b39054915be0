"""The rows of a batch that one of several processes computes, and what it has to learn of the others'.

A batch is that of all processes together; each decodes and computes its own rows, every so many from its place on.
What is random is drawn for the whole batch in every process, from the same seeds, and each keeps its rows.  Where a
number depends on the whole batch (a batch norm, a mean that something is divided by), it is averaged over them.  So a
run gives the same numbers, up to rounding, on one process as on several, and may go on with another number of them.

Every process's loss is a mean over its rows, and the gradient that is averaged over the processes is that of the mean
of their losses; `gathered` and `averaged` pass gradients on accordingly.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable

from gpunit.training.checkpoints import TrainingError


class Shares:
    """Which of some processes this one is.

    Args:
        index, count: number of this process, from 0, and of all processes.
    """

    def __init__(self, index: int = 0, count: int = 1) -> None:
        self.index, self.count = index, count

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files."""
        return self.index == 0

    def rows(self, count: int) -> range:
        """Which rows of a batch of `count` are this process's."""
        return range(self.index, count, self.count)

    def require_equal_shares(self, **counts: int) -> None:
        """Make sure that the processes can share a batch.

        Args:
            counts: how many of everything a batch has, by name.

        Raises:
            TrainingError: naming what they cannot share equally.
        """
        for name, count in counts.items():
            if count % self.count:
                raise TrainingError(
                    f"{self.count} processes cannot share {count} {name.replace('_', ' ')} equally; choose another "
                    "number of processes, or another batch."
                )

    def whole(self, count: int) -> int:
        """How many rows all processes have together where this one has `count`."""
        return count * self.count

    def share(self, batch: Tensor) -> Tensor:
        """This process's rows of a batch."""
        return batch if self.count == 1 else batch[self.index :: self.count]

    def noise_like(self, rows: Tensor) -> Tensor:
        """Normal noise of the shape of this process's rows, drawn for those of all."""
        if self.count == 1:
            return torch.randn_like(rows)
        return self.share(torch.randn_like(torch.cat([rows.detach()] * self.count)))

    def gathered(self, rows: Tensor) -> Tensor:
        """The whole batch of which these are this process's rows, in its order; all processes have to ask."""
        if self.count == 1:
            return rows
        gathered: Tensor = _Gathered.apply(rows, self.index, self.count)
        return gathered

    def averaged(self, mean: Tensor) -> Tensor:
        """The average of all processes' tensors; all of them have to ask."""
        if self.count == 1:
            return mean
        averaged: Tensor = _Averaged.apply(mean, self.count)
        return averaged

    def moments(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance over a whole batch, of those over every process's rows; all processes have to ask."""
        if self.count == 1:
            return mean, variance
        means, variances = self.gathered(torch.stack([mean, variance])[None]).unbind(1)
        return means.mean(0), variances.mean(0) + means.var(0, correction=0)


# What a process that has no others shares with them.
ALONE = Shares()


class _Gathered(torch.autograd.Function):
    """All processes' rows in the order of the whole batch; the gradient of a row is what all processes add up to."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, index: int, count: int) -> Tensor:
        ctx.place = (index, count)
        sent = _wide(rows).contiguous()
        parts = [torch.empty_like(sent) for _ in range(count)]
        dist.all_gather(parts, sent)
        return torch.stack(parts, 1).flatten(0, 1).to(rows.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        index, count = ctx.place
        return _summed(gradient)[index::count], None, None


class _Averaged(torch.autograd.Function):
    """The mean over the processes, and of its gradients."""

    @staticmethod
    def forward(ctx: Any, mine: Tensor, count: int) -> Tensor:
        ctx.count = count
        return _summed(mine) / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _summed(gradient) / ctx.count, None


def _summed(mine: Tensor) -> Tensor:
    together = _wide(mine).clone(memory_format=torch.contiguous_format)
    dist.all_reduce(together)
    return together.to(mine.dtype)


def _wide(x: Tensor) -> Tensor:
    """Short numbers as fp32: not every backend can send or add them."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
