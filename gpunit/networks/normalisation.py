"""Instance norm, adaptive instance norm (AdaIN) and spectral norm.

    IN(x)       = (x - μ(x)) / σ(x)      μ and σ taken over the pixels of each picture and channel
    AdaIN(x, s) = γ(s)·IN(x) + β(s)      γ and β linear in the style s

AdaIN is from Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization", ICCV
2017; spectral norm from Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrizations, parametrize

_EPS = 1e-5
_LAYOUT = torch.channels_last
# Maps of at most this many pixels are normalised in the contiguous layout: at 16x16 in bf16, torch's kernel for
# channels_last takes ten times as long as the contiguous one including both copies.  From 32x32 on it is faster.
_SMALL_MAP = 256


@functools.cache
def _keeps_channels_last(kind: str) -> bool:
    """Whether a device's kernel takes channels_last, leaves it, and computes the same; tried once.

    torch's kernels for GPUs refused it until the middle of 2026.
    """
    x = torch.linspace(-1, 1, 48, device=kind).square().view(2, 2, 3, 4)
    wanted, *_ = torch.native_group_norm(x, None, None, 2, 2, 12, 2, _EPS)
    try:
        found, *_ = torch.native_group_norm(x.contiguous(memory_format=_LAYOUT), None, None, 2, 2, 12, 2, _EPS)
    except RuntimeError:
        return False
    return found.is_contiguous(memory_format=_LAYOUT) and (kind == "meta" or torch.allclose(found, wanted, atol=1e-5))


def _is_normalised_contiguous(x: Tensor) -> bool:
    """Whether x (B, C, H, W) is copied to the contiguous layout to be normalised, and back."""
    if not x.is_contiguous(memory_format=_LAYOUT):
        return x.is_cuda  # whose kernel takes no other layout than these two
    if x.device.type == "cpu":
        return x.shape[2] * x.shape[3] <= _SMALL_MAP
    return not _keeps_channels_last(x.device.type)


def normalise(x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """scale·IN(x) + shift, and 1/σ (B, C), outside of autograd.

    Group norm with one channel a group is instance norm; its forward kernel is by far the fastest on a CPU.

    Args:
        x: (B, C, H, W).
        scale, shift: (C,), one for all pictures; 1 and 0 if omitted.
    """
    batch, channels, height, width = x.shape
    y, _, inverse_deviation = torch.native_group_norm(
        x.contiguous() if _is_normalised_contiguous(x) else x,
        scale,
        shift,
        batch,
        channels,
        height * width,
        channels,
        _EPS,
    )
    return as_laid_out(y, x), inverse_deviation


def as_laid_out(y: Tensor, x: Tensor) -> Tensor:
    """A map y (B, C, H, W) in the layout of x: channels_last stays so where a kernel would have left it."""
    return y.contiguous(memory_format=_LAYOUT) if x.is_contiguous(memory_format=_LAYOUT) else y


def scale_shift(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """scale·x + shift for x (B, C, H, W), with one scale and one shift per picture and channel (B, C)."""
    return torch.addcmul(shift[..., None, None].to(x.dtype), x, scale[..., None, None].to(x.dtype))


def _adaptive_norm(
    x: Tensor, scale: Tensor | None, shift: Tensor | None, slope: float
) -> tuple[Tensor, Tensor, Tensor]:
    """IN(x), 1/σ (B, C), and lrelu(γ·IN(x) + β)."""
    normalised, inverse_deviation = normalise(x)
    out = normalised if scale is None or shift is None else scale_shift(normalised, scale, shift)
    return normalised, inverse_deviation, out if slope == 1 else F.leaky_relu(out, slope)


class _AdaptiveNorm(torch.autograd.Function):
    """lrelu(γ·IN(x) + β) as a single node of the autograd graph.

    It reads and writes the maps a third as often as the separate operations, and avoids group norm's backward kernel,
    which is slow on a CPU.  With y = IN(x), N the number of pixels and g the gradient of γ·y + β:
    dγ = Σ g·y, dβ = Σ g, dx = γ/σ·(g - dβ/N - y·dγ/N).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor | None, shift: Tensor | None, slope: float) -> Tensor:
        normalised, inverse_deviation, out = _adaptive_norm(x, scale, shift, slope)
        ctx.slope = slope
        ctx.save_for_backward(normalised, inverse_deviation, scale, out if slope != 1 else None)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None, None]:
        normalised, inverse_deviation, scale, out = ctx.saved_tensors
        if out is not None:  # leaky ReLU keeps the sign, so its output tells the slope as well as its input
            gradient = torch.ops.aten.leaky_relu_backward(gradient, out, ctx.slope, True)
        d_scale, d_shift = (gradient * normalised).sum(dim=(2, 3)), gradient.sum(dim=(2, 3))
        factor = inverse_deviation if scale is None else inverse_deviation * scale
        pixels = normalised.shape[2] * normalised.shape[3]
        dx = scale_shift(normalised, -factor * d_scale / pixels, -factor * d_shift / pixels)
        dx = torch.addcmul(dx, gradient, factor[..., None, None].to(gradient.dtype))
        if scale is None:
            return dx, None, None, None
        return dx, d_scale.to(scale.dtype), d_shift.to(scale.dtype), None


def adaptive_norm(x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None, slope: float = 1) -> Tensor:
    """lrelu(scale·IN(x) + shift) with one scale and one shift per picture and channel.

    Args:
        x: (B, C, H, W).
        scale, shift: γ and β, (B, C); 1 and 0 if omitted.
        slope: of the leaky ReLU below zero; 1 for none.
    """
    if torch.is_grad_enabled():
        return _AdaptiveNorm.apply(x, scale, shift, slope)
    return _adaptive_norm(x, scale, shift, slope)[2]


def instance_norm(x: Tensor) -> Tensor:
    """IN(x) of x (B, C, H, W), without learned scale and shift."""
    return adaptive_norm(x)


class AdaIN(nn.Module):
    """Adaptive instance norm: AdaIN(x, s) = γ·IN(x) + β, with (γ, β) the two halves of a linear map of s."""

    def __init__(self, channels: int, style_dim: int) -> None:
        super().__init__()
        self.to_scale_shift = nn.Linear(style_dim, 2 * channels)
        self.reset_scale()

    def reset_scale(self) -> None:
        """Set the biases to γ = 1 and β = 0; call it again after initialising a whole network."""
        with torch.no_grad():
            scale, shift = self.to_scale_shift.bias.chunk(2)
            scale.fill_(1)
            shift.zero_()

    def forward(self, x: Tensor, style: Tensor, slope: float = 1) -> Tensor:
        """AdaIN of x (B, C, H, W) under style (B, D), followed by a leaky ReLU of this slope (1 for none)."""
        scale, shift = self.to_scale_shift(style).chunk(2, dim=1)
        return adaptive_norm(x, scale, shift, slope)


def add_spectral_norm(module: nn.Module) -> nn.Module:
    """Constrain every convolution inside module to spectral norm 1 while it trains (in place)."""
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d) and not parametrize.is_parametrized(layer):
            parametrizations.spectral_norm(layer)
    return module


def fold_spectral_norm(module: nn.Module) -> nn.Module:
    """Replace every spectral norm by the plain weight that it stands for (in place), for inference."""
    for layer in list(module.modules()):
        if parametrize.is_parametrized(layer, "weight"):
            was_training = layer.training
            layer.eval()  # in training mode, removing the norm would first run another power iteration
            parametrize.remove_parametrizations(layer, "weight")
            layer.train(was_training)
    return module
