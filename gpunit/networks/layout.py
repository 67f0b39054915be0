"""Where an object lies in a picture and how large it is, as three numbers of a latent code.

A code z ~ N(0, I) begins with the layout: place across, place down, and size.  Each is passed through the normal
distribution function Φ, so that every layout is as likely as its code:

    size = S0 + (S1 - S0) Φ(z2)^SKEW,    centre = 1/2 + room(size) (2 Φ(z) - 1)

where room(size) leaves the object inside the picture.  All classes share these formulas, so a code puts the objects of
all classes in the same place.  Not in the paper, whose BigGAN has learned its layouts from ImageNet.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LAYOUT_DIM = 3
LAYOUT_CHANNELS = 3  # of `Layout.maps`

_SMALLEST, _LARGEST, _SKEW = 0.40, 0.92, 0.75
_MARGIN, _LEAST_ROOM = 1.08, 0.02


@dataclass(frozen=True)
class Layout:
    """Centres and sizes of objects.

    Attributes:
        across, down: the centres (B,), as shares of the picture's side from its left and upper edge.
        size: the sides (B,) of the squares that the objects fill, as shares of the picture's side.
    """

    across: Tensor
    down: Tensor
    size: Tensor

    def moved(self, across: Tensor, down: Tensor) -> Layout:
        """The layouts of pictures that were shifted by (B,) shares of their side."""
        return Layout(self.across + across, self.down + down, self.size)

    def replaced(self, chosen: Tensor) -> Layout:
        """The layouts with those that are `chosen` (B,) exchanged for the layout before them in the batch."""
        return Layout(*(torch.where(chosen, x.roll(1, 0), x) for x in (self.across, self.down, self.size)))

    def maps(self, side: int) -> Tensor:
        """Maps (B, 3, side, side): a soft square in [-1, 1] where the object lies, and distances from its centre.

        The distances, across and down, are in units of the object's size and cut off at ±1.2.
        """
        place = (torch.arange(side, device=self.size.device) + 0.5) / side
        across = ((place - self.across[:, None]) / self.size[:, None])[:, None, :].expand(-1, side, -1)
        down = ((place - self.down[:, None]) / self.size[:, None])[:, :, None].expand(-1, -1, side)
        inside = torch.sigmoid((0.5 - torch.maximum(across.abs(), down.abs())) * 12)
        return torch.stack([2 * inside - 1, across.clamp(-1.2, 1.2), down.clamp(-1.2, 1.2)], dim=1)


def layout_of(code: Tensor) -> Layout:
    """The layouts of latent codes (B, D), from their first three numbers.

    Examples:
        >>> layout = layout_of(torch.zeros(1, 64))
        >>> layout.across.item(), round(layout.size.item(), 2)
        (0.5, 0.71)
    """
    share = torch.special.ndtr(code[:, :LAYOUT_DIM].float())
    size = _SMALLEST + (_LARGEST - _SMALLEST) * share[:, 2] ** _SKEW
    room = ((1 - _MARGIN * size) / 2).clamp_min(_LEAST_ROOM)
    return Layout(0.5 + room * (2 * share[:, 0] - 1), 0.5 + room * (2 * share[:, 1] - 1), size)
