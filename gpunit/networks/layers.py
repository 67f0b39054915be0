"""Building blocks shared by the networks: reflect convolutions, instance norm, AdaIN, spectral norm."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrizations, parametrize

LEAK = 0.2
NORM_EPS = 1e-5


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with the slope 0.2 that every GP-UNIT network uses."""
    return F.leaky_relu(x, LEAK)


def upsample(x: Tensor) -> Tensor:
    """Double height and width by repeating pixels: (B, C, H, W) -> (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def double_kernel(weight: Tensor) -> Tensor:
    """Weight (C_in, C_out, 4, 4) of the transposed convolution, stride 2, padding 1, that doubles and applies `weight`.

    Args:
        weight: (C_out, C_in, 3, 3) of a convolution with zero padding 1.
    """
    rows = weight.flip(2, 3).transpose(0, 1)
    rows = F.pad(rows, (0, 0, 0, 1)) + F.pad(rows, (0, 0, 1, 0))
    return F.pad(rows, (0, 1)) + F.pad(rows, (1, 0))


def square_kernel(weight: Tensor) -> Tensor:
    """Weight (4·C_out, C_in, K + 1, K + 1) of the stride-2 convolution whose pixel shuffle equals `weight`.

    Args:
        weight: (C_out, C_in, K, K) of a convolution of stride 1, K odd.
    """
    shifted = [F.pad(weight, (right, 1 - right, down, 1 - down)) for down in (0, 1) for right in (0, 1)]
    return torch.stack(shifted, dim=1).flatten(0, 1)


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """3x3 convolution that keeps the size (at stride 1), with reflected borders."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, padding_mode="reflect")


# Maps of at most so many pixels are normalised in the contiguous layout: at 16x16, in bf16, torch's kernel for
# channels_last takes ten times as long as the other one with both copies; from 32x32 on it is the faster one.
_SMALL_MAP = 256


def is_small_map(x: Tensor) -> bool:
    """Whether x (B, C, H, W) is better normalised in the contiguous layout than in its own."""
    return x.shape[2] * x.shape[3] <= _SMALL_MAP and x.is_contiguous(memory_format=torch.channels_last)


def _group_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """Instance norm of x (B, C, H, W), and 1/σ (B, C)."""
    batch, channels, height, width = x.shape
    swap = is_small_map(x)
    y, _, gain = torch.native_group_norm(
        x.contiguous() if swap else x, None, None, batch, channels, height * width, channels, NORM_EPS
    )
    return y.contiguous(memory_format=torch.channels_last) if swap else y, gain


class _InstanceNorm(torch.autograd.Function):
    """Instance norm whose backward pass is written with whole-map operations.

    Group norm with one channel a group is the same function, and its forward kernel is by far the fastest
    on a CPU; its backward kernel is not.  With y the normalised map, N its pixels and g the gradient of y:
    dx = (g - mean(g) - y·mean(g·y)) / σ.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        normalised, gain = _group_norm(x)
        ctx.save_for_backward(normalised, gain)
        return normalised

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        normalised, gain = ctx.saved_tensors
        gain = gain[..., None, None]
        along = (gradient * normalised).mean(dim=(2, 3), keepdim=True, dtype=torch.float32)
        level = gradient.mean(dim=(2, 3), keepdim=True, dtype=torch.float32)
        dtype = gradient.dtype
        return gradient * gain.to(dtype) - (normalised * (along * gain).to(dtype) + (level * gain).to(dtype))


def instance_norm(x: Tensor) -> Tensor:
    """Instance norm without affine of x (B, C, H, W)."""
    if torch.is_grad_enabled() and x.requires_grad:
        return _InstanceNorm.apply(x)
    return _group_norm(x)[0]


def scale_shift(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """scale·x + shift with one scale and shift (B, C) per picture and channel of x (B, C, H, W)."""
    return x * scale[..., None, None].to(x.dtype) + shift[..., None, None].to(x.dtype)


class ConvBlock(nn.Module):
    """3x3 reflect convolution -> instance norm without affine -> leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv3x3(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(instance_norm(self.conv(x)))


class AdaIN(nn.Module):
    """Adaptive instance norm: AdaIN(x, s) = γ·IN(x) + β with (γ, β) the halves of a linear map of s."""

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.to_scale_shift = nn.Linear(style_dim, 2 * channels)
        self.reset_scale()

    def reset_scale(self) -> None:
        """Make γ = 1 and β = 0 the starting point; call again after any blanket initialisation."""
        with torch.no_grad():
            scale, shift = self.to_scale_shift.bias.chunk(2)
            scale.fill_(1)
            shift.zero_()

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Normalise x (B, C, H, W) and give it the statistics that style (B, D) asks for."""
        scale, shift = self.to_scale_shift(style).chunk(2, dim=1)
        return scale_shift(instance_norm(x), scale, shift)


class AdaINResidualBlock(nn.Module):
    """AdaIN -> lrelu -> conv -> AdaIN -> lrelu -> conv, plus a shortcut.

    Where the widths differ the shortcut is a 1x1 convolution (no bias, no activation) of AdaIN(x).

    Args:
        in_channels, out_channels: widths before and after.
        style_dim: length of a style code.
        doubles: upsample the input first.  Repeating pixels changes no instance statistics and commutes
            with everything pointwise, so all but the 3x3 convolutions is done at the smaller size: the
            numbers are those of upsampling at the start, at a quarter of the work.
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
        shortcut = self.conv_shortcut(self.norm_shortcut(x, style)) if self.has_shortcut else x
        hidden = leaky_relu(self.norm_in(x, style))
        if self.doubles:
            shortcut, hidden = upsample(shortcut), upsample(hidden)
        hidden = self.conv_in(hidden)
        return shortcut + self.conv_out(leaky_relu(self.norm_out(hidden, style)))


def add_spectral_norm(module: nn.Module) -> nn.Module:
    """Constrain every convolution inside module to spectral norm 1 while it trains (in place)."""
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d) and not parametrize.is_parametrized(layer):
            parametrizations.spectral_norm(layer)
    return module


def fold_spectral_norm(module: nn.Module) -> nn.Module:
    """Replace every spectral norm by the plain weight it stands for (in place), for inference."""
    for layer in list(module.modules()):
        if parametrize.is_parametrized(layer, "weight"):
            was_training = layer.training
            layer.eval()  # no further power iteration: the weight that evaluation sees is what is kept
            parametrize.remove_parametrizations(layer, "weight")
            layer.train(was_training)
    return module
