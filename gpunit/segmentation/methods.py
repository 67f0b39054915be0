"""The methods of segmentation by name: HTC, as in the paper, and a substitute that needs no download."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map
from gpunit.segmentation.htc import (
    HTC_CONFIGS,
    TEST_SCALE,
    group_labels,
    instance_map,
    largest_instance,
    load_htc,
)
from gpunit.segmentation.shapes import Finder, SegmentationError, Shape

METHODS = ("htc", "class-activation")


def shape_finder(
    method: str,
    *,
    checkpoint: Path | None = None,
    config: str = HTC_CONFIGS[0],
    group: str = "animal",
    minimum_score: float = 0.5,
    scale: tuple[int, int] = TEST_SCALE,
    device: str = "auto",
) -> Finder:
    """A method by name: a function from a picture to the `Shape` of its object, or None.

    Args:
        method: one of `METHODS`; "class-activation" uses the device alone of what follows.
        checkpoint: see `load_htc`.
        config: see `load_htc`.
        group: which objects count, a key of `COCO_GROUPS`.
        minimum_score: objects of less confidence are passed over.
        scale: see `InstanceSegmenter`.
        device: see `pick_device`.

    Raises:
        SegmentationError: for an unknown method or group, or missing weights.
        ModelError: for weights that cannot be used.
        ModuleNotFoundError: if EfficientNet-Lite0's weights are not installed.
    """
    if method == "htc":
        group_labels(group)  # refuses a mistyped group before anything is loaded
        segmenter = load_htc(checkpoint, config, scale, device)

        def find_instance(picture: Image.Image) -> Shape | None:
            (instances,) = segmenter.segment([picture])
            instance = largest_instance(instances, group, minimum_score)
            return None if instance is None else Shape(instance_map(instance.mask), instance.box)

        return find_instance
    if method == "class-activation":
        place = pick_device(device)
        classifier = EfficientNetLite0().to(place)

        def activate(picture: Image.Image) -> Shape:
            return Shape(class_activation_map(classifier, images.to_tensor(picture).to(place))[0].cpu())

        return activate
    raise SegmentationError(f"there is no method {method!r}; choose from {', '.join(METHODS)}.")
