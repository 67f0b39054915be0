"""Content encoder E_c: a picture -> its content, one channel of 8x8, and the features on the way (section 3).

`ContentFeatures.content` is E_c(x); `ContentFeatures.features[size]` is f_E at that size, from which the dynamic skip
connections select.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import ConvBlock


@dataclass(frozen=True)
class ContentEncoderParams:
    """Shape of a content encoder.

    Attributes:
        resolution: side in pixels to which pictures are resized.
        widths: channels at `resolution` and after each halving; the last is the width at the content's size.
    """

    resolution: int = 256
    widths: tuple[int, ...] = (64, 64, 128, 256, 512, 512)

    @property
    def content_size(self) -> int:
        """Side of the content map."""
        return self.resolution >> (len(self.widths) - 1)

    @property
    def feature_widths(self) -> dict[int, int]:
        """Channels of every feature, by its size."""
        return {self.resolution >> level: width for level, width in enumerate(self.widths) if level > 0}


@dataclass(frozen=True)
class ContentFeatures:
    """What E_c says about pictures.

    Attributes:
        content: (B, 1, 8, 8), the layout, independent of the domain.
        features: f_E by size: features[16] is (B, C, 16, 16).
    """

    content: Tensor
    features: dict[int, Tensor]


class ContentEncoder(nn.Module):
    """E_c: pairs of stride-1 and stride-2 blocks, then two blocks down to one channel."""

    def __init__(self, params: ContentEncoderParams) -> None:
        super().__init__()
        self.params = params
        widths = params.widths
        inputs = (3, *widths[1:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(ConvBlock(first, width), ConvBlock(width, following, stride=2))
            for first, width, following in zip(inputs, widths[:-1], widths[1:], strict=True)
        )
        self.to_content = nn.Sequential(ConvBlock(widths[-1], widths[-1]), ConvBlock(widths[-1], 1))

    def forward(self, picture: Tensor) -> ContentFeatures:
        """Encode pictures (B, 3, H, W) in [-1, 1]; other sizes are resized to `params.resolution`."""
        side = self.params.resolution
        if picture.shape[-2:] != (side, side):
            picture = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        features = {}
        x = picture
        for stage in self.stages:
            x = stage(x)
            features[x.shape[-1]] = x
        return ContentFeatures(self.to_content(x), features)
