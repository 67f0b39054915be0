"""How well the features of a prior's layers find the same part again in another class.

A random place inside the object of one picture is looked for in the picture that the same code makes in another class.
It counts as found if the most similar place lies inside that picture's object.  What the same position alone would
find, without any features, is what a layer has to beat: pictures of one code share their layout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Column, PriorError
from gpunit.prior.correspondence import on_raster
from gpunit.prior.inference import LayerTap
from gpunit.prior.table import Layer
from gpunit.seeds import step_generator

# Places are told apart on a raster of so many rows and columns.
RASTER = 32
# Larger maps tell colours and edges rather than parts, and take much memory.
LARGEST_MAP = 64


@dataclass(frozen=True)
class LayerAccuracy:
    """How often one layer's features find an object's place inside the object of another class.

    Attributes:
        number, size: of the layer, and the side of its map.
        matched: share of places whose most similar place lies inside the other object.
        same: share of places whose own position lies inside it.
        area: share of a picture that an object takes, which is what chance finds.
        error: standard error of matched - same, over codes.
        codes: how many codes it is the mean of.
    """

    number: int
    size: int
    matched: float
    same: float
    area: float
    error: float
    codes: int

    @property
    def points(self) -> float:
        """Percentage points above the same position."""
        return 100 * (self.matched - self.same)


def measured_layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers that are measured: those whose maps are at most 64x64."""
    return [layer for layer in layers if layer.size <= LARGEST_MAP]


def measure_correspondence(
    prior: Prior,
    columns: Sequence[Column],
    latents: LatentCodes,
    masks_of: Callable[[Tensor], Tensor],
    places: int = 24,
    seed: int = 0,
) -> Iterator[list[LayerAccuracy]]:
    """Measure all layers, a code at a time; whoever has enough may stop.

    Args:
        prior: whose.
        columns: classes or mixtures, two at least; every ordered pair of them counts.
        latents: the codes.
        masks_of: tells where the object is: (N, 1, h, w), above 0 inside, of pictures (N, 3, S, S) in [-1, 1].
        places: how many of every picture are looked for.
        seed: of the places.

    Yields:
        The means over the codes so far, one of each layer, after every code; nothing for a code without any object.

    Raises:
        PriorError: for fewer than two columns.
    """
    if len(columns) < 2:
        raise PriorError("correspondence is measured between classes; choose two at least.")
    layers = measured_layers(prior.layers)
    found: dict[int, list[tuple[float, float, float]]] = {layer.number: [] for layer in layers}
    for index in range(len(latents)):
        tap = LayerTap(found)
        code = latents.codes[index : index + 1].expand(len(columns), *latents.codes.shape[1:])
        rendered = prior.render(LatentCodes(code, latents.truncation), columns, tap)
        inside = F.interpolate(masks_of(rendered).float(), (RASTER, RASTER), mode="area")[:, 0].flatten(1) > 0
        chosen = _places(inside, places, seed, index)
        pairs = [pair for pair in permutations(range(len(columns)), 2) if all(len(chosen[each]) for each in pair)]
        if not pairs:
            continue
        for layer in layers:
            features = on_raster(tap.take(layer.number), RASTER).flatten(2)
            found[layer.number].append(_shares(features, inside, chosen, pairs))
        yield [_mean(layer, found[layer.number]) for layer in layers]


def _places(inside: Tensor, count: int, seed: int, index: int) -> list[Tensor]:
    """Random places inside every object, as far as there are so many."""
    generator = step_generator(seed, index, "place")
    chosen = []
    for mask in inside:
        where = mask.nonzero()[:, 0]
        chosen.append(where[torch.randperm(len(where), generator=generator)[:count]])
    return chosen


def _shares(
    features: Tensor, inside: Tensor, chosen: Sequence[Tensor], pairs: Sequence[tuple[int, int]]
) -> tuple[float, float, float]:
    """Over all places of all pairs: found by the features, found at the same position, and the area of the object."""
    matched, same = [], []
    for given, asked in pairs:
        best = (features[given][:, chosen[given]].T @ features[asked]).argmax(1)
        matched.append(inside[asked][best].float())
        same.append(inside[asked][chosen[given]].float())
    areas = torch.stack([inside[asked].float().mean() for _, asked in pairs])
    return float(torch.cat(matched).mean()), float(torch.cat(same).mean()), float(areas.mean())


def _mean(layer: Layer, found: Sequence[tuple[float, float, float]]) -> LayerAccuracy:
    matched, same, area = (torch.tensor(column, dtype=torch.float64) for column in zip(*found, strict=True))
    codes = len(found)
    error = float((matched - same).std()) / math.sqrt(codes) if codes > 1 else math.nan
    means = float(matched.mean()), float(same.mean()), float(area.mean())
    return LayerAccuracy(layer.number, layer.size, *means, error, codes)
