"""What a photo shows, and where: the square around its animal or car, and how much it looks like each domain.

Both are read off EfficientNet-Lite0, a classifier of ImageNet: the object is where `class_activation_map`
finds the picture's likeliest classes, and a photo is like a domain by the probability of all its classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.imagenet import GROUPS
from gpunit.images import CENTRE, Crop
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map
from gpunit.segmentation.folders import object_crop

# The domains that ImageNet has classes for; foxes and wolves make fair dogs, big cats fair cats.
DOMAIN_CLASSES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "cat": tuple(range(281, 294)),
        "dog": (*GROUPS["dog"], *range(269, 281)),
        "wild": (*range(269, 281), *range(286, 294)),
        "bird": GROUPS["bird"],
        "car": GROUPS["vehicle"],
    }
)
# Of 100 test pictures of each domain, below this lie 0 to 2 by the likeness to a small translator's three sources, and
# 99 or 100 of its target's own.
LIKE = 0.2
MAX_ZOOM = 4.0

_LOOK_SIDE, _LIKENESS_SIDE = 256, 224
# Memory grows with the square of the area: pictures longer than this, of a short side of 1, are squashed for the look.
_LONGEST = 2.5
# Share of the map's mass beyond each edge of the object's box: specks elsewhere in the picture are not the object.
_TAIL = 0.03


class SubjectFinder:
    """Looks at photos; holds the classifier and nothing of them.

    Args:
        eye: the classifier.
        device: see `pick_device`.
    """

    def __init__(self, eye: EfficientNetLite0, device: str = "auto") -> None:
        self._device = pick_device(device)
        self._eye = eye.to(self._device)

    @torch.inference_mode()
    def find(self, picture: Image.Image) -> Crop:
        """The paper's square around the object (`object_crop`), at most `MAX_ZOOM` close."""
        short = min(picture.size)
        width, height = (round(_LOOK_SIDE * min(side / short, _LONGEST)) for side in picture.size)
        seen = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        shape = class_activation_map(self._eye, images.to_tensor(seen).to(self._device))[0, 0].cpu()
        return crop_around(shape, *picture.size)

    @torch.inference_mode()
    def likeness(self, picture: Image.Image) -> dict[str, float]:
        """Probability, from 0 to 1, of each of `DOMAIN_CLASSES` for a picture's centre square and its mirror image."""
        seen = images.to_tensor(images.cut(picture, _LIKENESS_SIDE)).to(self._device)
        shares = self._eye.probabilities(torch.cat([seen, seen.flip(3)])).mean(0).cpu()
        return {domain: float(shares[list(classes)].sum()) for domain, classes in DOMAIN_CLASSES.items()}


def is_like(likeness: Mapping[str, float], domains: Sequence[str]) -> bool:
    """Whether a picture of this likeness passes for one of the domains; those that ImageNet lacks are not judged."""
    if any(domain not in likeness for domain in domains):
        return True
    return sum(likeness[domain] for domain in domains) >= LIKE


def crop_around(shape: Tensor, width: int, height: int) -> Crop:
    """The square around what is positive in a map, as a crop of a picture of this width and height.

    Args:
        shape: (H, W) in [-1, 1], 1 is the object; stretched over the whole picture.
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        The crop; the centre square where the map holds no object.
    """
    mass = shape.clamp_min(0)
    if mass.sum() == 0:
        return CENTRE
    left, right = _extent(mass.sum(0))
    top, bottom = _extent(mass.sum(1))
    x, y, side = object_crop((left * width, top * height, right * width, bottom * height), width, height)
    short = min(width, height)
    kept = max(side, short / MAX_ZOOM)
    places = [
        min(max((start - (kept - side) / 2) / (length - kept), 0.0), 1.0) if length > kept else 0.5
        for start, length in ((x, width), (y, height))
    ]
    return Crop(short / kept, *places)


def _extent(mass: Tensor) -> tuple[float, float]:
    """Where all but the tails of a row of masses lies, as parts of its length."""
    share = mass.cumsum(0) / mass.sum()
    return int((share <= _TAIL).sum()) / len(mass), (int((share < 1 - _TAIL).sum()) + 1) / len(mass)
