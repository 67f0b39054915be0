"""Validation of a run of stage II: how far its translations are from target pictures that it is not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from gpunit.evaluation.metrics import NETS, Reference, independent_net
from gpunit.images import read_batches
from gpunit.training.checkpoints import TrainingError

MOST_PICTURES, _BATCH = 256, 16


class Validation:
    """The kernel distance of translations to held-out target pictures.

    Args:
        translate: sources and exemplars (B, 3, S, S) in [-1, 1] -> translations of their shape.
        source, target: training pictures (N, 3, S, S) in [-1, 1], N at least 2: what is translated, in which style.
        held_out: folder of target pictures that are not trained on; of several targets, of all of them.
        used: names of the networks that the run's losses look through.
        device: where the metric net computes.

    Raises:
        PictureError: for a folder without pictures.
        TrainingError: for one with a single picture.
    """

    def __init__(
        self,
        translate: Callable[[Tensor, Tensor], Tensor],
        source: Tensor,
        target: Tensor,
        held_out: Path,
        used: Sequence[str],
        device: torch.device,
    ) -> None:
        self._translate, self._source, self._target = translate, source, target
        real = torch.cat(list(read_batches(held_out, source.shape[-1], MOST_PICTURES)))
        if len(real) < 2:
            raise TrainingError(f"{held_out} holds one picture, and no distance to it can be measured; give more.")
        self.net_name = independent_net(used)
        self._reference = Reference(NETS[self.net_name]().to(device), real)

    def __call__(self) -> float:
        """Measure."""
        pairs = zip(self._source.split(_BATCH), self._target.split(_BATCH), strict=True)
        return self._reference.distance(torch.cat([self._translate(*pair).cpu() for pair in pairs])).value
