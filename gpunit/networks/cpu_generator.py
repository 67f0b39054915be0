"""The generator for CPUs, without gradients: the same function in fewer and cheaper operations, one style at a time.

What changes is how it is computed.  In fp32 the pictures are `Generator.render`'s up to rounding, because

- AdaIN(x, s) is group norm with one channel a group and (γ, β) as its affine part: one pass over the map, not three;
- all γ and β of a level are one matrix product of its style;
- a 3x3 convolution of a map whose pixels were doubled is a 4x4 convolution, transposed, of the map itself, its weights
  the sums of those that fall on one pixel: 16 products a pixel instead of 36, and no doubled map to write;
- an RGB head to three channels leaves most of a vector unit idle: it is computed as an 8x8 convolution of stride 2 to
  the 12 numbers of every 2x2 square;
- what nobody reads again is overwritten.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator, GeneratorParams, Level, plan_skips, strengths_by_size
from gpunit.networks.layers import (
    LEAK,
    NORM_EPS,
    AdaINResidualBlock,
    double_kernel,
    is_normed_contiguous,
    square_kernel,
    takes_less_transposed,
    upsample,
)


class _Block:
    """One `AdaINResidualBlock` on one picture."""

    def __init__(self, block: AdaINResidualBlock, size: int, dtype: torch.dtype) -> None:
        def ready(weight: Tensor) -> Tensor:
            return weight.detach().to(dtype).contiguous(memory_format=torch.channels_last)

        self.norms = [block.norm_in, block.norm_out]
        self.doubles = block.doubles
        self.transposed = block.doubles and takes_less_transposed(size, size)
        weight_in = block.conv_in.weight.detach()
        self.weight_in = ready(double_kernel(weight_in) if self.transposed else weight_in)
        self.weight_out = ready(block.conv_out.weight)
        biases = [cast(Tensor, conv.bias) for conv in (block.conv_in, block.conv_out)]
        self.bias_in, self.bias_out = (bias.detach().to(dtype) for bias in biases)
        self.weight_shortcut = None
        if block.has_shortcut:
            self.norms.append(block.norm_shortcut)
            self.weight_shortcut = ready(block.conv_shortcut.weight)

    def __call__(self, x: Tensor, affines: list[tuple[Tensor, Tensor]]) -> Tensor:
        shortcut = x if self.weight_shortcut is None else F.conv2d(_adain(x, affines[2]), self.weight_shortcut)
        hidden = F.leaky_relu_(_adain(x, affines[0]), LEAK)
        if self.transposed:
            hidden = F.conv_transpose2d(hidden, self.weight_in, self.bias_in, stride=2, padding=1)
        else:
            hidden = F.conv2d(upsample(hidden) if self.doubles else hidden, self.weight_in, self.bias_in, padding=1)
        hidden = F.leaky_relu_(_adain(hidden, affines[1]), LEAK)
        hidden = F.conv2d(hidden, self.weight_out, self.bias_out, padding=1)
        return hidden.add_(upsample(shortcut) if self.doubles else shortcut)


def _adain(x: Tensor, affine: tuple[Tensor, Tensor]) -> Tensor:
    """AdaIN of x (1, C, H, W) with γ and β (C,)."""
    _, channels, height, width = x.shape
    swap = is_normed_contiguous(x)
    y = torch.native_group_norm(
        x.contiguous() if swap else x, *affine, 1, channels, height * width, channels, NORM_EPS
    )[0]
    return y.contiguous(memory_format=torch.channels_last) if swap else y


class _Level:
    """One `Level` on one picture: its blocks and its RGB head."""

    def __init__(self, level: Level, size: int, dtype: torch.dtype) -> None:
        self.blocks = [_Block(cast(AdaINResidualBlock, block), size, dtype) for block in level.blocks]
        linears = [norm.to_scale_shift for block in self.blocks for norm in block.norms]
        # In fp32 whatever the dtype: the product is small, and its error would be in every pixel.
        self.style_weight = torch.cat([linear.weight.detach() for linear in linears])
        self.style_bias = torch.cat([linear.bias.detach() for linear in linears])
        self.widths = [linear.out_features // 2 for linear in linears for _ in range(2)]
        self.weight_rgb = square_kernel(level.to_rgb.weight.detach()).to(dtype)
        self.weight_rgb = self.weight_rgb.contiguous(memory_format=torch.channels_last)
        self.bias_rgb = cast(Tensor, level.to_rgb.bias).detach().to(dtype).repeat_interleave(4)
        self.dtype = dtype

    def affines(self, style: Tensor) -> list[tuple[Tensor, Tensor]]:
        """(γ, β) of every AdaIN for a style (D,)."""
        parts = F.linear(style, self.style_weight, self.style_bias).to(self.dtype).split(self.widths)
        return list(zip(parts[::2], parts[1::2], strict=True))

    def __call__(self, x: Tensor, style: Tensor) -> Tensor:
        affines = self.affines(style)
        for block in self.blocks:
            x = block(x, affines[: len(block.norms)])
            affines = affines[len(block.norms) :]
        return x

    def to_rgb(self, x: Tensor) -> Tensor:
        """The picture (1, 3, S, S) of the level's feature, which is overwritten."""
        squares = F.conv2d(F.leaky_relu_(x, LEAK), self.weight_rgb, self.bias_rgb, stride=2, padding=3)
        return F.pixel_shuffle(squares, 2).tanh_()


