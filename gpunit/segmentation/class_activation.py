"""Soft object silhouettes from a classifier of ImageNet: the substitute for HTC that needs no download.

EfficientNet-Lite0's evidence e for the picture's classes is spread to places that look alike (a random walk with
restarts, y), then sharpened along the picture's edges:

    e = Σ_{k in the picture's 100 likeliest classes} P(k | place)      mean of two scales and the mirror image
    y <- α (0.8 A + 0.2 B) y + (1 - α) e          A: affinity of features, B: of colours, both fading with distance
    x_s = tanh(2 · guided filter((y - Otsu's threshold) / half the distance of the two means))
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.frozen.efficientnet import EfficientNetLite0

# What follows was chosen by eye, on 128 px pictures of cats, dogs, birds and cars.
# Short sides at which the classifier looks: ears and wheels need the wider context of the smaller one.
_SIDE, _WIDER_SIDE, _WIDER_SHARE = 256, 128, 1 / 3
_CLASSES = 100
# The walk: reaches in units of the short side, colours in [-1, 1].
_STEPS, _ALPHA = 25, 0.98
_FEATURE_TEMPERATURE, _FEATURE_REACH = 0.1, 0.3
_COLOUR_DEVIATION, _COLOUR_REACH, _COLOUR_SHARE = 0.15, 0.15, 0.2
# The guided filter, at half of `_SIDE`.
_RADIUS, _EPSILON = 4, 8e-3


# What the classifier sees of a prior's pictures, in pixels, and how many of them at a time.
RENDERED_SIDE = 128
_AT_ONCE = 16


@torch.no_grad()
def class_activation_map(classifier: EfficientNetLite0, pictures: Tensor) -> Tensor:
    """Shape maps x_s of pictures.

    Args:
        classifier: of ImageNet.
        pictures: (B, 3, H, W) in [-1, 1], each of one object of a class that ImageNet has.

    Returns:
        (B, 1, H, W) in [-1, 1]: 1 on the object, 0 on its border.  Mirrored pictures give mirrored maps.

    References:
        Zhou, Khosla, Lapedriza, Oliva and Torralba, "Learning Deep Features for Discriminative Localization", CVPR
        2016 (class activation); Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    view = _resized(pictures, _SIDE)
    evidence, features = _evidence(classifier, view)
    wider, _ = _evidence(classifier, _resized(pictures, _WIDER_SIDE))
    grid = features.shape[-2:]
    evidence, wider = (F.interpolate(x, size=grid, mode="bilinear") for x in (evidence, wider))
    seed = torch.lerp(evidence, wider, _WIDER_SHARE)
    ones = zip(seed.split(1), features.split(1), F.avg_pool2d(view, 8).split(1), strict=True)
    # One by one: the transitions of one picture fit into a CPU's cache, those of a batch do not.
    signed = _signed(torch.cat([_walk(*one) for one in ones]))
    guide = F.avg_pool2d(view.mean(1, keepdim=True), 2)
    refined = guided_filter(guide, F.interpolate(signed, scale_factor=4, mode="bicubic"), _RADIUS, _EPSILON)
    size = pictures.shape[-2:]
    return (2 * F.interpolate(refined, size=size, mode="bilinear", antialias=True)).tanh()


def maps_of_rendered(
    classifier: EfficientNetLite0, pictures: Tensor, device: torch.device, side: int = RENDERED_SIDE
) -> Tensor:
    """Class activation of pictures that a prior has rendered, which may be small and many.

    Args:
        classifier: on `device`.
        pictures: (N, 3, S, S) in [-1, 1]; scaled to `side` pixels, and looked at some at a time.
        device: where the classifier is.
        side: what the classifier sees, in pixels.

    Returns:
        (N, 1, side, side) in [-1, 1], on the CPU.
    """
    maps = []
    for part in pictures.split(_AT_ONCE):
        seen = F.interpolate(part.to(device), (side, side), mode="bilinear", antialias=True)
        maps.append(class_activation_map(classifier, seen).cpu())
    return torch.cat(maps)


def _resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures with this short side, both sides multiples of the classifier's stride."""
    height, width = pictures.shape[-2:]
    zoom = side / min(height, width)
    size = [round(length * zoom / 32) * 32 for length in (height, width)]
    return F.interpolate(pictures, size=size, mode="bilinear", antialias=True)


