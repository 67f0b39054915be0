"""Stage I networks around the content encoder: appearance encoder, decoder F with its shape head F_s, classifier C.

    x̄   = F(E_c(x), E_s(x), l_x)     reconstruction
    x̄_s = F_s(E_c(x), l_x)           shape, from content and label alone
    C(R(E_c(x)))                     domain logits behind a gradient reversal R

Below the shape head the decoder is told only the label; above it, it takes the mean and standard deviation
of the appearance encoder's features of the same size.  Shape can so only come from content and label.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from gpunit.networks.layers import NORM_EPS, AdaIN, conv3x3, instance_norm, leaky_relu, scale_shift, upsample


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


@dataclass(frozen=True)
class Reconstruction:
    """The decoder's answer: picture (B, 3, H, W) and shape (B, 3, 16, 16), both in [-1, 1]."""

    picture: Tensor
    shape: Tensor


def style_statistics(feature: Tensor) -> tuple[Tensor, Tensor]:
    """Channel means and standard deviations (B, C) of a feature (B, C, H, W)."""
    mean = feature.mean(dim=(2, 3), dtype=torch.float32)
    variance = (feature.float() - mean[..., None, None]).square().mean(dim=(2, 3))
    return mean, torch.sqrt(variance + NORM_EPS)


class AppearanceEncoder(nn.Module):
    """E_s of stage I: stride-2 convolutions without norm; its style is each level's statistics."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        widths = (3, *params.appearance_widths)
        self.convolutions = nn.ModuleList(conv3x3(a, b, stride=2) for a, b in pairwise(widths))

    def forward(self, picture: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """Mean and deviation (B, C) of every level's feature, by the level's size."""
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


class Decoder(nn.Module):
    """F: content, appearance and label -> picture; its shallow layers F_s -> shape."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        self.embedding = nn.Embedding(params.domains, params.label_dim)
        width = params.shape_width
        self.from_content = nn.Conv2d(1, width, 1)
        self.at_content_size = nn.ModuleList(LabelBlock(width, params.label_dim) for _ in range(4))
        self.at_shape_size = LabelBlock(width, params.label_dim)
        self.to_shape = conv3x3(width, 3)
        widths = (width, *params.decoder_widths)
        self.appearance_convolutions = nn.ModuleList(conv3x3(a, b) for a, b in pairwise(widths))
        self.to_rgb = conv3x3(widths[-1], 3)

    def shallow(self, content: Tensor, label: Tensor) -> Tensor:
        """Feature (B, C, 16, 16) that holds all the decoder knows of the layout."""
        embedded = self.embedding(label)
        x = leaky_relu(instance_norm(self.from_content(content)))
        for block in self.at_content_size:
            x = block(x, embedded)
        return self.at_shape_size(upsample(x), embedded)

    def shape(self, content: Tensor, label: Tensor) -> Tensor:
        """F_s: shape (B, 3, 16, 16) in [-1, 1] of content (B, 1, 8, 8) and labels (B,)."""
        return torch.tanh(self.to_shape(self.shallow(content, label)))

    def forward(self, content: Tensor, appearance: dict[int, tuple[Tensor, Tensor]], label: Tensor) -> Reconstruction:
        x = self.shallow(content, label)
        shape = torch.tanh(self.to_shape(x))
        for convolution in self.appearance_convolutions:
            x = convolution(upsample(x))
            mean, deviation = appearance[x.shape[-1]]
            x = torch.relu(scale_shift(instance_norm(x), deviation, mean))
        return Reconstruction(torch.tanh(self.to_rgb(upsample(x))), shape)


class _ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return -gradient


def reverse_gradient(x: Tensor) -> Tensor:
    """R: the identity forwards, minus the identity backwards (Ganin and Lempitsky, ICML 2015)."""
    return _ReverseGradient.apply(x)


class DomainClassifier(nn.Module):
    """C: content map (B, 1, 8, 8) -> domain logits (B, domains)."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        first, second = params.classifier_widths
        self.conv_1 = nn.Conv2d(1, first, 3, padding=1)
        self.conv_2 = nn.Conv2d(first, second, 3, stride=2, padding=1)
        self.conv_3 = nn.Conv2d(second, params.domains, 4)
        self.to_logits = nn.Linear(params.domains, params.domains)

    def forward(self, content: Tensor) -> Tensor:
        hidden = leaky_relu(self.conv_1(content))
        hidden = leaky_relu(self.conv_2(hidden))
        hidden = leaky_relu(self.conv_3(hidden)).flatten(1)
        return self.to_logits(hidden)
