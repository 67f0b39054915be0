"""What the units of a generator's layers respond to, and what they cause.

A unit is one channel of a layer's map.  It follows an object as far as the places where it is high are the object's:

    IoU_u = |r_u > t_u  ∧  s| / |r_u > t_u  ∨  s|      r_u: the unit's map, s: the object's mask, over many pictures

and t_u is the level of the highest information quality ratio I(r_u > t_u; s) / H(r_u > t_u, s), of those levels above
which the object is more frequent.  Whether a unit causes what it follows is seen when it is switched: held at a low
or high level in a region.

Bau, Zhu, Strobelt, Zhou, Tenenbaum, Freeman and Torralba, "GAN Dissection: Visualizing and Understanding Generative
Adversarial Networks", ICLR 2019.  There a unit is switched off to 0; the layers here are sums of residuals, of which
0 is no particular level, so that a quantile takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from gpunit.engine.masks import painted_cells
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Column, PriorError
from gpunit.prior.inference import Edit

PICTURES = 32
LOW, HIGH = 0.05, 0.95
# Units and masks are compared at this side; larger maps are averaged, so that those of 512 px fit a small machine.
_SIDE = 32
_UNITS_AT_ONCE = 32
_LEVELS = 64
_NUMBERS_AT_ONCE = 2**24  # of maps, before they are averaged


@dataclass(frozen=True)
class Levels:
    """How low and high the units of a layer are, over many pictures.

    Attributes:
        layer: its number.
        low: (C,), what 5% of the places are below.
        high: (C,), what 95% are below.
    """

    layer: int
    low: Tensor
    high: Tensor


@dataclass(frozen=True)
class Dissection:
    """How well the units of a layer follow an object.

    Attributes:
        levels: of the units.
        overlaps: (C,), intersection over union with the object's mask, in [0, 1].
        thresholds: (C,), above which a unit counts as on.
        chance: the overlap of a unit that is on everywhere: the mask's share of the pictures.
    """

    levels: Levels
    overlaps: Tensor
    thresholds: Tensor
    chance: float

    def ranking(self) -> list[int]:
        """The units, the one that follows best first."""
        return self.overlaps.argsort(descending=True, stable=True).tolist()


def activations(
    prior: Prior, latents: LatentCodes, columns: Sequence[Column], layer: int, unit: int | None = None
) -> Tensor:
    """How active a layer is in every place of some pictures.

    Args:
        prior: whose.
        latents: codes, paired up with the columns.
        columns: classes and mixtures.
        layer: number of one of its layers.
        unit: one of the layer's units; by default the root mean square of all.

    Returns:
        (N, S, S), S the side of the layer's map.

    Raises:
        PriorError: for a layer or unit that is not there, or other numbers of codes and columns.
    """
    parts, at_once = [], _at_once(prior, layer)
    for start in range(0, max(len(latents), len(columns)), at_once):
        some = LatentCodes(latents.codes[start : start + at_once], latents.truncation)
        features = prior.features(some, columns[start : start + at_once], layer=layer)
        if unit is None:
            parts.append(features.square().mean(1).sqrt())
        else:
            require_units([unit], features.shape[1])
            parts.append(features[:, unit].clone())
    return torch.cat(parts)


def read_units(text: str) -> list[int]:
    """Numbers of units as they are written, with commas between them.

    >>> read_units("3, 17")
    [3, 17]

    Raises:
        PriorError: for anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 8 for part in parts):
        raise PriorError(f"units are numbers with commas between them, such as 3,17, not {text!r}.")
    return [int(part) for part in parts]


def require_units(units: Sequence[int], count: int) -> None:
    """Refuse numbers of units that a layer with so many does not have.

    Raises:
        PriorError: for such a number, or for none.
    """
    wrong = [unit for unit in units if not 0 <= unit < count]
    if wrong or not units:
        named = ", ".join(map(str, wrong)) or "none"
        raise PriorError(f"the layer has units 0 to {count - 1}, and {named} was named; give some of those.")


def find_levels(prior: Prior, layer: int, columns: Sequence[Column], seed: int = 0, truncation: float = 0.7) -> Levels:
    """How low and high a layer's units are, in some pictures of every column; arguments and errors as for `dissect`."""
    maps = torch.cat([maps for maps, *_ in _sampled(prior, layer, columns, seed, truncation)])
    return _levels(maps, layer)


