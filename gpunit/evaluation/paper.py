"""The paper's protocol, that of StarGAN v2 (Choi et al., CVPR 2020): FID and LPIPS over ten styles of every picture.

Ten styles are sampled for every source test picture.  FID compares all translations with the target's training
pictures; LPIPS is the mean distance of every two of the ten.  Both come from torchmetrics, and their nets need weights
that have to be downloaded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpunit import images
from gpunit.engine.translator import Translator
from gpunit.evaluation.sharing import is_main, shared
from gpunit.settings import install_command

_CPU = torch.device("cpu")


class EvaluationError(ValueError):
    """A measure that cannot be taken here; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class PaperFigures:
    """The paper's measures of the translations of one source domain.

    Attributes:
        fid: of all styles of all sources, to the target's training pictures.
        lpips: mean distance of every two styles of one source.
    """

    fid: float
    lpips: float


def load_fid(weights: Path | None = None, device: torch.device = _CPU) -> Any:
    """torchmetrics' Fréchet inception distance on the Inception-v3 of the original FID.

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017.  It takes 8-bit pictures, resizes
    them as the original does, and its `reset` forgets all but the real ones.

    Args:
        weights: torch-fidelity's file of Inception's weights; by default torch's cache is looked into, or
            it is fetched.
        device: where it computes.

    Raises:
        EvaluationError: if torchmetrics or the weights are not to be had.
    """
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance

        path = str(weights) if weights else None
        return FrechetInceptionDistance(
            reset_real_features=False, feature_extractor_weights_path=path, antialias=False, sync_on_compute=False
        ).to(device)
    except (ImportError, OSError) as error:
        raise EvaluationError(
            f"FID cannot be computed ({error}): {install_command('evaluate')}, and where there is no "
            "network put weights-inception-2015-12-05-6726825d.pth of torch-fidelity into "
            f"{torch.hub.get_dir()}/checkpoints or name it with --inception."
        ) from None


def load_lpips(device: torch.device = _CPU) -> Callable[[Tensor, Tensor], Tensor]:
    """torchmetrics' LPIPS on AlexNet: a function of two batches (B, 3, H, W) in [-1, 1], their mean distance.

    Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.

    Raises:
        EvaluationError: if torchmetrics or AlexNet's weights are not to be had.
    """
    try:
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

        return LearnedPerceptualImagePatchSimilarity(net_type="alex").to(device)
    except (ImportError, OSError) as error:
        raise EvaluationError(
            f"LPIPS cannot be computed ({error}): {install_command('evaluate')}, and where there is no "
            f"network put alexnet-owt-7be5be79.pth of torchvision into {torch.hub.get_dir()}/checkpoints."
        ) from None


@torch.inference_mode()
def show_target(fid: Any, batches: Iterable[Tensor], device: torch.device = _CPU) -> None:
    """Feed the target's training pictures, batches (B, 3, S, S) in [-1, 1], to a FID of `load_fid`; once is enough."""
    for batch in batches:
        fid.update(images.to_uint8(batch.to(device)), real=True)


@torch.inference_mode()
def evaluate_paper(
    translator: Translator,
    sources: Tensor,
    fid: Any,
    lpips: Callable[[Tensor, Tensor], Tensor],
    styles: int = 10,
    seed: int = 0,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> PaperFigures:
    """Measure the translations of one source domain as the paper does.

    Args:
        translator: of the target domain; `fid` and `lpips` compute on its device.
        sources: source test pictures (N, 3, S, S) in [-1, 1].
        fid: from `load_fid`, after `show_target`.
        lpips: from `load_lpips`.
        styles: sampled anew for every source.
        seed: of the samples.
        report: called with (sources done, all of them).

    Returns:
        The figures; of several processes, which share the translations, in the main one: elsewhere, NaN.
    """
    fid.reset()
    pictures = images.to_pictures(sources)

    def measured(index: int) -> tuple[Tensor, float]:
        codes = translator.sample(styles, seed + index)
        rendered = translator.render_tensor(translator.plan(pictures[index]), codes).clamp(-1, 1)
        first, second = zip(*combinations(range(styles), 2), strict=True)
        return images.to_uint8(rendered).cpu(), float(lpips(rendered[list(first)], rendered[list(second)]))

    distances = []
    for shown, distance in shared(measured, range(len(pictures))):
        if is_main():
            fid.update(shown.to(translator.device), real=False)
        distances.append(distance)
        report(len(distances), len(sources))
    if not is_main():
        return PaperFigures(math.nan, math.nan)
    return PaperFigures(float(fid.compute()), sum(distances) / len(distances))
