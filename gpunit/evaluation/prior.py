"""How good a prior is, and how well content and shape agree across the classes it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.evaluation.metrics import NETS, Standard, kernel_distance, mean_pairwise_distance, pooled
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import ShapeHead
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.biggan import Prior
from gpunit.segmentation.class_activation import class_activation_map


@dataclass(frozen=True)
class ClassQuality:
    """One class of a prior, judged by one net.  Comparable only with numbers of the same net.

    Attributes:
        net: name of the feature net.
        name: the class.
        samples: kernel distance of samples to real test pictures.
        floor: of real training pictures.
        ceiling: of the nearest other class's real training pictures.
        diversity: mean pairwise feature distance of samples, divided by that of real test pictures.
    """

    net: str
    name: str
    samples: float
    floor: float
    ceiling: float
    diversity: float

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        return asdict(self)


def assess_classes(
    prior: Prior,
    test: Mapping[str, Tensor],
    train: Mapping[str, Tensor],
    net_name: str,
    samples: int = 500,
    seed: int = 0,
) -> list[ClassQuality]:
    """Judge every class that real pictures are given of.

    Args:
        prior: draws `samples` pictures of each class, at truncation 1.
        test, train: real pictures (N, 3, H, W) in [-1, 1] by class name.  They are averaged down to the prior's
            resolution first, and all pictures enlarged to theirs again, so that all are equally sharp.
        net_name: key of `evaluation.NETS`.
    """
    net = NETS[net_name]()

    def features(pictures: Tensor, size: int) -> Tensor:
        small = F.interpolate(pictures, (prior.resolution,) * 2, mode="bilinear", antialias=True)
        return pooled(net, F.interpolate(small, (size, size), mode="bilinear", antialias=True))

    real_test = {name: features(pictures, pictures.shape[-1]) for name, pictures in test.items()}
    real_train = {name: features(pictures, pictures.shape[-1]) for name, pictures in train.items()}
    rows = []
    for name, wanted in real_test.items():
        standard = Standard.of(wanted, net.quietest)
        wanted = standard(wanted)
        drawn = prior.render(prior.latents(samples, seed), prior.labels([name]) * samples)
        mine = standard(features(drawn, test[name].shape[-1]))
        others = [
            kernel_distance(standard(pictures), wanted) for other, pictures in real_train.items() if other != name
        ]
        rows.append(
            ClassQuality(
                net_name,
                name,
                samples=kernel_distance(mine, wanted),
                floor=kernel_distance(standard(real_train[name]), wanted),
                ceiling=min(others),
                diversity=mean_pairwise_distance(mine) / mean_pairwise_distance(wanted),
            )
        )
    return rows


def _content_distances(contents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distances (classes, classes) between the contents of one code, and between those of different codes."""
    codes = len(contents)
    flat = contents.flatten(2).transpose(0, 1)

    def between(shift: int) -> Tensor:
        distance = (flat[:, None] - flat.roll(shift, 1)[None]).abs().mean((2, 3))
        return (distance + distance.T) / 2

    return between(0), (between(1) + between(codes // 2)) / 2


def agreement_matrix(contents: Tensor) -> Tensor:
    """Distance of the contents of one code in two classes, in units of that of different codes.

    Args:
        contents: (codes, classes, 1, 8, 8).

    Returns:
        (classes, classes): 0 where the class leaves no trace in the content, 1 where the code leaves none.
    """
    same, different = _content_distances(contents)
    return same / different


def content_agreement(contents: Tensor) -> float:
    """`agreement_matrix` of all pairs of two classes together, as one number."""
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
    """F_s of a picture's content, told another class, against the map of that class's picture of the same code.

    Attributes:
        given, asked: the class whose content is given and the class whose shape is asked for.
        partner: mean IoU with the true map.
        class_mean: mean IoU of the class's mean map: all that can be said without looking.
        shuffled: mean IoU where the content is of another code.
    """

    given: str
    asked: str
    partner: float
    class_mean: float
    shuffled: float

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        return asdict(self)


@torch.inference_mode()
def shape_agreement(
    head: ShapeHead, contents: Tensor, maps: Tensor, class_names: Sequence[str], labels: Sequence[int]
) -> list[ShapeAgreement]:
    """A row per ordered pair of classes.

    Args:
        head: F_s.
        contents: (codes, classes, 1, 8, 8).
        maps: the true instance maps (codes, classes, 1, 16, 16) in [-1, 1].
        class_names: of the classes.
        labels: F_s's, of the same classes.
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
    """How often a fresh small convolutional classifier names the domain of test pictures from frozen maps.

    Args:
        train, test: maps (N, C, 8, 8) of real pictures.
        train_label, test_label: (N,).

    Returns:
        Accuracy on `test`, every domain counting alike.
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
    """Content maps (N, 1, 8, 8) and the 8x8 features before the last layers, of pictures (N, 3, H, W)."""
    answers = [encoder(part) for part in pictures.split(batch)]
    return torch.cat([a.content for a in answers]), torch.cat([a.features[8] for a in answers])


@dataclass(frozen=True)
class ContentAgreement:
    """What a content encoder makes of a prior's pictures and of real ones.

    Attributes:
        distance: see `content_agreement`.
        shapes: see `shape_agreement`.
        probe: see `probe_domain`, on content maps.
        probe_features: the same on the 8x8 features before the last layers.
    """

    distance: float
    shapes: list[ShapeAgreement]
    probe: float
    probe_features: float

    def as_dict(self) -> dict[str, object]:
        """All figures by name."""
        return asdict(self)

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
    """Judge a content encoder and its shape head on fresh codes of a prior, and on real pictures.

    The true maps are those of the class-activation substitute (`segmentation.class_activation_map`).

    Args:
        class_names: classes of the prior.
        encoder, head: E_c and F_s.
        labels: F_s's, of the same classes.
        train, test: real pictures (N, 3, S, S) in [-1, 1] by class name.
        codes: fresh latent codes.
    """
    size = next(iter(test.values())).shape[-1]
    drawn = prior.grid(prior.latents(codes, seed), prior.labels(class_names)).flatten(0, 1)
    drawn = F.interpolate(drawn, (size, size), mode="bilinear", antialias=True)
    contents = encode(encoder, drawn)[0].unflatten(0, (codes, -1))
    eye = EfficientNetLite0()
    with torch.inference_mode():
        maps = torch.cat([class_activation_map(eye, part) for part in drawn.split(32)])
        maps = F.interpolate(maps, (16, 16), mode="area").unflatten(0, (codes, -1))
    pictures = {
        kind: torch.cat([by_name[name] for name in class_names]) for kind, by_name in (("train", train), ("test", test))
    }
    domains = {
        kind: torch.cat([torch.full((len(by_name[name]),), i) for i, name in enumerate(class_names)])
        for kind, by_name in (("train", train), ("test", test))
    }
    encoded = {kind: encode(encoder, batch) for kind, batch in pictures.items()}
    probes = [
        probe_domain(encoded["train"][i].clone(), domains["train"], encoded["test"][i].clone(), domains["test"])
        for i in (0, 1)
    ]
    return ContentAgreement(
        content_agreement(contents), shape_agreement(head, contents, maps, class_names, labels), probes[0], probes[1]
    )
