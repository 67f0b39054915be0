"""Skip health: how far the dynamic skips of a generator are open, and whether it matters whose gates they are.

    gate swap = mean |G(x, gates of x') - G(x)| / mean |G(x') - G(x)|     in one style, x' another picture

At 0, the skips carry nothing of the picture; near 1, they carry all of it and the content map nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator

# A channel is open where its mask is above this somewhere in some picture.
OPEN = 0.05


@dataclass(frozen=True)
class SkipHealth:
    """The figures of some pictures.

    Attributes:
        open_channels: share of the channels that are open, by the skip's size.
        zeros: share of exact zeros among all numbers of the masks.
        gate_swap: see above; 0 where all pictures are rendered alike.
    """

    open_channels: Mapping[int, float]
    zeros: float
    gate_swap: float

    def as_dict(self) -> dict[str, float]:
        """All figures by name: open_16, open_32, ..., zeros, gate_swap."""
        opened = {f"open_{size}": share for size, share in self.open_channels.items()}
        return {**opened, "zeros": self.zeros, "gate_swap": self.gate_swap}


def mask_figures(masks: Mapping[int, Tensor]) -> tuple[dict[int, float], float]:
    """Shares of open channels by size, and of exact zeros, of masks (B, C, S, S); no zeros where there is no mask."""
    opened = {size: float((mask.amax(dim=(0, 2, 3)) > OPEN).float().mean()) for size, mask in masks.items()}
    numbers = sum(mask.numel() for mask in masks.values())
    return opened, sum(int((mask == 0).sum()) for mask in masks.values()) / max(1, numbers)


def share_of(change: Tensor, whole: Tensor) -> float:
    """mean |change| / mean |whole|; 0 where both are nothing."""
    denominator = float(whole.abs().mean())
    return float(change.abs().mean()) / denominator if denominator else 0.0


@torch.no_grad()
def skip_health(generator: Generator, content: ContentFeatures, style: Tensor, size: int | None = None) -> SkipHealth:
    """Measure a generator on content pictures, each of which is given the gates of the next.

    Args:
        generator: G.
        content: of B pictures, at least 2.
        style: (1, style_dim), the style of all of them.
        size: of the rendered pictures; the full one by default.
    """
    gates = generator.plan_skips(content)
    other_gates = {size: _rolled(gate) for size, gate in gates.items()}
    styles = style.expand(len(content.content), -1)
    own, swapped = (generator.render(content.content, each, styles, size=size).float() for each in (gates, other_gates))
    opened, zeros = mask_figures({size: gate.mask for size, gate in gates.items()})
    return SkipHealth(opened, zeros, share_of(swapped - own, own.roll(1, 0) - own))


def _rolled(gate: SkipGate) -> SkipGate:
    return SkipGate(*(tensor.roll(1, 0) for tensor in (gate.mask, gate.selected_feature, gate.hidden, gate.reset)))
