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
# Below so many pixels the weights, which a transposed convolution has more of, are what takes time.
_LEAST_TRANSPOSED = 32 * 32


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


def spatial_mean(x: Tensor) -> Tensor:
    """Means (B, C) over the places of x (B, C, H, W).

    The gradient of x.mean(dim=(2, 3)) is laid out contiguously whatever x is, and slows what it meets on its way back;
    this one's is channels_last.
    """
    return x.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)


def takes_less_transposed(height: int, width: int) -> bool:
    """Whether a map of this size is doubled and convolved faster by one transposed convolution (`double_kernel`)."""
    return height * width >= _LEAST_TRANSPOSED


def double_and_convolve(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """`conv`, 3x3 with zero padding 1, of x (B, C, H, W) with its pixels repeated: (B, C_out, 2H, 2W)."""
    if takes_less_transposed(*x.shape[2:]):
        return F.conv_transpose2d(x, double_kernel(conv.weight), conv.bias, stride=2, padding=1)
    return conv(upsample(x))


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


def is_normed_contiguous(x: Tensor) -> bool:
    """Whether x (B, C, H, W) is to be normalised in the contiguous layout instead of its own.

    On other devices than a CPU always: torch's kernels for them refused channels_last until the middle of 2026.
    """
    suits = x.shape[2] * x.shape[3] <= _SMALL_MAP or x.device.type != "cpu"
    return suits and x.is_contiguous(memory_format=torch.channels_last)


def _group_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """Instance norm of x (B, C, H, W), and 1/σ (B, C)."""
    batch, channels, height, width = x.shape
    swap = is_normed_contiguous(x)
    y, _, gain = torch.native_group_norm(
        x.contiguous() if swap else x, None, None, batch, channels, height * width, channels, NORM_EPS
    )
    return y.contiguous(memory_format=torch.channels_last) if swap else y, gain


def scale_shift(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """scale·x + shift with one scale and shift (B, C) per picture and channel of x (B, C, H, W)."""
    return torch.addcmul(shift[..., None, None].to(x.dtype), x, scale[..., None, None].to(x.dtype))


def _restyle(x: Tensor, scale: Tensor | None, shift: Tensor | None, slope: float) -> tuple[Tensor, Tensor, Tensor]:
    """IN(x), 1/σ (B, C), and lrelu(γ·IN(x) + β)."""
    normalised, gain = _group_norm(x)
    out = normalised if scale is None or shift is None else scale_shift(normalised, scale, shift)
    return normalised, gain, out if slope == 1 else F.leaky_relu(out, slope)


class _Restyle(torch.autograd.Function):
    """lrelu(γ·IN(x) + β) as one step of the graph: a third of the passes over the maps that its parts would take.

    Group norm with one channel a group is instance norm, and its forward kernel is by far the fastest on a CPU; its
    backward kernel is not.  With y the normalised map, N its pixels and g the gradient of γ·y + β:
    dγ = Σ g·y, dβ = Σ g, dx = γ/σ·(g - dβ/N - y·dγ/N).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor | None, shift: Tensor | None, slope: float) -> Tensor:
        normalised, gain, out = _restyle(x, scale, shift, slope)
        ctx.slope = slope
        ctx.save_for_backward(normalised, gain, scale, out if slope != 1 else None)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None, None]:
        normalised, gain, scale, out = ctx.saved_tensors
        if out is not None:
            gradient = torch.ops.aten.leaky_relu_backward(gradient, out, ctx.slope, True)  # its sign is its input's
        along, level = (gradient * normalised).sum(dim=(2, 3)), gradient.sum(dim=(2, 3))
        factor = gain if scale is None else gain * scale
        pixels = normalised.shape[2] * normalised.shape[3]
        dx = scale_shift(normalised, -factor * along / pixels, -factor * level / pixels)
        dx = torch.addcmul(dx, gradient, factor[..., None, None].to(gradient.dtype))
        return (
            dx,
            None if scale is None else along.to(scale.dtype),
            None if scale is None else level.to(scale.dtype),
            None,
        )


def restyle(x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None, slope: float = LEAK) -> Tensor:
    """lrelu(scale·IN(x) + shift), IN being instance norm without affine; one picture may have a style of its own.

    Args:
        x: (B, C, H, W).
        scale, shift: (B, C); without them, 1 and 0.
        slope: of the leaky ReLU; 1 leaves it out.
    """
    if torch.is_grad_enabled():
        return _Restyle.apply(x, scale, shift, slope)
    return _restyle(x, scale, shift, slope)[2]


def instance_norm(x: Tensor) -> Tensor:
    """Instance norm without affine of x (B, C, H, W)."""
    return restyle(x, slope=1)


def convolve_in_squares(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """`conv`, of odd size K, stride 1 and zero padding (K - 1) / 2, of x (B, C, H, W), H and W even.

    A convolution to few channels leaves most of a vector unit idle: the numbers of every 2x2 square are computed as
    channels of one convolution of stride 2 (`square_kernel`), in half the time where there are three.
    """
    bias = None if conv.bias is None else conv.bias.repeat_interleave(4)
    squares = F.conv2d(x, square_kernel(conv.weight), bias, stride=2, padding=conv.kernel_size[0] // 2)
    return F.pixel_shuffle(squares, 2)


class ConvBlock(nn.Module):
    """3x3 reflect convolution -> instance norm without affine -> leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = conv3x3(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        return restyle(self.conv(x))


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

    def forward(self, x: Tensor, style: Tensor, slope: float = 1) -> Tensor:
        """Normalise x (B, C, H, W) and give it the statistics that style (B, D) asks for; then a leaky ReLU, if any."""
        scale, shift = self.to_scale_shift(style).chunk(2, dim=1)
        return restyle(x, scale, shift, slope)


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
        hidden = self.norm_in(x, style, LEAK)
        if self.doubles:
            shortcut, hidden = upsample(shortcut), double_and_convolve(hidden, self.conv_in)
        else:
            hidden = self.conv_in(hidden)
        # In this order: the sum takes the layout of its first part, and a map of one channel tells the shortcut none.
        return self.conv_out(self.norm_out(hidden, style, LEAK)) + shortcut


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
