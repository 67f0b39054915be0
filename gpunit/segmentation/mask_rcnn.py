"""Instance segmentation by torchvision's Mask R-CNN, which needs no package beyond the app's own.

He, Gkioxari, Dollár and Girshick, "Mask R-CNN", ICCV 2017, as improved by Li et al., "Benchmarking Detection Transfer
Learning with Vision Transformers", 2021: 41.8 mask AP on COCO, where the default config of HTC has 41.4.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_V2_Weights, maskrcnn_resnet50_fpn_v2

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.segmentation.instances import COCO_LABELS, TEST_SCALE, Instances
from gpunit.segmentation.shapes import SegmentationError
from gpunit.zoo.fetching import fetch_from_any, mirrored
from gpunit.zoo.weights import fill, read_pickle

_PUBLISHED = MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1


class MaskRCNN:
    """Finds objects of COCO's classes in pictures; a `Detector`.

    Args:
        network: from `mask_rcnn_network`, with its weights.
        device: see `pick_device`.
    """

    def __init__(self, network: nn.Module, device: str = "auto") -> None:
        self._device = pick_device(device)
        self._network: Any = network.to(self._device).eval()
        names = _PUBLISHED.meta["categories"]
        self._labels = torch.tensor([COCO_LABELS.get(name, -1) for name in names])

    @torch.inference_mode()
    def __call__(self, picture: Image.Image) -> Instances:
        """The objects of one picture."""
        pixels = (images.to_tensor(picture)[0] + 1) / 2
        found = {name: tensor.cpu() for name, tensor in self._network([pixels.to(self._device)])[0].items()}
        masks = found["masks"][:, 0] > 0.5
        return Instances(found["boxes"], found["scores"], self._labels[found["labels"]], masks)


def mask_rcnn_network(scale: tuple[int, int] = TEST_SCALE) -> nn.Module:
    """torchvision's `maskrcnn_resnet50_fpn_v2` with random weights.

    Args:
        scale: pictures are resized, their shapes kept, to the largest size within these limits for the longer and the
            shorter side.
    """
    longest, shortest = scale
    network: nn.Module = maskrcnn_resnet50_fpn_v2(
        weights=None, weights_backbone=None, min_size=shortest, max_size=longest
    )
    return network


def load_mask_rcnn(path: Path | None, scale: tuple[int, int] = TEST_SCALE, device: str = "auto") -> MaskRCNN:
    """Mask R-CNN with the weights of a file of torchvision's.

    Args:
        path: of the .pth file.
        scale: see `mask_rcnn_network`.
        device: see `pick_device`.

    Raises:
        SegmentationError: if there is no such file.
        ModelError: if it is damaged, holds code, or belongs to another network.
    """
    if path is None or not path.is_file():
        where = "no file was given" if path is None else f"{path} is not there"
        raise SegmentationError(
            f"Mask R-CNN needs its weights and {where}: fetch them with --download, name the file of {_PUBLISHED.url} "
            "with --weights, or take the substitute with --method class-activation."
        )
    tensors = read_pickle(path)
    if not isinstance(tensors, dict):
        raise SegmentationError(f"{path.name} holds no tensors by name: it is no file of torchvision's weights.")
    return MaskRCNN(fill(mask_rcnn_network(scale), tensors, path), device)


def download_mask_rcnn(
    folder: Path, mirror: str = "", report: Callable[[int, int], None] = lambda done, total: None
) -> Path:
    """Fetch torchvision's weights, on request only; a file that is there is kept.

    Args:
        folder: where the file goes, under its published name; made if missing.
        mirror: asked before torchvision's own host; see `fetching.mirrored`.
        report: called with the bytes done and the bytes in all (0 if the server does not tell).

    Returns:
        The path of the file.

    Raises:
        DownloadError: if no host gives it, or what they give is not the published file, whose name ends in the first
            eight digits of its sha256.
    """
    path = folder / _PUBLISHED.url.rpartition("/")[2]
    if not path.exists():
        places = [*([mirrored(mirror, path.name)] if mirror else []), _PUBLISHED.url]
        fetch_from_any(places, path, report, sha256=path.stem.rpartition("-")[2])
    return path
