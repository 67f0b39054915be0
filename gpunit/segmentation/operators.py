"""mmcv's compiled operators, as far as HTC's inference needs them, by torchvision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import Tensor
from torchvision import ops


def _nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    # Widths are x2 - x1 + offset, which moving the right and bottom edges gives exactly.
    return ops.nms(boxes + boxes.new_tensor([0, 0, offset, offset]), scores, iou_threshold)


def _roi_align_forward(
    feature: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    if pool_mode != 1:
        raise NotImplementedError("roi_align_forward is served for average pooling only; install mmcv in full.")
    size = (aligned_height, aligned_width)
    output.copy_(ops.roi_align(feature, rois, size, spatial_scale, sampling_ratio, aligned))


def install_operator_bridge() -> None:
    """Let `import mmcv.ops` work without compiled operators; does nothing where they are installed.

    `nms` and `roi_align_forward` are served by torchvision; every other operator raises NotImplementedError,
    with its name, when it is called.
    """
    if find_spec("mmcv._ext") is not None:
        return

    def missing(name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*arguments: Any, **options: Any) -> Any:
            raise NotImplementedError(f"mmcv's operator {name} needs the compiled mmcv; install mmcv in full.")

        return refuse

    bridge = ModuleType("mmcv._ext", "mmcv's operators that HTC's inference needs, by torchvision.")
    bridge.__spec__ = ModuleSpec("mmcv._ext", None)
    vars(bridge).update(nms=_nms, roi_align_forward=_roi_align_forward, __getattr__=missing)
    sys.modules["mmcv._ext"] = bridge
