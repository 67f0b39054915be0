"""Which places of two pictures correspond: nearest neighbours of features.

Pictures that BigGAN renders from one latent code share their layout, and the features of its first layers say what
lies where (the paper's figure 2).  What a class adds to a feature everywhere says nothing of places: places are
compared by their difference from the picture's mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Numbers of enlarged features that are held at a time: those of a whole layer at 512 px would take gigabytes.
_ENLARGED = 2**23


@dataclass(frozen=True)
class Match:
    """Where one place of a picture is found in others.

    Attributes:
        similarity: (N, H, W), the cosine of the place's feature with every place of every picture, in [-1, 1].
        places: (N, 2), row and column of the most similar place of every picture.
    """

    similarity: Tensor
    places: Tensor


def match(query: Tensor, features: Tensor) -> Match:
    """Find a feature again.

    Args:
        query: (C,), the feature of the place.
        features: (N, C, H, W), of the pictures to look in.
    """
    similarity = torch.einsum("c,nchw->nhw", F.normalize(query, dim=0), F.normalize(features, dim=1)).clamp(-1, 1)
    best = similarity.flatten(1).argmax(1)
    width = similarity.shape[-1]
    return Match(similarity, torch.stack([best // width, best % width], dim=1))


@dataclass(frozen=True)
class PlaceMatch:
    """Where one place of a picture is found in the others, and how sure that is.

    Attributes:
        similarity: (N, S, S), the cosine of the place's feature with that of every place, each less its picture's mean
            feature, in [-1, 1].
        places: (N, 2), row and column of the most similar place of every picture; the place itself in its own.
        best: (N,), the similarity there.
        second: (N,), the highest one further away from it than a cell of the features and a half.
        same: (N,), the similarity at the same position.
    """

    similarity: Tensor
    places: Tensor
    best: Tensor
    second: Tensor
    same: Tensor


@dataclass(frozen=True)
class RegionMatch:
    """Where a region of a picture is found in the others.

    Attributes:
        inside: (N, S, S), by how much a place is more like some place inside the region than like any outside;
            above 0 it belongs to the region.
        share: (N,), how much of the picture belongs to it.
        overlap: (N,), intersection over union with the region itself: 1 where it lies at the same position.
        similarity: (N,), the mean cosine of the places that belong to it with their most similar ones; 0 without any.
    """

    inside: Tensor
    share: Tensor
    overlap: Tensor
    similarity: Tensor


def find_place(features: Tensor, picture: int, row: int, column: int, size: int) -> PlaceMatch:
    """Find a place of one picture again, to the pixel: features between the cells are interpolated.

    Args:
        features: (N, C, H, W), one of each picture.
        picture: number of the picture that the place is in.
        row, column: the place's pixel, of a picture of size x size.
        size: side S of the answers.
    """
    query = _at(_centred(features[picture]), size, row, column)
    # One picture after the other: enlarged, the features of many would not fit a small machine.
    similarity = torch.stack([_cosines(query, _centred(each), size) for each in features]).clamp(-1, 1)
    flat = similarity.flatten(1)
    found = flat.argmax(1)
    # The borders repeat the outermost features, so that the place itself is one of several best.
    found[picture] = row * size + column
    places = torch.stack([found // size, found % size], dim=1)
    radius = max(1, round(1.5 * size / features.shape[-1]))
    grid = torch.arange(size)
    near = [(grid - place).abs() <= radius for place in places.T[..., None]]
    around = near[0][:, :, None] & near[1][:, None, :]
    second = similarity.masked_fill(around, -1).flatten(1).amax(1)
    return PlaceMatch(similarity, places, flat.gather(1, found[:, None])[:, 0], second, similarity[:, row, column])


def find_region(features: Tensor, picture: int, box: tuple[float, float, float, float], size: int = 32) -> RegionMatch:
    """Find a region of one picture again: places that are more like a place inside it than like any outside.

    Args:
        features: (N, C, H, W), one of each picture.
        picture: number of the picture that the region is in.
        box: left, top, right and bottom of the region, from 0 to 1.
        size: side S of the answers.
    """
    centres = (torch.arange(size) + 0.5) / size
    left, top, right, bottom = box
    across, down = ((centres >= low) & (centres <= high) for low, high in ((left, right), (top, bottom)))
    if not across.any():
        across[min(int((left + right) / 2 * size), size - 1)] = True
    if not down.any():
        down[min(int((top + bottom) / 2 * size), size - 1)] = True
    region = down[:, None] & across[None]
    source = on_raster(features[picture : picture + 1], size)[0].flatten(1)
    answers = []
    for each in features:
        cosines = source.T @ on_raster(each[None], size)[0].flatten(1)
        within = cosines[region.flatten()].amax(0)
        without = cosines[~region.flatten()]
        beyond = without.amax(0) if len(without) else torch.full_like(within, -1)
        mine = (within > beyond).unflatten(0, (size, size))
        union = (mine | region).sum()
        similarity = within[mine.flatten()].mean() if mine.any() else torch.zeros(())
        answers.append(((within - beyond).unflatten(0, (size, size)), mine, (mine & region).sum() / union, similarity))
    insides, belongs, overlaps, similarities = (torch.stack(parts) for parts in zip(*answers, strict=True))
    return RegionMatch(insides, belongs.float().mean((1, 2)), overlaps, similarities)


def on_raster(features: Tensor, size: int) -> Tensor:
    """Features (N, C, H, W) as places are compared by: less their means over the picture, size x size, of length 1."""
    return F.normalize(F.interpolate(_centred(features), (size, size), mode="bilinear"), dim=1)


def _centred(features: Tensor) -> Tensor:
    """Features (..., H, W) less their means over the picture."""
    return features - features.mean((-2, -1), keepdim=True)


def _enlarged(feature: Tensor, size: int) -> Iterator[Tensor]:
    """A feature (C, H, W) at another size, some channels at a time."""
    for channels in feature.split(max(1, _ENLARGED // size**2)):
        yield F.interpolate(channels[None], (size, size), mode="bilinear")[0]


def _at(feature: Tensor, size: int, row: int, column: int) -> Tensor:
    """One place (C,) of a feature (C, H, W), as if it were enlarged."""
    place = torch.tensor([column, row]).add(0.5).mul(2 / size).sub(1).view(1, 1, 1, 2)
    return F.grid_sample(feature[None], place, mode="bilinear", padding_mode="border", align_corners=False).flatten()


def _cosines(query: Tensor, feature: Tensor, size: int) -> Tensor:
    """The cosine (S, S) of a vector (C,) with every place of a feature (C, H, W) at another size."""
    # Interpolation is linear: the products of all channels are enlarged as one.
    product = torch.einsum("c,chw->hw", query, feature)
    (product,) = F.interpolate(product[None, None], (size, size), mode="bilinear")[0]
    length = sum((channels.square().sum(0) for channels in _enlarged(feature, size)), torch.zeros(size, size)).sqrt()
    return product / (length * query.norm()).clamp_min(1e-12)


def cell_of(x: float, y: float, size: int) -> tuple[int, int]:
    """Row and column, of a size x size grid, of a place given from left to right and top to bottom in [0, 1]."""
    row, column = (min(max(int(part * size), 0), size - 1) for part in (y, x))
    return row, column
