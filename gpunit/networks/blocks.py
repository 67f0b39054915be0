"""Building blocks that the networks share: convolutions with reflected borders, doubling, and residual blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.normalisation import AdaIN, adaptive_norm

LEAK = 0.2
# Smaller maps are doubled pixel by pixel: reading the transposed convolution's larger weight would take longer than
# the products that it saves.
_LEAST_TRANSPOSED = 32 * 32


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with the slope 0.2 that every GP-UNIT network uses."""
    return F.leaky_relu(x, LEAK)


def upsample(x: Tensor) -> Tensor:
    """Double height and width by repeating pixels: (B, C, H, W) -> (B, C, 2H, 2W).

    Examples:
        >>> upsample(torch.tensor([[[[1.0, 2.0]]]])).tolist()
        [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    return F.interpolate(x, scale_factor=2, mode="nearest")


def spatial_mean(x: Tensor) -> Tensor:
    """Means (B, C) of x (B, C, H, W) over its pixels.

    The gradient of x.mean(dim=(2, 3)) always has the contiguous layout, which slows the layers before it down; the
    gradient of this mean is channels_last.
    """
    return x.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)


def double_kernel(weight: Tensor) -> Tensor:
    """The kernel that doubles and convolves in one step: transposed convolution, stride 2, padding 1.

    Four neighbouring pixels of a doubled map are equal, so the weights that meet them can be added up beforehand.

    Args:
        weight: (C_out, C_in, 3, 3) of a convolution with zero padding 1 that follows `upsample`.

    Returns:
        (C_in, C_out, 4, 4).
    """
    rows = weight.flip(2, 3).transpose(0, 1)
    rows = F.pad(rows, (0, 0, 0, 1)) + F.pad(rows, (0, 0, 1, 0))
    return F.pad(rows, (0, 1)) + F.pad(rows, (1, 0))


def takes_less_transposed(height: int, width: int) -> bool:
    """Whether `double_kernel` is the faster way to double and convolve a map of this size."""
    return height * width >= _LEAST_TRANSPOSED


def double_and_convolve(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """`conv`, 3x3 with zero padding 1, applied to upsample(x): (B, C, H, W) -> (B, C_out, 2H, 2W)."""
    if takes_less_transposed(*x.shape[2:]):
        return F.conv_transpose2d(x, double_kernel(conv.weight), conv.bias, stride=2, padding=1)
    return conv(upsample(x))


def square_kernel(weight: Tensor) -> Tensor:
    """The kernel that computes 2x2 neighbouring outputs as four channels: stride 2, then a pixel shuffle.

    Args:
        weight: (C_out, C_in, K, K) of a convolution of stride 1, K odd.

    Returns:
        (4·C_out, C_in, K + 1, K + 1).
    """
    shifted = [F.pad(weight, (right, 1 - right, down, 1 - down)) for down in (0, 1) for right in (0, 1)]
    return torch.stack(shifted, dim=1).flatten(0, 1)


def convolve_in_squares(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """`conv`, of odd size K, stride 1 and zero padding (K - 1) / 2, of x (B, C, H, W), H and W even.

    A convolution to three channels leaves most lanes of a vector unit idle.  Computed as 12 channels by
    `square_kernel` it takes half the time.
    """
    bias = None if conv.bias is None else conv.bias.repeat_interleave(4)
    squares = F.conv2d(x, square_kernel(conv.weight), bias, stride=2, padding=conv.kernel_size[0] // 2)
    return F.pixel_shuffle(squares, 2)


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """3x3 convolution with reflected borders; at stride 1 it keeps height and width."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, padding_mode="reflect")


class ConvBlock(nn.Module):
    """3x3 convolution with reflected borders -> instance norm without learned scale and shift -> leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv3x3(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        return adaptive_norm(self.conv(x), slope=LEAK)


class AdaINResidualBlock(nn.Module):
    """AdaIN -> lrelu -> 3x3 convolution -> AdaIN -> lrelu -> 3x3 convolution, plus a shortcut.

    Where the widths differ, the shortcut is a 1x1 convolution (no bias, no activation) of AdaIN(x).

    Args:
        in_channels, out_channels: widths before and after.
        style_dim: length of a style code.
        doubles: upsample the input first.  Repeating pixels leaves instance statistics as they are and commutes with
            every pointwise operation, so the block doubles just before its first 3x3 convolution: same result, a
            quarter of the work.
    """

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, doubles: bool = False) -> None:
        super().__init__()
        self.norm_in = AdaIN(in_channels, style_dim)
        self.conv_in = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm_out = AdaIN(out_channels, style_dim)
        self.conv_out = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.doubles = doubles
        self.has_shortcut = in_channels != out_channels
        if self.has_shortcut:
            self.norm_shortcut = AdaIN(in_channels, style_dim)
            self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C_out, H, W), or (B, C_out, 2H, 2W) if it doubles, of x (B, C_in, H, W) under style (B, D)."""
        shortcut = self.conv_shortcut(self.norm_shortcut(x, style)) if self.has_shortcut else x
        hidden = self.norm_in(x, style, LEAK)
        if self.doubles:
            shortcut, hidden = upsample(shortcut), double_and_convolve(hidden, self.conv_in)
        else:
            hidden = self.conv_in(hidden)
        # A sum has the memory layout of its first term, and the shortcut of a one-channel map has no layout to speak
        # of: it comes second.
        return self.conv_out(self.norm_out(hidden, style, LEAK)) + shortcut
