"""Where the object is: the shape maps x_s that stage I learns from (section 3), by either method, over folders.

The paper's way is HTC (`prior.htc`); its substitute needs no download (`prior.class_activation`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from gpunit import files, images
from gpunit.engine.device import pick_device
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map
from gpunit.segmentation.htc import (
    HTC_CONFIGS,
    TEST_SCALE,
    Box,
    SegmentationError,
    group_labels,
    instance_map,
    largest_instance,
    load_htc,
)

METHODS = ("htc", "class-activation")

Finder = Callable[[Image.Image], "Shape | None"]


def object_crop(box: Box, width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the paper's square around an object's box in a picture of this width and height.

    Its side is sqrt(4/3 · w · h), at least max(w, h), at most the picture's short side; it is centred on the
    box and moved to lie inside the picture.
    """
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    w, h = right - left, bottom - top
    side = min(max(math.ceil(math.sqrt(4 / 3 * w * h)), w, h), width, height)
    return _placed(left + right, side, width), _placed(top + bottom, side, height), side


def _placed(ends: int, side: int, length: int) -> int:
    """Where a side starts whose middle is half of `ends`, moved into 0..length."""
    return min(max((ends - side) // 2, 0), length - side)


@dataclass(frozen=True)
class Shape:
    """What a finder found in a picture.

    Attributes:
        map: (1, H, W) in [-1, 1], of the picture's size; 1 is the object.
        box: the object's box, where the method gives one.
    """

    map: Tensor
    box: Box | None = None


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
    """What finds the object in a picture: a function from a picture to its `Shape`, or None.

    Args:
        method: one of `METHODS`; the others describe "htc" and leave "class-activation" as it is.
        checkpoint: see `load_htc`.
        config: see `load_htc`.
        group: key of `GROUPS`, what counts as the object.
        minimum_score: confidence that it takes.
        scale: see `InstanceSegmenter`.
        device: see `pick_device`; for both methods.

    Raises:
        SegmentationError: for an unknown method or group, or weights that cannot be used.
        ModuleNotFoundError: if EfficientNet-Lite0's weights are not installed.
    """
    if method == "htc":
        group_labels(group)  # a mistyped group is told before anything is loaded
        segmenter = load_htc(checkpoint, config, scale, device)

        def find_instance(picture: Image.Image) -> Shape | None:
            (instances,) = segmenter.segment([picture])
            instance = largest_instance(instances, group, minimum_score)
            return None if instance is None else Shape(instance_map(instance.mask), instance.box)

        return find_instance
    if method == "class-activation":
        place = pick_device(device)
        eye = EfficientNetLite0().to(place)

        def activate(picture: Image.Image) -> Shape:
            return Shape(class_activation_map(eye, images.to_tensor(picture).to(place))[0].cpu())

        return activate
    raise SegmentationError(f"there is no method {method!r}; choose from {', '.join(METHODS)}.")


def segment_folder(
    folder: Path,
    output: Path,
    find: Finder,
    cropped: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write the shape map of every picture of a folder and its subfolders; resumes where it was stopped.

    Args:
        folder: the pictures.
        output: maps go here, under the same relative paths, as 8-bit greyscale PNG: 255 is the object.
        find: from `shape_finder`.
        cropped: if given, every picture is cut to its `object_crop`, its map is cut likewise, and the cut picture
            is written here under the same relative path, as PNG.
        report: called with the pictures done and the pictures in all.

    Returns:
        The pictures in which nothing was found; they have no map, and the next run looks at them again.

    Raises:
        PictureError: if the folder is missing, holds no pictures, or one of them is damaged.
        SegmentationError: if results would lie among the pictures or two pictures share a name, or for `cropped`
            with a method that gives no boxes.
    """
    for results in (output, *([cropped] if cropped else [])):
        if results.resolve().is_relative_to(folder.resolve()):
            raise SegmentationError(f"{results} lies inside {folder}; choose a folder outside of it for the results.")
    planned: dict[Path, Path] = {}
    for path in images.list_pictures(folder):
        relative = path.relative_to(folder).with_suffix(".png")
        if relative in planned:
            raise SegmentationError(f"{planned[relative]} and {path} would share one map; rename one of them.")
        planned[relative] = path
    empty = []
    for done, (relative, path) in enumerate(planned.items(), start=1):
        # The map is written last, so that its presence says that the picture is done.
        if not (output / relative).exists():
            picture = images.open_picture(path)
            shape = find(picture)
            if shape is None:
                empty.append(path)
            else:
                drawn = map_picture(shape.map)
                if cropped:
                    if shape.box is None:
                        raise SegmentationError("this method gives no boxes to crop by; crop with --method htc.")
                    left, top, side = object_crop(shape.box, *picture.size)
                    square = (left, top, left + side, top + side)
                    files.save_png(picture.crop(square), cropped / relative)
                    drawn = drawn.crop(square)
                files.save_png(drawn, output / relative)
        report(done, len(planned))
    return empty


def map_picture(shape: Tensor) -> Image.Image:
    """Shape map (1, H, W) in [-1, 1] -> 8-bit greyscale picture."""
    return images.to_pictures(shape[None].expand(-1, 3, -1, -1))[0].convert("L")
