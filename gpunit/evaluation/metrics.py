"""Measures of translations: closeness to the target domain, diversity, kept structure and style, on given pictures.

Every measure works on one of two frozen nets whose weights come inside Python packages (`NETS`), so that nothing has to
be downloaded; `gpunit.evaluation.offline` applies them to a translator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.frozen.self_similarity import self_similarity
from gpunit.networks.frozen.vgg import VGG16

# The metric nets by name.
NETS: dict[str, Callable[[], EfficientNetLite0 | VGG16]] = {"efficientnet-lite0": EfficientNetLite0, "vgg16": VGG16}
# Self-similarity compares every place with every other; larger features are averaged down to this side first.
_PLACES = 16


@dataclass(frozen=True)
class Closeness:
    """Kernel distances to the real target test pictures; those of different nets cannot be compared.

    Attributes:
        net: name of the metric net.
        translated: of the translations.
        sources: of the untranslated source pictures.
        floor: of as many real target training pictures.
    """

    net: str
    translated: float
    sources: float
    floor: float

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


def kernel_distance(x: Tensor, y: Tensor) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel (x·y / d + 1)³, as in KID.

    Binkowski et al., "Demystifying MMD GANs", ICLR 2018.

    Args:
        x: (N, d) features, N at least 2.
        y: (M, d) features, M at least 2.
    """
    x, y = x.double(), y.double()

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / a.shape[1] + 1) ** 3

    def mean_off_diagonal(gram: Tensor) -> Tensor:
        count = len(gram)
        return (gram.sum() - gram.trace()) / (count * (count - 1))

    within = mean_off_diagonal(kernel(x, x)) + mean_off_diagonal(kernel(y, y))
    return float(within - 2 * kernel(x, y).mean())


@torch.inference_mode()
def pooled(net: EfficientNetLite0 | VGG16, pictures: Tensor, batch: int = 32) -> Tensor:
    """Pooled features (N, d) of pictures (N, 3, H, W) in [-1, 1], a batch at a time."""
    return torch.cat([net.pooled(part) for part in pictures.split(batch)])


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


class MetricNet:
    """Measures translations with one frozen net; features of the real target pictures are computed once.

    All distances are between pooled features after the `Standard` of the real test pictures.

    Args:
        net_name: key of `NETS`.
        target_test, target_train: real target pictures, (N, 3, H, W) in [-1, 1].
        batch: pictures a forward pass.
    """

    def __init__(self, net_name: str, target_test: Tensor, target_train: Tensor, batch: int = 32) -> None:
        self.net_name = net_name
        self._net = NETS[net_name]()
        self._batch = batch
        test = pooled(self._net, target_test, batch)
        self._standard = Standard.of(test, self._net.deviation_floor)
        self._test = self._standard(test)
        self._floor = self.distance(target_train)
        self._real_diversity = mean_pairwise_distance(self._test)

    def _features(self, pictures: Tensor) -> Tensor:
        return self._standard(pooled(self._net, pictures, self._batch))

    def distance(self, pictures: Tensor) -> float:
        """Kernel distance of pictures (N, 3, H, W) in [-1, 1] to the real test pictures."""
        return kernel_distance(self._features(pictures), self._test)

    def closeness(self, translated: Tensor, sources: Tensor) -> Closeness:
        """Distances of translations and of their source pictures, each (N, 3, H, W) in [-1, 1]."""
        after, before = (self.distance(pictures) for pictures in (translated, sources))
        return Closeness(self.net_name, translated=after, sources=before, floor=self._floor)

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

    @torch.inference_mode()
    def _similarities(self, pictures: Tensor) -> Tensor:
        maps = []
        for part in pictures.split(self._batch):
            feature = self._net.spatial(part)
            side = min(_PLACES, feature.shape[-1])
            maps.append(self_similarity(F.adaptive_avg_pool2d(feature, side)))
        return torch.cat(maps)


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
