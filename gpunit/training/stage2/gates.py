"""Keeps the masks of the dynamic skips alive and sparse while G is trained.  Not in the paper.

Left alone, short runs shut their gates: L_msk is felt from the first step, what a skip could add is learnt later, and
a mask tanh(relu(a)) that is 0 everywhere has no gradient to open it again.  So gates begin open, the weight of each
layer's L_msk follows the share of exact zeros that is wanted, and the bias of a channel that has stayed shut rises
until it opens for some picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from gpunit.networks.dynamic_skip import DynamicSkip, SkipGate
from gpunit.networks.generator import Generator

OPEN = 0.05  # a channel is open for a picture if its mask is above this somewhere
_STRENGTHENING = 0.01  # change of a weight per step and unit of the zeros that are missing
_MEMORY = 0.98  # decay of what a channel's masks have lately reached
_RISE = 0.01  # of a shut channel's bias per step


def open_gates(generator: Generator, bias: float) -> None:
    """Let every mask of an untrained generator begin at about tanh(bias), and depend little on the picture."""
    for skip in generator.skips.values():
        to_mask = cast(DynamicSkip, skip).to_mask
        assert to_mask.bias is not None
        with torch.no_grad():
            to_mask.weight.mul_(0.5)
        nn.init.constant_(to_mask.bias, bias)


class GateKeeper(nn.Module):
    """The weights of L_msk, a layer each, and what every channel's mask has lately reached.

    Args:
        generator: whose skips are kept.
        zeros: wanted share of exact zeros of every layer, between 0 and 1.
    """

    def __init__(self, generator: Generator, zeros: float) -> None:
        super().__init__()
        self.zeros = zeros
        self.sizes = [size for size, _ in generator.params.encoder_widths]
        width_of = dict(zip(generator.params.sizes, generator.params.widths, strict=True))
        for size in self.sizes:
            self.register_buffer(f"weight_{size}", torch.zeros(()))
            self.register_buffer(f"reached_{size}", torch.ones(width_of[size]))

    def weight(self, size: int) -> Tensor:
        """The weight of the L_msk of a layer, at least 0."""
        return cast(Tensor, getattr(self, f"weight_{size}"))

    def reached(self, size: int) -> Tensor:
        """(C,) the decaying mean of the strongest value of a batch, of every channel of a layer."""
        return cast(Tensor, getattr(self, f"reached_{size}"))

    def sparsity(self, gates: Mapping[int, SkipGate]) -> Tensor:
        """Σ_l w^l mean(m^l), the weighted L_msk of a batch's gates."""
        return torch.stack([self.weight(size) * gate.mask.float().mean() for size, gate in gates.items()]).sum()

    @torch.no_grad()
    def update(self, generator: Generator, gates: Mapping[int, SkipGate]) -> None:
        """After a step, move the weights towards the wanted zeros and lift the channels that have stayed shut.

        Args:
            generator: that made the gates.
            gates: of a batch, by size.
        """
        for size, gate in gates.items():
            mask = gate.mask.float()
            missing = self.zeros - (mask == 0).float().mean()
            self.weight(size).add_(_STRENGTHENING * missing).clamp_(0, 1)
            self.reached(size).lerp_(mask.amax(dim=(0, 2, 3)), 1 - _MEMORY)
            to_mask = cast(DynamicSkip, generator.skips[str(size)]).to_mask
            assert to_mask.bias is not None
            to_mask.bias.add_(_RISE * (self.reached(size) < OPEN).to(to_mask.bias))
