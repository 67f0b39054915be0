"""What stands out in a picture, by an ONNX file of IS-Net or U²-Net: no classes, so it serves domains that COCO lacks.

Qin et al., "Highly Accurate Dichotomous Image Segmentation" (IS-Net), ECCV 2022, and "U²-Net: Going Deeper with Nested
U-Structure for Salient Object Detection", 2020.  onnxruntime and SciPy are an extra, imported in functions only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.segmentation.shapes import Box, SegmentationError, Shape
from gpunit.settings import install_command

# U²-Net is published at 320 px, IS-Net at 1024; each normalises pictures in its own way.
_U2NET_SIDE, _ISNET_SIDE = 320, 1024
_U2NET_MEAN, _U2NET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# How a region is cut out of a map, at this short side.  The threshold lies a little below Otsu's: maps are uncertain
# about what is dark.
_SIDE = 128
_BELOW_OTSU = 0.85
_CLOSING = 5
_BINS = 64
# Shares of the picture: less than the one is a speck, more than the other is the whole picture.
_LEAST, _MOST = 0.01, 0.97


class SalientObject:
    """Finds the largest object that stands out, of whatever class.

    Args:
        weights: the .onnx file, of one input (1, 3, S, S) and a map (1, 1, S, S) in [0, 1] as its first output.
        side: S, for a file that takes any; by default 1024.
        device: see `pick_device`; a GPU is used where onnxruntime has been installed for it.

    Raises:
        SegmentationError: if there is no file, it is no such network, or takes pictures of another side.
        ModuleNotFoundError: if onnxruntime or SciPy is not installed.
    """

    def __init__(self, weights: Path | None, side: int | None = None, device: str = "auto") -> None:
        self._session = _open_session(weights, pick_device(device))
        assert weights is not None
        self._name = weights.name
        shape = self._session.get_inputs()[0].shape
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise SegmentationError(f"{self._name} takes no pictures (1, 3, S, S); give a file of IS-Net or U²-Net.")
        fixed = shape[-1] if isinstance(shape[-1], int) and shape[-1] > 0 else None
        if fixed and side and side != fixed:
            raise SegmentationError(f"{self._name} takes pictures of {fixed} px alone; leave --scale out.")
        self._side = fixed or side or _ISNET_SIDE

    def __call__(self, picture: Image.Image) -> Shape | None:
        """The object's shape and box, or None."""
        region = object_region(self.saliency(picture))
        if region is None:
            return None
        width, height = picture.size
        soft = F.interpolate(region[None, None], size=(height, width), mode="bilinear", antialias=True)[0]
        return Shape(soft * 2 - 1, _box(region, width, height))

    def saliency(self, picture: Image.Image) -> Tensor:
        """The network's map of a picture, (S, S) from 0 to 1, stretched over the whole picture."""
        squashed = picture.convert("RGB").resize((self._side, self._side), Image.Resampling.BICUBIC)
        values = (images.to_tensor(squashed) + 1) / 2
        if self._side == _U2NET_SIDE:
            mean, deviation = (torch.tensor(each)[:, None, None] for each in (_U2NET_MEAN, _U2NET_DEVIATION))
            values = (values / values.max().clamp_min(1e-6) - mean) / deviation
        else:
            values = values - 0.5
        name = self._session.get_inputs()[0].name
        answer = torch.from_numpy(np.asarray(self._session.run(None, {name: values.numpy()})[0])).float()
        if answer.shape[-2:] != values.shape[-2:] or answer.numel() != self._side**2:
            raise SegmentationError(f"{self._name} gives no map (1, 1, S, S); give a file of IS-Net or U²-Net.")
        answer = answer.reshape(self._side, self._side)
        return (answer - answer.min()) / (answer.max() - answer.min()).clamp_min(1e-6)


def object_region(saliency: Tensor) -> Tensor | None:
    """The object that a map shows: above Otsu's threshold, gaps closed, holes filled, the largest region alone.

    Args:
        saliency: (H, W) from 0 to 1.

    Returns:
        (128, 128) from 0 to 1, soft at its border, stretched as the map is; None where nothing, or everything, stands
        out.

    Raises:
        ModuleNotFoundError: if SciPy is not installed.
    """
    from scipy import ndimage

    small = F.interpolate(saliency[None, None], size=(_SIDE, _SIDE), mode="bilinear", antialias=True)[0, 0].numpy()
    smooth = ndimage.gaussian_filter(small, 1)
    # Padded, or the closing would take away what touches the picture's edge.
    padded = np.pad(smooth > otsu_threshold(smooth) * _BELOW_OTSU, 2 * _CLOSING)
    closed = ndimage.binary_closing(padded, np.ones((3, 3)), iterations=_CLOSING)
    filled = ndimage.binary_fill_holes(closed[2 * _CLOSING : -2 * _CLOSING, 2 * _CLOSING : -2 * _CLOSING])
    labels, count = ndimage.label(filled)
    if not count:
        return None
    region = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    if not _LEAST < region.mean() < _MOST:
        return None
    return torch.from_numpy(ndimage.gaussian_filter(region.astype(np.float32), 1))


def otsu_threshold(values: Any) -> float:
    """The threshold from 0 to 1 that parts values best into two kinds (Otsu, 1979): their means are furthest apart."""
    counts, edges = np.histogram(values, _BINS, (0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    total = (counts * centres).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(edges[np.nan_to_num(between).argmax() + 1])


def _box(region: Tensor, width: int, height: int) -> Box:
    """Left, top, right and bottom of a region, in pixels of a picture that it is stretched over."""
    rows, columns = (np.flatnonzero((region > 0.5).any(dim).numpy()) for dim in (1, 0))
    x, y = width / region.shape[1], height / region.shape[0]
    return float(columns[0] * x), float(rows[0] * y), float((columns[-1] + 1) * x), float((rows[-1] + 1) * y)


def _open_session(weights: Path | None, device: torch.device) -> Any:
    try:
        import onnxruntime
        import scipy  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"the method salient needs {error.name}: {install_command('salient')}") from None
    if weights is None or not weights.is_file():
        where = "no file was given" if weights is None else f"{weights} is not there"
        raise SegmentationError(
            f"the method salient needs a network and {where}: name an .onnx file of IS-Net or U²-Net with --weights."
        )
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other programs compute too
    try:
        return onnxruntime.InferenceSession(str(weights), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own for whatever the bytes lead it to
        raise SegmentationError(
            f"{weights.name} is damaged or no ONNX file ({type(error).__name__}); get it again."
        ) from None
