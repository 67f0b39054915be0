"""Which places of two pictures correspond: nearest neighbours of features.

Pictures that BigGAN renders from one latent code share their layout, and the features of its first layers say what
lies where (the paper's figure 2).  prior-small's model card compares them with the content encoder's features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


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


def cell_of(x: float, y: float, size: int) -> tuple[int, int]:
    """Row and column, of a size x size grid, of a place given from left to right and top to bottom in [0, 1]."""
    row, column = (min(max(int(part * size), 0), size - 1) for part in (y, x))
    return row, column