def dissect(
    prior: Prior,
    layer: int,
    columns: Sequence[Column],
    find_masks: Callable[[Tensor], Tensor],
    seed: int = 0,
    truncation: float = 0.7,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Dissection:
    """Find how well every unit of a layer follows the object in pictures of some columns.

    Args:
        prior: whose.
        layer: number of one of its layers.
        columns: the classes and mixtures that are rendered, from the same codes; some 32 pictures in all.
        find_masks: of pictures (N, 3, S, S) in [-1, 1] the object's masks (N, 1, H, W), above 0 on the object.
        seed: of the codes.
        truncation: of the codes.
        report: called with (pictures so far, pictures in all).

    Raises:
        PriorError: for a layer or truncation that is not there, or no columns.
    """
    parts, masks, total = [], [], _codes(columns) * len(columns)
    for maps, latents, labels in _sampled(prior, layer, columns, seed, truncation):
        parts.append(maps)
        found = (find_masks(prior.render(latents, labels).clone()) > 0).float()
        masks.append(F.adaptive_avg_pool2d(found, _SIDE) > 0.5)
        report(sum(map(len, parts)), total)
    maps, mask = torch.cat(parts), torch.cat(masks).flatten()
    overlaps, thresholds = [], []
    for units in maps.split(_UNITS_AT_ONCE, 1):
        overlap, threshold = _followed(_compared(units), mask)
        overlaps.append(overlap)
        thresholds.append(threshold)
    return Dissection(_levels(maps, layer), torch.cat(overlaps), torch.cat(thresholds), float(mask.float().mean()))


def switch(levels: Levels, units: Sequence[int], is_on: bool, region: NDArray[np.bool_] | None = None) -> Edit:
    """An edit for `Prior.render` that holds units of a layer at their high or low level.

    Args:
        levels: of the layer's units.
        units: their numbers.
        is_on: high instead of low.
        region: (H, W), True where they are switched; by default everywhere.

    Raises:
        PriorError: for units that are not there.
    """
    require_units(units, len(levels.low))
    chosen = torch.tensor(sorted(set(units)))
    level = (levels.high if is_on else levels.low)[chosen][None, :, None, None]

    def edit(number: int, x: Tensor) -> Tensor:
        if number != levels.layer:
            return x
        index, held = chosen.to(x.device), level.to(x)
        inside = None if region is None else painted_cells(region, x.shape[-1]).to(x.device)
        changed = x.clone()
        changed[:, index] = held if inside is None else torch.where(inside, held, x[:, index])
        return changed

    return edit


def _codes(columns: Sequence[Column]) -> int:
    """How many codes make the pictures of all columns."""
    if not columns:
        raise PriorError("units are compared over pictures of some class; name one at least.")
    return max(4, PICTURES // len(columns))


def _sampled(
    prior: Prior, layer: int, columns: Sequence[Column], seed: int, truncation: float
) -> Iterator[tuple[Tensor, LatentCodes, list[Column]]]:
    """Maps (N, C, s, s) of a layer, s at most 32, and the codes and columns that they are of, a few at a time."""
    count, at_once = _codes(columns), _at_once(prior, layer)
    codes = prior.latents(count, seed, truncation).codes.repeat_interleave(len(columns), 0)
    labels = list(columns) * count
    for start in range(0, len(codes), at_once):
        latents, some = LatentCodes(codes[start : start + at_once], truncation), labels[start : start + at_once]
        maps = prior.features(latents, some, layer=layer)
        yield (F.adaptive_avg_pool2d(maps, _SIDE) if maps.shape[-1] > _SIDE else maps).clone(), latents, some


def _at_once(prior: Prior, layer: int) -> int:
    """How many maps of a layer are held at once."""
    shape = next((each for each in prior.layers if each.number == layer), None)
    return min(8, max(1, _NUMBERS_AT_ONCE // (shape.channels * shape.size**2))) if shape else 1


def _levels(maps: Tensor, layer: int) -> Levels:
    """Levels of maps (N, C, s, s), a few units at a time."""
    found = []
    for units in maps.split(_UNITS_AT_ONCE, 1):
        ordered = units.transpose(0, 1).flatten(1).sort(1).values
        places = [round(share * (ordered.shape[1] - 1)) for share in (LOW, HIGH)]
        found.append(ordered[:, places])
    low, high = torch.cat(found).unbind(1)
    return Levels(layer, low, high)


def _compared(units: Tensor) -> Tensor:
    """Maps (N, U, s, s) at the side of the masks: (U, places)."""
    larger = F.interpolate(units, (_SIDE, _SIDE), mode="bilinear") if units.shape[-1] != _SIDE else units
    return larger.transpose(0, 1).flatten(1)


def _followed(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Overlaps and thresholds (U,) of values (U, places) with a mask (places,), at the level that tells most of it."""
    ordered, order = values.sort(1, descending=True)
    places, share = len(mask), mask.float().mean()
    # So many places are on at every level that is tried; of them, so many are the object's.
    on = torch.linspace(places / (_LEVELS + 1), places - places / (_LEVELS + 1), _LEVELS).long()
    both = mask[order].cumsum(1)[:, on - 1].double()
    alone, missed = on - both, mask.sum() - both
    joint = torch.stack([both, alone, missed, places - both - alone - missed]) / places
    entropy = torch.special.entr(joint).sum(0)
    marginal = sum(
        torch.special.entr(torch.stack([each, 1 - each])).sum(0)
        for each in (on.double() / places, share.double().expand(_LEVELS))
    )
    quality = (marginal - entropy) / entropy.clamp_min(1e-9)
    quality = quality.masked_fill(both / on <= share, -1)
    best = quality.argmax(1, keepdim=True)
    overlap = (both / (both + alone + missed)).gather(1, best)[:, 0]
    follows = quality.gather(1, best)[:, 0] > -1
    return (overlap * follows).float(), ordered[:, on].gather(1, best)[:, 0]