def _evidence(classifier: EfficientNetLite0, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Evidence (B, 1, H/32, W/32) in [0, 1] and features (B, 152, H/8, W/8), means of picture and mirror image."""

    def mean(x: Tensor) -> Tensor:
        straight, mirrored = x.chunk(2)
        return (straight + mirrored.flip(3)) / 2

    levels = classifier(torch.cat([pictures, pictures.flip(3)]).contiguous(memory_format=torch.channels_last))
    head = F.relu6(classifier.head(levels[32]))
    scores = F.conv2d(head, classifier.classifier.weight[:, :, None, None], classifier.classifier.bias)
    likeliest = mean(scores).mean(dim=(2, 3)).topk(_CLASSES, dim=1).indices
    # Zhou et al. add up class scores; their softmax at every place covers the object more evenly.
    share = mean(scores.softmax(1))
    index = likeliest[:, :, None, None].expand(-1, -1, *share.shape[2:])
    evidence = share.gather(1, index).sum(1, keepdim=True)
    fine = mean(levels[8])
    coarse = F.interpolate(mean(levels[16]), size=fine.shape[-2:], mode="bilinear")
    # The coarse ones count half: they reach over the object's border.
    return evidence, torch.cat([_standardised(fine), _standardised(coarse) / 2], 1)


def _standardised(feature: Tensor) -> Tensor:
    """Channels of mean 0 and deviation 1 over the picture, over the root of their number: all levels weigh the same."""
    feature = feature - feature.mean(dim=(2, 3), keepdim=True)
    return feature / feature.std(dim=(2, 3), keepdim=True).clamp_min(1e-3) / feature.shape[1] ** 0.5


def _walk(seed: Tensor, features: Tensor, colours: Tensor) -> Tensor:
    """A random walk with restarts that carries the seed (B, 1, H, W) to places of like features and colours."""
    height, width = seed.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, device=seed.device), torch.arange(width, device=seed.device), indexing="ij"
    )
    places = torch.stack([rows, columns], -1).reshape(-1, 2).float() / min(height, width)
    distance = torch.cdist(places, places).square() / 2

    def transitions(likeness: Tensor, reach: float) -> Tensor:
        return (likeness - distance / reach**2).softmax(2)

    direction = F.normalize(features.flatten(2), dim=1)
    alike = transitions((direction.transpose(1, 2) @ direction - 1) / _FEATURE_TEMPERATURE, _FEATURE_REACH)
    colour = colours.flatten(2).transpose(1, 2)
    coloured = transitions(-torch.cdist(colour, colour).square() / (2 * _COLOUR_DEVIATION**2), _COLOUR_REACH)
    step = torch.lerp(alike, coloured, _COLOUR_SHARE)
    start = seed.flatten(2).transpose(1, 2)
    spread = start
    for _ in range(_STEPS):
        spread = torch.lerp(start, step @ spread, _ALPHA)
    return spread.transpose(1, 2).reshape(seed.shape)


def _signed(spread: Tensor) -> Tensor:
    """Zero at Otsu's threshold (1979) of every map, and one unit on average from there to its two means."""
    values = spread.flatten(1).sort(dim=1).values
    count = values.shape[1]
    below = torch.arange(1, count, device=values.device)
    total = values.cumsum(1)
    low = total[:, :-1] / below
    high = (total[:, -1:] - total[:, :-1]) / (count - below)
    best = (below * (count - below) * (high - low).square()).argmax(1, keepdim=True)
    threshold = (values.gather(1, best) + values.gather(1, best + 1)) / 2
    half = (high.gather(1, best) - low.gather(1, best)) / 2
    return ((spread - threshold[..., None, None]) / half.clamp_min(1e-3)[..., None, None]).clamp(-1.5, 1.5)


def guided_filter(guide: Tensor, value: Tensor, radius: int, epsilon: float) -> Tensor:
    """Smooth a map, but not across the edges of a picture.

    Args:
        guide: the picture, (B, 1, H, W).
        value: the map, (B, 1, H, W).
        radius: of the square windows, in pixels; less than H and W.
        epsilon: variance of the guide from which on an edge is kept.

    Returns:
        (B, 1, H, W): in every window the map is fitted by a line of the guide; the fits are averaged.

    References:
        He, Sun and Tang, "Guided Image Filtering", TPAMI 2013, equations 5, 6 and 8.
    """

    def mean(x: Tensor) -> Tensor:
        x = F.pad(x, (radius,) * 4, mode="replicate")
        side = 2 * radius + 1
        return F.avg_pool2d(F.avg_pool2d(x, (side, 1), 1), (1, side), 1)

    guide_mean, value_mean = mean(guide), mean(value)
    variance = (mean(guide * guide) - guide_mean.square()).clamp_min(0)
    slope = (mean(guide * value) - guide_mean * value_mean) / (variance + epsilon)
    offset = value_mean - slope * guide_mean
    return mean(slope) * guide + mean(offset)
