"""How good translations are: measures of closeness, diversity, kept content and style, each on given pictures.

Offline, every measure works on one of two feature nets whose weights come inside Python packages (`NETS`); the paper's
own measures, FID and LPIPS, come from torchmetrics and need weights that have to be fetched once.
`gpunit.evaluation.offline` runs a translator through them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.frozen.self_similarity import self_similarity
from gpunit.networks.frozen.vgg import VGG16

NETS: dict[str, Callable[[], EfficientNetLite0 | VGG16]] = {"efficientnet-lite0": EfficientNetLite0, "vgg16": VGG16}
# Self-similarity compares every place with every other: of larger pictures, neighbours are averaged first.
_PLACES = 16


class EvaluationError(ValueError):
    """A measure that cannot be taken here; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Closeness:
    """Kernel distances to the real target test pictures.  Comparable only with numbers of the same net.

    Attributes:
        net: name of the feature net.
        translated: of the translations.
        sources: of the untranslated source pictures.
        floor: of as many real target training pictures.
        gap_closed: 1 - (translated - floor) / (sources - floor).
    """

    net: str
    translated: float
    sources: float
    floor: float

    @property
    def gap_closed(self) -> float:
        """How much of the way from the sources to the floor the translations have gone."""
        return 1 - (self.translated - self.floor) / (self.sources - self.floor)

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        return {**asdict(self), "gap_closed": self.gap_closed}


@dataclass(frozen=True)
class Standard:
    """Puts pooled features in units of the real target test pictures': every channel by its mean and deviation.

    Without it a few loud channels decide every distance.  A channel that target pictures hardly stir has next to no
    deviation, and under a cubic kernel it would decide alone; so no deviation counts as less than a share of the
    channels' root mean square that suits the net, its `quietest`.  (On EfficientNet-Lite0 real dogs were 52,000 from
    real cats at a tenth, where training cats are 0.02: whatever is translated, that gap is closed.)

    Attributes:
        mean, deviation: (d,).
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor, quietest: float) -> Standard:
        """The standard that features (N, d) of the real target test pictures set."""
        deviation = features.std(dim=0)
        return cls(features.mean(dim=0), deviation.clamp_min(quietest * float(deviation.square().mean().sqrt())))

    def __call__(self, features: Tensor) -> Tensor:
        """Features (N, d) in its units."""
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
    """Mean distance of every two of N features (N, d): the diversity of what they were taken from."""
    count = len(features)
    return float(torch.cdist(features.double(), features.double()).sum() / (count * (count - 1)))


def relative_change(after: Tensor, before: Tensor, seed: int = 0, others: int = 8) -> float:
    """mean |after_i - before_i| / mean |before_j - before_i| over random j ≠ i: 0 if nothing changed.

    1 means: as different from the original as another picture of its domain is.

    Args:
        after, before: (N, ...) what was measured of N pictures after and before translation, N at least 2.
        seed: of the order in which others are met.
        others: how many of them each picture meets, at most.
    """
    order = torch.randperm(len(before), generator=torch.Generator().manual_seed(seed))
    shuffled = before[order]
    shifts = range(1, min(len(before), others + 1))
    apart = torch.stack([(shuffled.roll(shift, 0) - shuffled).abs().mean() for shift in shifts]).mean()
    return float((after - before).abs().mean() / apart)


class Judge:
    """Judges translations by one net; the real target pictures are looked at once.

    Args:
        net_name: key of `NETS`.
        target_test, target_train: real target pictures, (N, 3, H, W) in [-1, 1].
        batch: pictures a forward pass.

    All distances of pooled features are between features that a `Standard` of the real test pictures has rescaled.
    """

    def __init__(self, net_name: str, target_test: Tensor, target_train: Tensor, batch: int = 32) -> None:
        self.net_name = net_name
        self._net = NETS[net_name]()
        self._batch = batch
        test = pooled(self._net, target_test, batch)
        self._standard = Standard.of(test, self._net.quietest)
        self._test = self._standard(test)
        self._floor = self.distance(target_train)
        self._real_diversity = mean_pairwise_distance(self._test)

    def _features(self, pictures: Tensor) -> Tensor:
        return self._standard(pooled(self._net, pictures, self._batch))

    def distance(self, pictures: Tensor) -> float:
        """Kernel distance of pictures (N, 3, H, W) in [-1, 1] to the real test pictures."""
        return kernel_distance(self._features(pictures), self._test)

    def closeness(self, translated: Tensor, sources: Tensor) -> Closeness:
        """Judge translations and the pictures they were made from, each (N, 3, H, W) in [-1, 1]."""
        after, before = (self.distance(pictures) for pictures in (translated, sources))
        return Closeness(self.net_name, translated=after, sources=before, floor=self._floor)

    def diversity(self, renderings: Tensor) -> float:
        """Mean pairwise distance of the styles of one source, over that of real target test pictures.

        Args:
            renderings: (sources, styles, 3, H, W) in [-1, 1].
        """
        distances = [mean_pairwise_distance(self._features(styles)) for styles in renderings]
        return sum(distances) / len(distances) / self._real_diversity

    def structure_kept(self, translated: Tensor, sources: Tensor, seed: int = 0) -> float:
        """`relative_change` of spatial self-similarity maps: which places look alike, not how they look.

        Args:
            translated, sources: (N, 3, H, W) in [-1, 1], in the same order.
            seed: of the other pictures that sources are compared with.
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


def load_fid(weights: Path | None = None) -> Any:
    """torchmetrics' Fréchet inception distance on the Inception-v3 of the original FID.

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017.  It takes 8-bit pictures, resizes
    them as the original does, and its `reset` forgets all but the real ones.

    Args:
        weights: torch-fidelity's file of Inception's weights; by default torch's cache is looked into, or
            it is fetched.

    Raises:
        EvaluationError: if torchmetrics or the weights are not to be had.
    """
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance

        path = str(weights) if weights else None
        return FrechetInceptionDistance(reset_real_features=False, feature_extractor_weights_path=path, antialias=False)
    except (ImportError, OSError) as error:
        raise EvaluationError(
            f"FID cannot be computed ({error}): pip install -r requirements-evaluate.txt, and where there is no "
            "network put weights-inception-2015-12-05-6726825d.pth of torch-fidelity into "
            f"{torch.hub.get_dir()}/checkpoints or name it with --inception."
        ) from None


def load_lpips() -> Callable[[Tensor, Tensor], Tensor]:
    """torchmetrics' LPIPS on AlexNet: a function of two batches (B, 3, H, W) in [-1, 1], their mean distance.

    Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.

    Raises:
        EvaluationError: if torchmetrics or AlexNet's weights are not to be had.
    """
    try:
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

        return LearnedPerceptualImagePatchSimilarity(net_type="alex")
    except (ImportError, OSError) as error:
        raise EvaluationError(
            f"LPIPS cannot be computed ({error}): pip install -r requirements-evaluate.txt, and where there is no "
            f"network put alexnet-owt-7be5be79.pth of torchvision into {torch.hub.get_dir()}/checkpoints."
        ) from None
