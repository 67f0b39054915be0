"""Spatial self-similarity of features: what is where, whatever it looks like."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def self_similarity(feature: Tensor) -> Tensor:
    """Cosine (B, HW, HW) between every two places of a feature (B, C, H, W), its spatial mean taken off."""
    centred = (feature - feature.mean(dim=(2, 3), keepdim=True)).flatten(2)
    unit = F.normalize(centred, dim=1)
    return unit.transpose(1, 2) @ unit