class Renderer:
    """Plans and renders as `Generator` does, on a CPU and without gradients; nothing in it changes after construction.

    Args:
        generator: whose weights are taken.
        dtype: to compute in.
    """

    def __init__(self, generator: Generator, dtype: torch.dtype = torch.float32) -> None:
        self.params: GeneratorParams = generator.params
        self.dtype = dtype
        sizes = zip(self.params.sizes, generator.levels, strict=True)
        self._levels = [_Level(cast(Level, level), size // 2, dtype) for size, level in sizes]
        self._skips = generator.skips if dtype is torch.float32 else copy.deepcopy(generator.skips).to(dtype)

    def weights(self) -> Iterator[Tensor]:
        """All weights, those that are shared with the generator included."""
        yield from self._skips.parameters()
        for level in self._levels:
            yield from (level.style_weight, level.style_bias, level.weight_rgb, level.bias_rgb)
            for block in level.blocks:
                yield from (block.weight_in, block.bias_in, block.weight_out, block.bias_out)
                if block.weight_shortcut is not None:
                    yield block.weight_shortcut

    @torch.inference_mode()
    def plan_skips(self, content: ContentFeatures) -> dict[int, SkipGate]:
        """`Generator.plan_skips`, in this renderer's dtype, of content in any."""
        features = {size: content.features[size].to(self.dtype) for size, _ in self.params.encoder_widths}
        return plan_skips(self.params, self._skips, ContentFeatures(content.content.to(self.dtype), features))

    @torch.inference_mode()
    def render(
        self,
        content: Tensor,
        gates: Mapping[int, SkipGate],
        styles: Tensor,
        mask_scale: Sequence[float | Tensor] | None = None,
        size: int | None = None,
    ) -> Tensor:
        """Render one planned picture in styles.

        Args:
            content: (1, 1, 8, 8).
            gates: of one picture, in this renderer's dtype.
            styles: (B, style_dim) or (B, levels, style_dim).
            mask_scale, size: see `Generator.render`.

        Returns:
            (B, 3, size, size) in [-1, 1], float32.
        """
        size = size or self.params.resolution
        if size not in self.params.sizes:
            raise ValueError(f"this generator renders at {self.params.sizes} pixels, not at {size}")
        strengths = strengths_by_size(self.params, mask_scale)
        if styles.dim() == 2:
            styles = styles[:, None].expand(-1, len(self._levels), -1)
        content = content.to(self.dtype)
        return torch.cat([self._render_one(content, gates, style, strengths, size).float() for style in styles])

    def _render_one(
        self,
        x: Tensor,
        gates: Mapping[int, SkipGate],
        style: Tensor,
        strengths: Mapping[int, float | Tensor],
        size: int,
    ) -> Tensor:
        for level_size, level, level_style in zip(self.params.sizes, self._levels, style, strict=True):
            x = level(x, level_style)
            if level_size == size:
                return level.to_rgb(x)
            if level_size in gates:
                x = gates[level_size].blend(x, strengths.get(level_size, 1.0))
        raise AssertionError("unreachable: size is one of the levels")
