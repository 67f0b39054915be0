"""The subject of a photo: the square around its animal or car, and how much it looks like each domain.

Both come from EfficientNet-Lite0, a classifier of ImageNet: `class_activation_map` finds the object of the likeliest
classes, and a photo is like a domain by the summed probability of the domain's classes and their lookalikes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine.device import pick_device
from gpunit.imagenet import DOMAINS
from gpunit.images import CENTRE, Crop
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map
from gpunit.segmentation.shapes import object_crop

# A photo passes for a domain from this likeness on.  Of 100 test pictures of every source domain of the small
# translators, at most 5 lie below it; of 100 of the target domain, 99 or 100 do.
LIKE = 0.2
MAX_ZOOM = 4.0

_LOOK_SIDE, _LIKENESS_SIDE = 256, 224
# Memory grows with the square of the area: pictures longer than this, of a short side of 1, are squashed for the look.
_LONGEST = 2.5
# Share of the map's mass beyond each edge of the object's box: specks elsewhere in the picture are not the object.
_TAIL = 0.03


class SubjectFinder:
    """Finds the subjects of photos; keeps nothing of the photos.

    Args:
        classifier: of ImageNet.
        device: see `pick_device`.
    """

    def __init__(self, classifier: EfficientNetLite0, device: str = "auto") -> None:
        self._device = pick_device(device)
        self._classifier = classifier.to(self._device)

    @torch.inference_mode()
    def find(self, picture: Image.Image) -> Crop:
        """The paper's square around the object (`object_crop`), at most `MAX_ZOOM` close."""
        short = min(picture.size)
        width, height = (round(_LOOK_SIDE * min(side / short, _LONGEST)) for side in picture.size)
        seen = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        shape = class_activation_map(self._classifier, images.to_tensor(seen).to(self._device))[0, 0].cpu()
        return crop_around(shape, *picture.size)

    @torch.inference_mode()
    def likeness(self, picture: Image.Image) -> dict[str, float]:
        """Probability, from 0 to 1, of each of `imagenet.DOMAINS`: the mean over centre square and mirror image."""
        seen = images.to_tensor(images.cut(picture, _LIKENESS_SIDE)).to(self._device)
        shares = self._classifier.probabilities(torch.cat([seen, seen.flip(3)])).mean(0).cpu()
        return {name: float(shares[[*domain.own, *domain.lookalikes]].sum()) for name, domain in DOMAINS.items()}


def is_like(likeness: Mapping[str, float], domains: Sequence[str]) -> bool:
    """Whether a picture passes for one of the domains, which it always does where ImageNet lacks one of them."""
    if any(domain not in likeness for domain in domains):
        return True
    return sum(likeness[domain] for domain in domains) >= LIKE


def crop_around(shape: Tensor, width: int, height: int) -> Crop:
    """The paper's square around an object (`object_crop`), as a crop of a picture of this width and height.

    Args:
        shape: (H, W) in [-1, 1], 1 on the object; stretched over the whole picture.
        width, height: of the picture, in pixels.

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
    """Start and end of a row of masses without its tails, as parts of the row's length."""
    share = mass.cumsum(0) / mass.sum()
    return int((share <= _TAIL).sum()) / len(mass), (int((share < 1 - _TAIL).sum()) + 1) / len(mass)
