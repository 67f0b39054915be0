"""Whether moving a code along a principal axis leaves its class as it is, by a classifier's judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.imagenet import CLASS_NAMES, DOMAINS
from gpunit.networks.frozen.efficientnet import EfficientNetLite, EfficientNetLite0, EfficientNetLite2
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.directions import Axes, Move, moved

# What the classifiers were trained with, or near it; small pictures are enlarged.
_SIDE = 224


@dataclass(frozen=True)
class AxisKept:
    """How often a class is still found after a move along one axis.

    Attributes:
        axis: counted from 1.
        kept: share of the pictures whose class was found before and is found after the move.
        pictures: how many were found before, over all moves.
        worst: the smallest share of one class.
    """

    axis: int
    kept: float
    pictures: int
    worst: float


class ClassJudge:
    """Tells whether a picture shows its class: whether the classifier's first guess is among the class's own.

    Args:
        net: a classifier of ImageNet, such as EfficientNet-Lite2's.
        prior: whose pictures are judged.

    Raises:
        PriorError: by `found`, for a class that ImageNet does not have.
    """

    def __init__(self, net: EfficientNetLite, prior: Prior) -> None:
        self._net = net.to(prior.device)
        self._prior = prior

    @torch.inference_mode()
    def found(self, pictures: Tensor, labels: Sequence[int]) -> Tensor:
        """Whether the class is found: (codes, classes) bool of pictures (codes, classes, 3, S, S) in [-1, 1]."""
        own = [torch.tensor(self.own_classes(label)) for label in labels]
        guesses = [self._guess(part) for part in pictures.flatten(0, 1).split(16)]
        guessed = torch.cat(guesses).unflatten(0, pictures.shape[:2])
        return torch.stack([torch.isin(guessed[:, column], each) for column, each in enumerate(own)], dim=1)

    def own_classes(self, label: int) -> tuple[int, ...]:
        """ImageNet's classes that stand for a class of the prior.

        Raises:
            PriorError: if there are none.
        """
        name = self._prior.class_names[label]
        if len(self._prior.class_names) == len(CLASS_NAMES):
            return (label,)
        if name not in DOMAINS:
            raise PriorError(f"a classifier of ImageNet cannot judge {name!r}; name other classes with --classes.")
        return DOMAINS[name].own

    def _guess(self, pictures: Tensor) -> Tensor:
        side = max(_SIDE, pictures.shape[-1])
        larger = F.interpolate(pictures.to(self._prior.device), (side, side), mode="bicubic", antialias=True)
        return self._net.probabilities(larger.clamp(-1, 1)).argmax(1).cpu()


def judge_at_hand(prior: Prior) -> tuple[ClassJudge, str]:
    """A judge by EfficientNet-Lite2, which has no part in training priors, where it is installed; else by Lite0.

    Returns:
        The judge and the classifier's name.
    """
    try:
        return ClassJudge(EfficientNetLite2(), prior), "EfficientNet-Lite2"
    except ModuleNotFoundError:
        return ClassJudge(EfficientNetLite0(), prior), "EfficientNet-Lite0"


def measure_axes(
    prior: Prior,
    axes: Axes,
    labels: Sequence[int],
    latents: LatentCodes,
    judge: ClassJudge,
    reach: float = 2.0,
    count: int = 6,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[AxisKept]:
    """Move codes along each axis, half and all of the reach to both sides, and judge the class again.

    Args:
        prior: renders the pictures.
        axes: of the same prior.
        labels: the classes.
        latents: the codes.
        judge: finds the class in a picture.
        reach: standard deviations to each side.
        count: the first so many axes.
        report: called with (moves so far, moves in all).
    """
    before = judge.found(prior.grid(latents, labels), labels)
    amounts = (-reach, -reach / 2, reach / 2, reach)
    rows = []
    for axis in range(1, min(count, len(axes)) + 1):
        after = torch.stack([_found_after(prior, latents, labels, judge, axes, Move(axis, by)) for by in amounts])
        still = (after & before).sum((0, 1)).double()
        begun = (len(amounts) * before.sum(0)).double()
        seen = begun > 0
        worst = float((still[seen] / begun[seen]).min()) if seen.any() else 0.0
        rows.append(AxisKept(axis, float(still.sum() / begun.sum().clamp_min(1)), int(begun.sum()), worst))
        report(axis, min(count, len(axes)))
    return rows


def _found_after(
    prior: Prior, latents: LatentCodes, labels: Sequence[int], judge: ClassJudge, axes: Axes, move: Move
) -> Tensor:
    return judge.found(prior.grid(moved(latents, axes, [move], len(prior.layers)), labels), labels)
