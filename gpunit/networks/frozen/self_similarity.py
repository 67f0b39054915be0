"""Spatial self-similarity: which places of a picture look alike, whatever they look like.

As in Zheng, Cham and Cai, "The Spatially-Correlative Loss for Various Image Translation Tasks", CVPR 2021.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def self_similarity(feature: Tensor) -> Tensor:
    """Cosine similarities (B, HW, HW) between all pairs of places of a feature (B, C, H, W), less its spatial mean."""
    centred = (feature - feature.mean(dim=(2, 3), keepdim=True)).flatten(2)
    unit = F.normalize(centred, dim=1)
    return unit.transpose(1, 2) @ unit
