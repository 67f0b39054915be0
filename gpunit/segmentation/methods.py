"""The methods of segmentation by name: HTC, as in the paper, and those that take its place."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map
from gpunit.segmentation.htc import HTC_CONFIGS, load_htc
from gpunit.segmentation.instances import (
    TEST_SCALE,
    Detector,
    instance_map,
    largest_instance,
    scale_of,
)
from gpunit.segmentation.shapes import Finder, SegmentationError, Shape

# Those that tell objects of one group from those of others; the last two find whatever there is.
DETECTING = ("htc", "mask-rcnn")
METHODS = (*DETECTING, "salient", "class-activation")


def shape_finder(
    method: str,
    *,
    weights: Path | None = None,
    config: str = HTC_CONFIGS[0],
    minimum_score: float = 0.5,
    scale: int | None = None,
    device: str = "auto",
) -> Finder:
    """A method by name: a function from a picture and its group to the `Shape` of its object, or None.

    Args:
        method: one of `METHODS`; "class-activation" uses the device alone of what follows.
        weights: the network's file; see `load_htc`, `load_mask_rcnn`, `SalientObject`.
        config: see `load_htc`.
        minimum_score: for one of `DETECTING`: objects of less confidence are passed over.
        scale: side in pixels that pictures are enlarged or reduced to before their object is looked for: of
            `DETECTING` the shorter one, by default 800; of "salient" both, see `SalientObject`.
        device: see `pick_device`.

    Raises:
        SegmentationError: for an unknown method, or missing weights.
        ModelError: for weights that cannot be used.
        ModuleNotFoundError: if EfficientNet-Lite0's weights, or the packages that "salient" needs, are not installed.
    """
    limits = TEST_SCALE if scale is None else scale_of(scale)
    if method == "htc":
        return _largest(load_htc(weights, config, limits, device), minimum_score)
    if method == "mask-rcnn":
        from gpunit.segmentation.mask_rcnn import load_mask_rcnn  # torchvision's detection is slow to import

        return _largest(load_mask_rcnn(weights, limits, device), minimum_score)
    if method == "salient":
        from gpunit.segmentation.salient import SalientObject

        stands_out = SalientObject(weights, scale, device)
        return lambda picture, group: stands_out(picture)
    if method == "class-activation":
        place = pick_device(device)
        classifier = EfficientNetLite0().to(place)

        def activate(picture: Image.Image, group: str) -> Shape:
            return Shape(class_activation_map(classifier, images.to_tensor(picture).to(place))[0].cpu())

        return activate
    raise SegmentationError(f"there is no method {method!r}; choose from {', '.join(METHODS)}.")


def _largest(detect: Detector, minimum_score: float) -> Finder:
    """The largest object of a picture's group that a detector is sure of."""

    def find(picture: Image.Image, group: str) -> Shape | None:
        instance = largest_instance(detect(picture), group, minimum_score)
        return None if instance is None else Shape(instance_map(instance.mask), instance.box)

    return find
