"""Objects of COCO's classes in pictures, and which of them a picture of a group shows.

A folder's name tells the group of its pictures, as `synthesize` writes it: 151_dog, 281_animal; or it is the name of a
group, of one of COCO's classes, or of a domain of the paper: horse, car, wild, face.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

import torch
from PIL import Image
from torch import Tensor

from gpunit.segmentation.shapes import Box, SegmentationError

# Labels of the COCO classes that belong to the paper's domains.
COCO_LABELS: Mapping[str, int] = MappingProxyType(
    {
        "person": 0,
        "bicycle": 1,
        "car": 2,
        "motorcycle": 3,
        "airplane": 4,
        "bus": 5,
        "train": 6,
        "truck": 7,
        "boat": 8,
        "bird": 14,
        "cat": 15,
        "dog": 16,
        "horse": 17,
        "sheep": 18,
        "cow": 19,
        "elephant": 20,
        "bear": 21,
        "zebra": 22,
        "giraffe": 23,
    }
)
# The COCO classes of the paper's groups: those of `imagenet.PAPER_GROUPS`, and persons, whom ImageNet lacks.
COCO_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dog": ("dog",),
        # With the dog: COCO has no class for ImageNet's foxes and wolves, which look most like one.
        "animal": ("cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
        "bird": ("bird",),
        "vehicle": ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
        "person": ("person",),
    }
)
# The sides, longer and shorter, that detectors of COCO are tested at.
TEST_SCALE = (1333, 800)
# Domains of the paper that are called otherwise.
_DOMAINS = {"wild": "animal", "face": "person", "male": "person", "female": "person", "metface": "person"}


@dataclass(frozen=True)
class Instance:
    """One object.

    Attributes:
        box: left, top, right, bottom in pixels.
        score: confidence from 0 to 1.
        label: COCO class, 0 to 79.
        mask: (H, W) bool.
    """

    box: Box
    score: float
    label: int
    mask: Tensor


@dataclass(frozen=True)
class Instances:
    """The N objects of one picture, best first.

    Attributes:
        boxes: (N, 4) left, top, right, bottom in pixels.
        scores: (N,) from 0 to 1.
        labels: (N,) COCO classes, 0 to 79; a detector may give -1 to classes that no group has.
        masks: (N, H, W) bool.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    masks: Tensor

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: int) -> Instance:
        left, top, right, bottom = self.boxes[index].tolist()
        return Instance(
            (left, top, right, bottom), float(self.scores[index]), int(self.labels[index]), self.masks[index]
        )


# Finds the objects of one picture.
Detector = Callable[[Image.Image], Instances]


def scale_of(short_side: int) -> tuple[int, int]:
    """Limits of the longer and the shorter side, in the proportion of `TEST_SCALE`.

    Examples:
        >>> scale_of(800), scale_of(400)
        ((1333, 800), (666, 400))
    """
    return short_side * TEST_SCALE[0] // TEST_SCALE[1], short_side


def group_labels(group: str) -> Tensor:
    """The COCO labels (N,) of one of the `COCO_GROUPS`.

    Raises:
        SegmentationError: for a group that is not in the table.
    """
    if group not in COCO_GROUPS:
        raise SegmentationError(f"there is no group {group!r}; choose from {', '.join(COCO_GROUPS)}.")
    return torch.tensor([COCO_LABELS[name] for name in COCO_GROUPS[group]])


def folder_group(name: str) -> str | None:
    """The group that a folder's name tells, or None.

    Examples:
        >>> [folder_group(name) for name in ("151_dog", "281_animal", "horse", "car", "face", "holiday")]
        ['dog', 'animal', 'animal', 'vehicle', 'person', None]
    """
    name = re.sub(r"^\d+_", "", name.lower())
    if name in COCO_GROUPS:
        return name
    return _DOMAINS.get(name) or next((group for group, classes in COCO_GROUPS.items() if name in classes), None)


def path_group(path: PurePath) -> str | None:
    """The group that a picture's folders tell, the nearest that tells one; None if none does.

    Examples:
        >>> path_group(PurePath("real/281_animal/old/cat.jpg"))
        'animal'
    """
    return next((group for folder in path.parents if (group := folder_group(folder.name))), None)


def largest_instance(instances: Instances, group: str, minimum_score: float = 0.5) -> Instance | None:
    """The object of one of the `COCO_GROUPS` whose mask covers most of the picture, or None.

    Raises:
        SegmentationError: for a group that is not in the table.
    """
    fits = torch.isin(instances.labels, group_labels(group)) & (instances.scores >= minimum_score)
    area = instances.masks.flatten(1).sum(1) * fits
    if not area.any():
        return None
    return instances[int(area.argmax())]


def instance_map(mask: Tensor) -> Tensor:
    """Mask (H, W) bool -> shape map (1, H, W) float: 1 on the object, -1 on the ground."""
    return mask.float()[None] * 2 - 1
