"""ArcFace: a face -> a unit vector that identifies the person, for the identity loss 1 - cos(f(ŷ), f(y)).

ArcFace (Deng et al., CVPR 2019) on an improved ResNet-50 with squeeze-and-excitation.  Module names are those of
model_ir_se50.pth, the weights that TreB1eN's InsightFace_Pytorch publishes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CODE_DIM = 512
# (input channels, channels, units) of every stage; the first unit of a stage halves the size
_STAGES = ((64, 64, 3), (64, 128, 4), (128, 256, 14), (256, 512, 3))
_FACE_SIZE = 112


class _SqueezeExcitation(nn.Module):
    """Squeeze-and-excitation (Hu et al., CVPR 2018): each channel is scaled by a function of all channels' means."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))))


class _Unit(nn.Module):
    """Batch norm -> convolution -> PReLU -> convolution -> batch norm -> squeeze and excitation, plus a shortcut."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if in_channels != channels:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, channels, 3, 1, 1, bias=False),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            _SqueezeExcitation(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.res_layer(x) + self.shortcut_layer(x)


class IdentityNet(nn.Module):
    """ArcFace IR-SE50, frozen and in eval mode; the user brings the weights (`zoo.weights.load_identity_net`)."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))
        units = []
        for before, channels, count in _STAGES:
            units += [_Unit(before, channels, 2), *(_Unit(channels, channels, 1) for _ in range(count - 1))]
        self.body = nn.Sequential(*units)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(512 * (_FACE_SIZE // 16) ** 2, CODE_DIM),
            nn.BatchNorm1d(CODE_DIM),
        )
        self.eval().requires_grad_(False)

    def forward(self, picture: Tensor) -> Tensor:
        """Unit vectors (B, 512) of aligned portraits (B, 3, S, S) in [-1, 1].

        The face is assumed to fill rows 35 to 223 and columns 32 to 220 of 256.
        """
        side = picture.shape[-1]
        top, bottom, left, right = (round(edge * side / 256) for edge in (35, 223, 32, 220))
        face = F.adaptive_avg_pool2d(picture[:, :, top:bottom, left:right], _FACE_SIZE)
        return F.normalize(self.output_layer(self.body(self.input_layer(face))), dim=1)
