"""Whether translations move with their sources, and what the skips have to do with it.

    follows     distance(G(T x), T G(x)) / distance(G(x'), T G(x)) for a flip, a shift and a zoom T of the source x, in
                the features of a net that the losses look through least: 0 moves with the picture, 1 no
                more than another picture's translation does
    gate swap, open channels, zeros: see `networks.skip_health`

All translations of one source are in one style, also that of another source x'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit import images
from gpunit.engine.translator import Plan, Translator
from gpunit.evaluation.metrics import NETS, independent_net
from gpunit.evaluation.sharing import shared
from gpunit.networks.skip_health import SkipHealth, mask_figures, share_of

# By name: the affine maps (2, 3), from places of the result to places of the source, in [-1, 1].
TRANSFORMS: Mapping[str, Tensor] = {
    "flip": torch.tensor([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "shift": torch.tensor([[1.0, 0.0, 0.25], [0.0, 1.0, 0.0]]),  # by an eighth of the side
    "zoom": torch.tensor([[0.8, 0.0, 0.0], [0.0, 0.8, 0.0]]),
}
# Translations of a source besides G(x): of each transform, of another source, and with that one's gates.
RENDERED = len(TRANSFORMS) + 2
# What the losses of the small family look through; without VGG16, Lite2 judges, which only small-finish uses.
_USED = ("efficientnet-lite0", "efficientnet-lite2")


@dataclass(frozen=True)
class Motion:
    """The measures of one source domain.

    Attributes:
        follows: by the transform's name; 0 is best.
        skips: the skips' health.
    """

    follows: Mapping[str, float]
    skips: SkipHealth

    def as_dict(self) -> dict[str, float]:
        """All figures by name: follows_flip, follows_shift, follows_zoom, and those of the skips."""
        return {**{f"follows_{name}": value for name, value in self.follows.items()}, **self.skips.as_dict()}


def moved(pictures: Tensor, transform: Tensor) -> Tensor:
    """Pictures (B, 3, S, S) under an affine map (2, 3); what lies beyond the border is mirrored at it."""
    grid = F.affine_grid(
        transform.to(pictures).expand(len(pictures), -1, -1), list(pictures.shape), align_corners=False
    )
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


@torch.inference_mode()
def measure_motion(
    translator: Translator,
    sources: Tensor,
    chosen: Sequence[int],
    styles: Tensor,
    translated: Tensor,
    step: Callable[[int], None] = lambda rendered: None,
) -> Motion:
    """Measure some translations.

    Args:
        translator: whose.
        sources: (N, 3, S, S) in [-1, 1], N at least 2; the picture after x is its x'.
        chosen: which of them are measured.
        styles: (N, D) the style of each.
        translated: (N, 3, S, S) G(x) of each in its style.
        step: called with the number of pictures that were rendered since the last call.
    """

    def measured(index: int) -> tuple[dict[str, Tensor], dict[int, Tensor]]:
        own, other = (_plan_of(translator, sources[i, None]) for i in (index, (index + 1) % len(sources)))
        shown = {
            **{name: _plan_of(translator, moved(sources[index, None], each)) for name, each in TRANSFORMS.items()},
            "other": other,
            "swapped": Plan(own.content, other.gates),
        }
        rendered = {name: translator.render_tensor(plan, styles[index, None]).cpu() for name, plan in shown.items()}
        return rendered, {size: gate.mask.cpu() for size, gate in own.gates.items()}

    answers, masks = [], []
    for rendered, mask in shared(measured, chosen):
        answers.append(rendered)
        masks.append(mask)
        step(RENDERED)
    stacked = {name: torch.cat([each[name] for each in answers]) for name in answers[0]}
    plain = translated[list(chosen)]
    opened, zeros = mask_figures({size: torch.cat([mask[size] for mask in masks]) for size in masks[0]})
    gate_swap = share_of(stacked["swapped"] - plain, stacked["other"] - plain)
    return Motion(_follows(stacked, plain, translator.device), SkipHealth(opened, zeros, gate_swap))


def _plan_of(translator: Translator, picture: Tensor) -> Plan:
    return translator.plan(images.to_pictures(picture)[0])


def _follows(answers: Mapping[str, Tensor], plain: Tensor, device: torch.device) -> dict[str, float]:
    net = NETS[independent_net(_USED)]().to(device)

    def features(pictures: Tensor) -> Tensor:
        return torch.cat([net.spatial(part.to(device)).cpu() for part in pictures.split(16)])

    other, follows = features(answers["other"]), {}
    for name, transform in TRANSFORMS.items():
        wanted = features(moved(plain, transform))
        follows[name] = share_of(features(answers[name]) - wanted, other - wanted)
    return follows
