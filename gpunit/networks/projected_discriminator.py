"""Projected discriminator: features of a frozen backbone, fixed random projections of them, and small trained heads.

After Sauer et al., "Projected GANs Converge Faster", NeurIPS 2021.  It converges on far fewer pictures than a
discriminator trained from scratch, which makes the small family trainable on two CPU cores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import leaky_relu, spatial_mean
from gpunit.networks.frozen.efficientnet import EfficientNetLite, EfficientNetLite0
from gpunit.networks.layout import LAYOUT_CHANNELS, Layout


@dataclass(frozen=True)
class ProjectedDiscriminatorParams:
    """Shape of a projected discriminator.

    Attributes:
        mixed_width: channels of the projected features.
        head_width: channels of the trained heads; half of it at stride 2, where maps are large.
        seed: seed of the fixed projections.
        classes: number of class labels; 0 for a discriminator without classes.
        pixel_width: channels of an additional head on the pixels, trained from scratch; 0 for none.
        with_layout: whether pictures are judged against the layout that they should have (see `networks.layout`).
    """

    mixed_width: int = 64
    head_width: int = 128
    seed: int = 0
    classes: int = 0
    pixel_width: int = 0
    with_layout: bool = False


# The concatenation of maps is channels_last only if all of them are.
_LAYOUT = torch.channels_last


@dataclass(frozen=True)
class Judgement:
    """What D says about a batch.

    Attributes:
        logits: one tensor (B, N) per head, one logit for each of its N places.
        styles: f_D: the channel means (B, C) of each projected feature and of each head's hidden layer.  The pixels
            have a hidden layer only.
    """

    logits: list[Tensor]
    styles: list[Tensor]


class BatchDeviation(nn.Module):
    """The mean standard deviation of a map (B, C, H, W) over its batch, a number.

    It lets D see a generator that collapses to one picture (Karras et al., "Progressive Growing of GANs", ICLR 2018).

    Attributes:
        moments: mean and variance over the whole batch, of those over this part of it; None where there is no other.
    """

    moments: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None

    def forward(self, x: Tensor) -> Tensor:
        # On a CPU, torch's own variance along the batch takes twenty times as long, and a mean along it changes the
        # layout of the map.
        flat = x.permute(0, 2, 3, 1).flatten(1)
        mean = flat.mean(dim=0)
        spread = (flat - mean).square().mean(dim=0)
        if self.moments is not None:
            _, spread = self.moments(mean, spread)
        return torch.sqrt(spread.float() + 1e-6).mean().to(x.dtype)


class _Head(nn.Module):
    """4x4 stride-2 convolution, a channel with the batch's standard deviation, 3x3 convolution, 1x1 logits.

    With classes, the inner product of the hidden feature and the class's embedding is added to the logit (Miyato and
    Koyama, "cGANs with Projection Discriminator", ICLR 2018).  With a layout, its maps are further channels: an object
    elsewhere, or of another size, is then a fake however good it looks.
    """

    def __init__(self, in_channels: int, width: int, classes: int, with_layout: bool) -> None:
        super().__init__()
        self.down = nn.Conv2d(in_channels, width, 4, 2, padding=1)
        self.deviation = BatchDeviation()
        self.hidden = nn.Conv2d(width + 1 + (LAYOUT_CHANNELS if with_layout else 0), width, 3, padding=1)
        self.to_logit = nn.Conv2d(width, 1, 1)
        self.embedding = nn.Linear(classes, width, bias=False) if classes else None

    def forward(self, x: Tensor, label: Tensor | None, layout: Layout | None) -> tuple[Tensor, Tensor]:
        x = leaky_relu(self.down(x))
        further = [self.deviation(x).expand(x.shape[0], 1, *x.shape[2:])]
        if layout is not None:
            further.append(layout.maps(x.shape[-1]).to(x.dtype))
        x = torch.cat([x, *(maps.contiguous(memory_format=_LAYOUT) for maps in further)], dim=1)
        x = leaky_relu(self.hidden(x))
        # The 1x1 convolution as a linear layer: the gradient of a convolution to one channel is not channels_last.
        places = F.linear(x.permute(0, 2, 3, 1), self.to_logit.weight.flatten(1), self.to_logit.bias)
        logit = places.permute(0, 3, 1, 2).float()
        if self.embedding is not None:
            assert label is not None
            direction = self.embedding(F.one_hot(label, self.embedding.in_features).to(x.dtype))
            logit = logit + (x * direction[..., None, None].to(x.dtype)).float().sum(1, keepdim=True)
        return logit.flatten(1), x


class _PixelHead(nn.Module):
    """4x4 stride-2 convolution on the pixels and a head behind it; each logit depends on 18 x 18 pixels."""

    def __init__(self, width: int, classes: int, with_layout: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width // 2, 4, 2, padding=1)
        self.head = _Head(width // 2, width, classes, with_layout)

    def forward(self, x: Tensor, label: Tensor | None, layout: Layout | None) -> tuple[Tensor, Tensor]:
        return cast(tuple[Tensor, Tensor], self.head(leaky_relu(self.stem(x)), label, layout))


class ProjectedDiscriminator(nn.Module):
    """D on the features of a frozen backbone at several strides, and on the pixels if asked; only its heads train.

    Two things are added to Sauer et al.  Without features at stride 2, regular dots finer than four pixels go
    unpunished.  Without the head on the pixels (stride 1), so do textures that a classifier's backbone ignores.

    Args:
        params: its shape.
        backbone: the frozen network whose features it will be given.
        strides: of the features.
    """

    def __init__(
        self,
        params: ProjectedDiscriminatorParams,
        backbone: type[EfficientNetLite] = EfficientNetLite0,
        strides: Sequence[int] = (2, 4, 8, 16, 32),
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        generator = torch.Generator().manual_seed(params.seed)
        for stride in self.strides:
            channels = backbone.channels[stride]
            # Scaled to give the heads features with a standard deviation near 1.
            across = torch.randn(params.mixed_width, channels, 1, 1, generator=generator)
            across *= channels**-0.5 / backbone.deviation[stride]
            down = torch.randn(params.mixed_width, params.mixed_width, 3, 3, generator=generator)
            self.register_buffer(f"across_{stride}", across)
            self.register_buffer(f"down_{stride}", down * (1 / (9 * params.mixed_width)) ** 0.5)
        conditions = (params.classes, params.with_layout)
        self.heads = nn.ModuleDict(
            {
                str(s): _Head(params.mixed_width, params.head_width // (2 if s == 2 else 1), *conditions)
                for s in self.strides
            }
        )
        if params.pixel_width:
            self.heads["1"] = _PixelHead(params.pixel_width, *conditions)
            self.strides = (1, *self.strides)

    def mix(self, features: Mapping[int, Tensor]) -> dict[int, Tensor]:
        """The fixed projections: random 1x1 convolutions mix channels, random 3x3 convolutions mix coarse into fine.

        Args:
            features: {stride: (B, C, H, W)} of the backbone; with a head on pixels also {1: (B, 3, H, W)}, the
                pictures themselves.

        Returns:
            {stride: (B, mixed_width, H, W)}, and {1: the pictures unchanged}.
        """
        mixed: dict[int, Tensor] = {}
        above: Tensor | None = None
        for stride in reversed(self.strides):
            feature = features[stride]
            if stride == 1:
                mixed[stride] = feature
                continue
            x = F.conv2d(feature, getattr(self, f"across_{stride}").to(feature.dtype))
            if above is not None:
                x = x + F.interpolate(above, x.shape[-2:], mode="bilinear", align_corners=False)
            above = F.conv2d(x, getattr(self, f"down_{stride}").to(x.dtype), padding=1)
            mixed[stride] = above
        return mixed

    def forward(
        self, features: Mapping[int, Tensor], label: Tensor | None = None, layout: Layout | None = None
    ) -> Judgement:
        """Judge pictures by their features (see `mix`), given class labels (B,) and layouts if D knows them."""
        return self.judge(self.mix(features), label, layout)

    def judge(
        self, mixed: Mapping[int, Tensor], label: Tensor | None = None, layout: Layout | None = None
    ) -> Judgement:
        """`forward` for features that `mix` has projected before, which no trained weight takes part in.

        Heads whose map would be a single pixel are left out, as happens with small pictures.
        """
        logits, styles = [], []
        for stride in self.strides:
            if mixed[stride].shape[-1] < 2:
                continue
            logit, hidden = self.heads[str(stride)](mixed[stride], label, layout)
            logits.append(logit)
            # The mean colour of the pixels is no part of f_D: another loss compares it.
            averaged = (hidden,) if stride == 1 else (mixed[stride], hidden)
            styles += [spatial_mean(x).float() for x in averaged]
        return Judgement(logits, styles)


class DiscriminatorEnsemble(nn.Module):
    """An ensemble of projected discriminators, one for each of several frozen backbones.

    What a generator learns to hide from one backbone, another sees.  For Sauer et al., "StyleGAN-XL", SIGGRAPH 2022, a
    second backbone improves more than any other change.  Only the first discriminator has a head on the pixels.

    Args:
        params: the shape of each; their projections have consecutive seeds.
        backbones: the frozen networks by name.
    """

    def __init__(self, params: ProjectedDiscriminatorParams, backbones: Mapping[str, type[EfficientNetLite]]) -> None:
        super().__init__()
        self.judges = nn.ModuleDict()
        for place, (name, backbone) in enumerate(backbones.items()):
            own = replace(params, seed=params.seed + place, pixel_width=params.pixel_width if place == 0 else 0)
            self.judges[name] = ProjectedDiscriminator(own, backbone)

    def mix(self, features: Mapping[str, Mapping[int, Tensor]]) -> dict[str, dict[int, Tensor]]:
        """`ProjectedDiscriminator.mix` of every backbone's features, by the backbone's name."""
        return {name: cast(ProjectedDiscriminator, judge).mix(features[name]) for name, judge in self.judges.items()}

    def judge(self, mixed: Mapping[str, Mapping[int, Tensor]], label: Tensor | None = None) -> Judgement:
        """The logits and styles of all discriminators in one judgement, in the order of the backbones."""
        judgements = [
            cast(ProjectedDiscriminator, judge).judge(mixed[name], label) for name, judge in self.judges.items()
        ]
        return Judgement(
            [each for j in judgements for each in j.logits], [each for j in judgements for each in j.styles]
        )

    def forward(self, features: Mapping[str, Mapping[int, Tensor]], label: Tensor | None = None) -> Judgement:
        """Judge pictures by every backbone's features, conditioned on class labels (B,) if D has classes."""
        return self.judge(self.mix(features), label)
