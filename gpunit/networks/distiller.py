"""Stage I networks around the content encoder: appearance encoder, decoder F with its shape head F_s, classifier C.

    x̄   = F(E_c(x), E_s(x), l_x)     reconstruction
    x̄_s = F_s(E_c(x), l_x)           shape, from content and label alone
    C(R(E_c(x)))                     domain logits behind a gradient reversal R

The decoder's layers up to the shape head depend on content and label alone.  Those above it take the mean and standard
deviation of the appearance encoder's features of the same size.  So shape can only come from content and label.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from gpunit.networks.blocks import conv3x3, leaky_relu, upsample
from gpunit.networks.normalisation import AdaIN, instance_norm, scale_shift

# Keeps the gradient of the square root finite where a channel is constant.
_TINY = 1e-12


@dataclass(frozen=True)
class DistillerParams:
    """Shape of the stage I networks.

    Attributes:
        resolution: side of the pictures.
        domains: number of labels.
        label_dim: length of a label's embedding.
        shape_width: channels of the decoder up to the shape head.
        appearance_widths: channels of the appearance encoder after each halving.
        decoder_widths: channels of the decoder above the shape head, coarse to fine; each must equal the
            appearance encoder's width at the same size.
        classifier_widths: channels of the first two convolutions of the classifier.
    """

    resolution: int = 256
    domains: int = 292
    label_dim: int = 128
    shape_width: int = 512
    appearance_widths: tuple[int, ...] = (64, 128, 256, 512, 512, 512)
    decoder_widths: tuple[int, ...] = (256, 128, 64)
    classifier_widths: tuple[int, int] = (32, 64)


def style_statistics(feature: Tensor) -> tuple[Tensor, Tensor]:
    """Channel means and (unbiased) standard deviations (B, C) of a feature (B, C, H, W)."""
    mean = feature.mean(dim=(2, 3), dtype=torch.float32)
    pixels = feature.shape[-1] * feature.shape[-2]
    variance = (feature.float() - mean[..., None, None]).square().sum(dim=(2, 3)) / (pixels - 1)
    return mean, torch.sqrt(variance + _TINY)


class AppearanceEncoder(nn.Module):
    """E_s of stage I: stride-2 convolutions without normalisation; a style is the statistics of their outputs."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        widths = (3, *params.appearance_widths)
        self.convolutions = nn.ModuleList(conv3x3(a, b, stride=2) for a, b in pairwise(widths))

    def forward(self, picture: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """Channel means and standard deviations (B, C) of every level of pictures (B, 3, H, W), by the level's size."""
        statistics = {}
        x = picture
        for convolution in self.convolutions:
            x = leaky_relu(convolution(x))
            statistics[x.shape[-1]] = style_statistics(x)
        return statistics


class LabelBlock(nn.Module):
    """3x3 convolution -> AdaIN from the label embedding -> ReLU."""

    def __init__(self, channels: int, label_dim: int) -> None:
        super().__init__()
        self.conv = conv3x3(channels, channels)
        self.norm = AdaIN(channels, label_dim)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x), label))


class ShapeHead(nn.Module):
    """F_s: content and label -> shape, by the shallow layers of F."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        self.embedding = nn.Embedding(params.domains, params.label_dim)
        width = params.shape_width
        self.from_content = nn.Conv2d(1, width, 1)
        self.at_content_size = nn.ModuleList(LabelBlock(width, params.label_dim) for _ in range(4))
        self.at_shape_size = LabelBlock(width, params.label_dim)
        self.to_shape = conv3x3(width, 3)

    def shallow(self, content: Tensor, label: Tensor) -> Tensor:
        """Feature (B, C, 16, 16) of content (B, 1, 8, 8) and labels (B,): all that the decoder knows of the layout."""
        embedded = self.embedding(label)
        x = leaky_relu(instance_norm(self.from_content(content)))
        for block in self.at_content_size:
            x = block(x, embedded)
        return self.at_shape_size(upsample(x), embedded)

    def forward(self, content: Tensor, label: Tensor) -> Tensor:
        """Shape (B, 3, 16, 16) in [-1, 1] of content (B, 1, 8, 8) and labels (B,)."""
        return torch.tanh(self.before_tanh(content, label))

    def before_tanh(self, content: Tensor, label: Tensor) -> Tensor:
        """The same before its tanh, unbounded."""
        return self.to_shape(self.shallow(content, label))


class Decoder(nn.Module):
    """F: content, appearance and label -> picture."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        self.shape_head = ShapeHead(params)
        widths = (params.shape_width, *params.decoder_widths)
        self.appearance_convolutions = nn.ModuleList(conv3x3(a, b) for a, b in pairwise(widths))
        self.to_rgb = conv3x3(widths[-1], 3)

    def forward(self, content: Tensor, appearance: dict[int, tuple[Tensor, Tensor]], label: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1].

        Args:
            content: (B, 1, 8, 8).
            appearance: from `AppearanceEncoder`.
            label: (B,).
        """
        x = self.shape_head.shallow(content, label)
        for convolution in self.appearance_convolutions:
            x = convolution(upsample(x))
            mean, deviation = appearance[x.shape[-1]]
            x = torch.relu(scale_shift(instance_norm(x), deviation, mean))
        return torch.tanh(self.to_rgb(upsample(x)))


class _ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return -gradient


def reverse_gradient(x: Tensor) -> Tensor:
    """R: the identity whose gradient is negated (Ganin and Lempitsky, ICML 2015)."""
    return _ReverseGradient.apply(x)


class DomainClassifier(nn.Module):
    """C: content map (B, 1, 8, 8) -> domain logits (B, domains)."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        first, second = params.classifier_widths
        self.conv_1 = conv3x3(1, first, stride=2)
        self.conv_2 = conv3x3(first, second)
        self.conv_3 = nn.Conv2d(second, params.domains, 4)
        self.to_logits = nn.Linear(params.domains, params.domains)

    def forward(self, content: Tensor) -> Tensor:
        hidden = leaky_relu(self.conv_1(content))
        hidden = leaky_relu(self.conv_2(hidden))
        hidden = leaky_relu(self.conv_3(hidden)).flatten(1)
        return self.to_logits(hidden)
