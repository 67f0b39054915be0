from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torchvision import ops

from gpunit.segmentation.operators import install_operator_bridge


def random_boxes(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(count, 2, generator=generator) * 40
    return torch.cat([corners, corners + 20], 1), torch.rand(count, generator=generator)


def reference_nms(boxes: Tensor, scores: Tensor, threshold: float, offset: int) -> list[int]:
    """Greedy suppression as it is defined, with widths of x2 - x1 + offset."""
    kept: list[int] = []
    for index in scores.argsort(descending=True).tolist():
        left, top, right, bottom = boxes[index].tolist()
        for other in kept:
            a, b, c, d = boxes[other].tolist()
            width = max(0.0, min(right, c) - max(left, a) + offset)
            height = max(0.0, min(bottom, d) - max(top, b) + offset)
            areas = [(z - x + offset) * (w - y + offset) for x, y, z, w in ((left, top, right, bottom), (a, b, c, d))]
            if width * height / (sum(areas) - width * height) > threshold:
                break
        else:
            kept.append(index)
    return kept


@pytest.mark.parametrize("offset", [0, 1])
def test_nms_of_mmcv_keeps_what_the_definition_keeps(offset: int) -> None:
    install_operator_bridge()
    from mmcv.ops import nms

    boxes, scores = random_boxes(60)
    kept_boxes, kept = nms(boxes, scores, 0.3, offset=offset)
    assert kept.tolist() == reference_nms(boxes, scores, 0.3, offset)
    assert 1 < len(kept) < 60
    assert torch.equal(kept_boxes, torch.cat([boxes, scores[:, None]], 1)[kept])


@pytest.mark.parametrize("aligned", [True, False])
def test_roi_align_of_mmcv_is_that_of_torchvision(aligned: bool) -> None:
    install_operator_bridge()
    from mmcv.ops import RoIAlign

    feature = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rois = torch.cat([torch.tensor([[0.0], [1.0], [1.0]]), random_boxes(3)[0]], 1)
    align = RoIAlign((7, 5), spatial_scale=0.25, sampling_ratio=0, aligned=aligned)
    expected = ops.roi_align(feature, rois, (7, 5), 0.25, -1, aligned)
    torch.testing.assert_close(align(feature, rois), expected)
    with pytest.raises(NotImplementedError, match="average pooling"):
        RoIAlign(7, pool_mode="max")(feature, rois)


def test_other_operators_are_refused_by_name() -> None:
    install_operator_bridge()
    from mmcv.ops import soft_nms

    with pytest.raises(NotImplementedError, match="softnms"):
        soft_nms(*random_boxes(3))


def test_compiled_operators_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = ModuleType("mmcv._ext")
    compiled.__spec__ = ModuleSpec("mmcv._ext", None)
    monkeypatch.setitem(sys.modules, "mmcv._ext", compiled)
    install_operator_bridge()
    assert sys.modules["mmcv._ext"] is compiled
