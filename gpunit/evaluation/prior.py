"""Measures of a prior: how good its classes are, and how well content and shape agree across them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.evaluation.metrics import NETS, Standard, mean_pairwise_distance, measured_distance, pooled
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import ShapeHead
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.biggan import Prior
from gpunit.segmentation.class_activation import class_activation_map


@dataclass(frozen=True)
class ClassQuality:
    """The measures of one class of a prior with one net; those of different nets cannot be compared.

    Attributes:
        net: name of the metric net.
        name: the class.
        samples: kernel distance of samples to real test pictures.
        floor: the same of real training pictures.
        ceiling: the same of the nearest other class's real training pictures.
        diversity: mean pairwise feature distance of samples, divided by that of real test pictures.
        samples_error, floor_error, ceiling_error: standard errors.
    """

    net: str
    name: str
    samples: float
    floor: float
    ceiling: float
    diversity: float
    samples_error: float
    floor_error: float
    ceiling_error: float


def assess_classes(
    prior: Prior,
    test: Mapping[str, Tensor],
    train: Mapping[str, Tensor],
    net_name: str,
    samples: int = 500,
    seed: int = 0,
) -> list[ClassQuality]:
    """Measure every class of which real pictures are given.

    Args:
        prior: renders the samples, at truncation 1.
        test, train: real pictures (N, 3, H, W) in [-1, 1] by class name.  They are averaged down to the prior's
            resolution and enlarged again, and samples are enlarged likewise, so that all are equally sharp.
        net_name: key of `metrics.NETS`.
        samples: how many of each class.
        seed: of the samples.
    """
    net = NETS[net_name]().to(prior.device)

    def features(pictures: Tensor, size: int) -> Tensor:
        small = F.interpolate(pictures, (prior.resolution,) * 2, mode="bilinear", antialias=True)
        return pooled(net, F.interpolate(small, (size, size), mode="bilinear", antialias=True))

    real_test = {name: features(pictures, pictures.shape[-1]) for name, pictures in test.items()}
    real_train = {name: features(pictures, pictures.shape[-1]) for name, pictures in train.items()}
    rows = []
    for name, wanted in real_test.items():
        standard = Standard.of(wanted, net.deviation_floor)
        wanted = standard(wanted)
        rendered = prior.render(prior.latents(samples, seed), prior.labels([name]) * samples)
        mine = standard(features(rendered, test[name].shape[-1]))
        others = [
            measured_distance(standard(pictures), wanted) for other, pictures in real_train.items() if other != name
        ]
        own, floor = (measured_distance(each, wanted) for each in (mine, standard(real_train[name])))
        ceiling = min(others, key=lambda distance: distance.value)
        rows.append(
            ClassQuality(
                net_name,
                name,
                samples=own.value,
                floor=floor.value,
                ceiling=ceiling.value,
                diversity=mean_pairwise_distance(mine) / mean_pairwise_distance(wanted),
                samples_error=own.error,
                floor_error=floor.error,
                ceiling_error=ceiling.error,
            )
        )
    return rows


def _content_distances(contents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distances (classes, classes) between content codes of one latent code, and of different latent codes."""
    codes = len(contents)
    flat = contents.flatten(2)

    def between(shift: int) -> Tensor:
        # Code by code: at once, a thousand classes would not fit a small machine.
        distance = sum(
            (torch.cdist(flat[code], flat[code - shift], p=1) for code in range(codes)),
            torch.zeros(flat.shape[1], flat.shape[1]),
        ) / (codes * flat.shape[2])
        return (distance + distance.T) / 2

    return between(0), (between(1) + between(codes // 2)) / 2


def content_agreement(contents: Tensor) -> float:
    """Distance between the contents of two classes for one latent code, over that for different latent codes.

    Args:
        contents: content codes (latent codes, classes, 1, 8, 8).

    Returns:
        The mean over all pairs of different classes: 0 if the content does not depend on the class, 1 if it does not
        depend on the latent code.  See `gpunit.evaluation.agreement` for every pair.
    """
    same, different = _content_distances(contents)
    pairs = ~torch.eye(len(same), dtype=torch.bool)
    return float(same[pairs].mean() / different[pairs].mean())


def overlap(predicted: Tensor, wanted: Tensor) -> float:
    """Mean intersection over union of two batches of maps (B, 1, H, W), thresholded at 0."""
    a, b = predicted > 0, wanted > 0
    union = (a | b).flatten(1).sum(1)
    return float(((a & b).flatten(1).sum(1) / union.clamp_min(1)).mean())


@dataclass(frozen=True)
class ShapeAgreement:
    """F_s of one class's content and another class's label, compared with the map of the other class's picture.

    Both pictures are of one latent code.

    Attributes:
        given, asked: the class of the content and the class of the label.
        partner: mean IoU of the prediction with the true map.
        class_mean: mean IoU of the asked class's mean map, which is the best guess without the content.
        shuffled: mean IoU of the prediction from the content of another latent code.
    """

    given: str
    asked: str
    partner: float
    class_mean: float
    shuffled: float


@torch.inference_mode()
def shape_agreement(
    head: Callable[[Tensor, Tensor], Tensor],
    contents: Tensor,
    maps: Tensor,
    class_names: Sequence[str],
    labels: Sequence[int],
) -> list[ShapeAgreement]:
    """A row per ordered pair of classes.

    Args:
        head: F_s.
        contents: content codes (latent codes, classes, 1, 8, 8).
        maps: the true shape maps (latent codes, classes, 1, 16, 16) in [-1, 1].
        class_names: of the classes.
        labels: of the same classes, as F_s counts them.
    """
    rows = []
    for given, asked in permutations(range(len(class_names)), 2):
        label = torch.full((len(contents),), labels[asked])
        predicted = head(contents[:, given], label).mean(1, keepdim=True)
        wanted = maps[:, asked]
        mean = wanted.mean(0, keepdim=True).expand_as(wanted)
        rows.append(
            ShapeAgreement(
                class_names[given],
                class_names[asked],
                partner=overlap(predicted, wanted),
                class_mean=overlap(mean, wanted),
                shuffled=overlap(predicted.roll(len(predicted) // 2, 0), wanted),
            )
        )
    return rows


def probe_domain(
    train: Tensor, train_label: Tensor, test: Tensor, test_label: Tensor, epochs: int = 30, seed: int = 0
) -> float:
    """Accuracy of a small classifier that is trained to tell the domain of a picture from its frozen maps.

    Args:
        train, test: maps (N, C, 8, 8) of real pictures.
        train_label, test_label: (N,).
        epochs: of its training.
        seed: of its training.

    Returns:
        Accuracy on `test`, the mean over domains.
    """
    torch.manual_seed(seed)
    classes = int(train_label.max()) + 1
    mean, deviation = train.mean((0, 2, 3), keepdim=True), train.std((0, 2, 3), keepdim=True).clamp_min(1e-6)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    net = nn.Sequential(
        nn.Conv2d(train.shape[1], 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 16, classes),
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
    for _ in range(epochs):
        for index in torch.randperm(len(train)).split(128):
            loss = F.cross_entropy(net(train[index]), train_label[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    net.eval()
    with torch.inference_mode():
        right = (net(test).argmax(1) == test_label).float()
    return float(torch.stack([right[test_label == label].mean() for label in range(classes)]).mean())


@torch.inference_mode()
def encode(encoder: ContentEncoder, pictures: Tensor, batch: int = 32) -> tuple[Tensor, Tensor]:
    """Content codes (N, 1, 8, 8) of pictures (N, 3, H, W) in [-1, 1], and the 8x8 features before the last layers."""
    answers = [encoder(part) for part in pictures.split(batch)]
    return torch.cat([a.content for a in answers]), torch.cat([a.features[8] for a in answers])


@dataclass(frozen=True)
class ContentAgreement:
    """How little a content encoder's codes say of the class, and how much of the shape.

    Attributes:
        distance: see `content_agreement`.
        shapes: see `shape_agreement`.
        probe: see `probe_domain`, on content codes.
        probe_features: the same on the 8x8 features before the last layers.
    """

    distance: float
    shapes: list[ShapeAgreement]
    probe: float
    probe_features: float

    def table(self) -> str:
        """The figures for people."""
        lines = [
            f"content of one code across classes, in units of different codes: {self.distance:.3f}",
            f"domain named by a probe on content maps: {self.probe:.3f} (on 8x8 features: {self.probe_features:.3f})",
            "shape IoU, content of -> class of:   partner   class mean   shuffled codes",
        ]
        lines += [
            f"  {row.given:>12} -> {row.asked:12}      "
            f"{row.partner:7.3f}   {row.class_mean:10.3f}   {row.shuffled:14.3f}"
            for row in self.shapes
        ]
        return "\n".join(lines)


def assess_content(
    prior: Prior,
    class_names: Sequence[str],
    encoder: ContentEncoder,
    head: ShapeHead,
    labels: Sequence[int],
    train: Mapping[str, Tensor],
    test: Mapping[str, Tensor],
    seed: int = 0,
    codes: int = 200,
) -> ContentAgreement:
    """Measure a content encoder and its shape head on fresh latent codes of a prior, and on real pictures.

    The true maps are those of the class-activation method (`segmentation.class_activation`).

    Args:
        prior: renders the classes.
        class_names: classes of the prior.
        encoder, head: E_c and F_s.
        labels: of the same classes, as F_s counts them.
        train, test: real pictures (N, 3, S, S) in [-1, 1] by class name.
        seed: of the latent codes.
        codes: how many latent codes.
    """
    size = next(iter(test.values())).shape[-1]
    rendered = prior.grid(prior.latents(codes, seed), prior.labels(class_names)).flatten(0, 1)
    rendered = F.interpolate(rendered, (size, size), mode="bilinear", antialias=True)
    contents = encode(encoder, rendered)[0].unflatten(0, (codes, -1))
    maps = _shape_maps(rendered).unflatten(0, (codes, -1))
    (train_maps, train_label), (test_maps, test_label) = (
        _encoded_by_class(encoder, class_names, pictures) for pictures in (train, test)
    )
    probes = [
        probe_domain(known.clone(), train_label, unknown.clone(), test_label)
        for known, unknown in zip(train_maps, test_maps, strict=True)
    ]
    return ContentAgreement(
        content_agreement(contents), shape_agreement(head, contents, maps, class_names, labels), *probes
    )


@torch.inference_mode()
def _shape_maps(pictures: Tensor) -> Tensor:
    """Shape maps (N, 1, 16, 16) in [-1, 1] of pictures (N, 3, H, W) in [-1, 1]."""
    classifier = EfficientNetLite0()
    maps = torch.cat([class_activation_map(classifier, part) for part in pictures.split(32)])
    return F.interpolate(maps, (16, 16), mode="area")


def _encoded_by_class(
    encoder: ContentEncoder, class_names: Sequence[str], pictures: Mapping[str, Tensor]
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """What `encode` gives for the pictures of all classes, and their labels (N,)."""
    label = torch.cat([torch.full((len(pictures[name]),), index) for index, name in enumerate(class_names)])
    return encode(encoder, torch.cat([pictures[name] for name in class_names])), label
