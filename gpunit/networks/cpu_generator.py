"""The generator for inference on a CPU: the same function as `Generator`, in fewer and cheaper operations.

In fp32 its pictures equal those of `Generator.render` up to rounding.  It renders one style at a time, and is faster
because

- AdaIN(x, s) is computed as group norm with one channel a group and (γ, β) as its affine parameters, in one pass over
  the map instead of three;
- all γ and β of a level come from one matrix product with its style;
- upsampling and the 3x3 convolution behind it are one 4x4 transposed convolution (`blocks.double_kernel`): 16 products
  a pixel instead of 36, and no doubled map to write;
- the RGB head computes every 2x2 square of the picture as 12 channels (`blocks.square_kernel`), because a convolution
  to three channels leaves most lanes of a vector unit idle;
- activations overwrite their input.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.blocks import (
    LEAK,
    AdaINResidualBlock,
    double_kernel,
    square_kernel,
    takes_less_transposed,
    upsample,
)
from gpunit.networks.content_encoder import ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator, GeneratorParams, Level, plan_skips, strengths_by_size
from gpunit.networks.normalisation import normalise


class _Block:
    """The weights of an `AdaINResidualBlock`, prepared for one picture at a time."""

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
        """The block's output for x (1, C, H, W), with (γ, β), each (C,), of its AdaINs in the order of `norms`."""
        shortcut = x if self.weight_shortcut is None else F.conv2d(normalise(x, *affines[2])[0], self.weight_shortcut)
        hidden = F.leaky_relu_(normalise(x, *affines[0])[0], LEAK)
        if self.transposed:
            hidden = F.conv_transpose2d(hidden, self.weight_in, self.bias_in, stride=2, padding=1)
        else:
            hidden = F.conv2d(upsample(hidden) if self.doubles else hidden, self.weight_in, self.bias_in, padding=1)
        hidden = F.leaky_relu_(normalise(hidden, *affines[1])[0], LEAK)
        hidden = F.conv2d(hidden, self.weight_out, self.bias_out, padding=1)
        return hidden.add_(upsample(shortcut) if self.doubles else shortcut)


class _Level:
    """The blocks and the RGB head of a `Level`, prepared for one picture at a time."""

    def __init__(self, level: Level, size: int, dtype: torch.dtype) -> None:
        self.blocks = [_Block(cast(AdaINResidualBlock, block), size, dtype) for block in level.blocks]
        linears = [norm.to_scale_shift for block in self.blocks for norm in block.norms]
        # Always in fp32: the product is small, and every pixel would inherit its rounding error.
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
        """The picture (1, 3, S, S) of the level's feature (1, C, S, S), which is overwritten."""
        squares = F.conv2d(F.leaky_relu_(x, LEAK), self.weight_rgb, self.bias_rgb, stride=2, padding=3)
        return F.pixel_shuffle(squares, 2).tanh_()


class CPUGenerator:
    """Plans and renders like `Generator`, on a CPU and without gradients; immutable after construction.

    Args:
        generator: the generator whose weights it takes over.
        dtype: number format of the computation, float32 or bfloat16.
    """

    def __init__(self, generator: Generator, dtype: torch.dtype = torch.float32) -> None:
        self.params: GeneratorParams = generator.params
        self.dtype = dtype
        sizes = zip(self.params.sizes, generator.levels, strict=True)
        self._levels = [_Level(cast(Level, level), size // 2, dtype) for size, level in sizes]
        self._skips = generator.skips if dtype is torch.float32 else copy.deepcopy(generator.skips).to(dtype)

    def weights(self) -> Iterator[Tensor]:
        """All weights, including those that it shares with the generator."""
        yield from self._skips.parameters()
        for level in self._levels:
            yield from (level.style_weight, level.style_bias, level.weight_rgb, level.bias_rgb)
            for block in level.blocks:
                yield from (block.weight_in, block.bias_in, block.weight_out, block.bias_out)
                if block.weight_shortcut is not None:
                    yield block.weight_shortcut

    @torch.inference_mode()
    def plan_skips(self, content: ContentFeatures) -> dict[int, SkipGate]:
        """What `Generator.plan_skips` gives, in this generator's dtype; the content may have any dtype."""
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
        """Render one planned picture in several styles.

        Args:
            content: (1, 1, 8, 8).
            gates: from `plan_skips`, of one picture.
            styles: (B, style_dim) or (B, levels, style_dim).
            mask_scale, size: see `Generator.render`.

        Returns:
            (B, 3, size, size) in [-1, 1], float32.
        """
        size = self.params.rendered_size(size)
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
