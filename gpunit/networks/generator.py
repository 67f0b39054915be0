"""Generator G: content and style -> picture, keeping what the dynamic skips select (section 4).

ŷ = G(E_c(x), E_s(y)).  The work is split where the method allows it: `plan_skips` depends on the content
picture alone, `render` on that and a style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from gpunit.networks.blocks import AdaINResidualBlock, convolve_in_squares, leaky_relu
from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.dynamic_skip import DynamicSkip, SkipGate


@dataclass(frozen=True)
class GeneratorParams:
    """Shape of a generator.

    Attributes:
        content_size: side of the content map, and of the first level.
        widths: channels of every level, each twice the size of the one before.
        style_dim: length of a style code.
        encoder_widths: channels of the content encoder's features at the sizes that have a dynamic skip.
    """

    content_size: int = 8
    widths: tuple[int, ...] = (512, 512, 256, 128, 64, 64)
    style_dim: int = 256
    encoder_widths: tuple[tuple[int, int], ...] = ((16, 512), (32, 256))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Side of every level in pixels, the last being the picture's."""
        return tuple(self.content_size << level for level in range(len(self.widths)))

    @property
    def resolution(self) -> int:
        """Side of the finished picture in pixels."""
        return self.sizes[-1]

    def rendered_size(self, size: int | None) -> int:
        """The size to render at: the one asked for, or the full resolution.

        Raises:
            ValueError: if no level has this size.
        """
        if size is not None and size not in self.sizes:
            raise ValueError(f"this generator renders at {self.sizes} pixels, not at {size}")
        return size or self.resolution


def strengths_by_size(
    params: GeneratorParams, mask_scale: Sequence[float | Tensor] | None
) -> dict[int, float | Tensor]:
    """The strength of each skip by its size; empty for None, which means 1.

    Raises:
        ValueError: if there are not as many strengths as skips.
    """
    return dict(zip((size for size, _ in params.encoder_widths), mask_scale or (), strict=bool(mask_scale)))


def plan_skips(params: GeneratorParams, skips: nn.ModuleDict, content: ContentFeatures) -> dict[int, SkipGate]:
    """The decisions of all skips for content pictures, by size; each skip hands its hidden state to the next finer one.

    Args:
        params: of the generator.
        skips: its `DynamicSkip`s by size.
        content: from the content encoder.
    """
    gates: dict[int, SkipGate] = {}
    hidden = content.content
    for size, _ in params.encoder_widths:
        gates[size] = skips[str(size)](hidden, content.features[size])
        hidden = gates[size].hidden
    return gates


class Level(nn.Module):
    """One size of the generator: residual blocks under a style, and an RGB head (lrelu, 7x7 convolution, tanh).

    The first level works at its input's size and has two blocks; every other doubles the size and has one.
    """

    def __init__(self, in_channels: int, width: int, style_dim: int, is_first: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([AdaINResidualBlock(in_channels, width, style_dim, doubles=not is_first)])
        if is_first:
            self.blocks.append(AdaINResidualBlock(width, width, style_dim))
        self.to_rgb = nn.Conv2d(width, 3, 7, padding=3)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, style)
        return x


class Generator(nn.Module):
    """G: levels from the content's size to the picture's, with dynamic skips on two of them."""

    def __init__(self, params: GeneratorParams) -> None:
        super().__init__()
        self.params = params
        inputs = (1, *params.widths[:-1])
        self.levels = nn.ModuleList(
            Level(before, width, params.style_dim, is_first=index == 0)
            for index, (before, width) in enumerate(zip(inputs, params.widths, strict=True))
        )
        width_of = dict(zip(params.sizes, params.widths, strict=True))
        hidden_channels = 1
        self.skips = nn.ModuleDict()
        for size, encoder_width in params.encoder_widths:
            self.skips[str(size)] = DynamicSkip(hidden_channels, encoder_width, width_of[size])
            hidden_channels = encoder_width

    def plan_skips(self, content: ContentFeatures) -> dict[int, SkipGate]:
        """The decisions of all skips for content pictures, by size; they do not depend on a style."""
        return plan_skips(self.params, self.skips, content)

    def render(
        self,
        content: Tensor,
        gates: Mapping[int, SkipGate],
        style: Tensor,
        mask_scale: Sequence[float | Tensor] | None = None,
        size: int | None = None,
    ) -> Tensor:
        """Render planned pictures, each in one style.

        Args:
            content: (B, 1, 8, 8).
            gates: from `plan_skips`; an empty mapping switches the skips off.
            style: (B, style_dim); or (B, levels, style_dim), one style for each level, coarse to fine.
            mask_scale: strength of each skip, coarse to fine; 1 if omitted.
            size: stop at the level of this size and use its own RGB head; the finest by default.

        Returns:
            (B, 3, size, size) in [-1, 1].

        Raises:
            ValueError: if no level has this size, or there are not as many strengths as skips.
        """
        size = self.params.rendered_size(size)
        strengths = strengths_by_size(self.params, mask_scale)
        if style.dim() == 2:
            style = style[:, None].expand(-1, len(self.levels), -1)
        x = content
        for level_size, level, level_style in zip(self.params.sizes, self.levels, style.unbind(1), strict=True):
            x = level(x, level_style)
            if level_size == size:
                return torch.tanh(convolve_in_squares(leaky_relu(x), cast(Level, level).to_rgb))
            if level_size in gates:
                x = gates[level_size].blend(x, strengths.get(level_size, 1.0))
        raise AssertionError("unreachable: size is one of the levels")

    def forward(
        self, content: ContentFeatures, style: Tensor, use_skips: bool = True
    ) -> tuple[Tensor, dict[int, SkipGate]]:
        """Plan and render, for training: the pictures, and the gates, whose masks the mask loss keeps sparse."""
        gates = self.plan_skips(content) if use_skips else {}
        return self.render(content.content, gates, style), gates
