"""How close translations come to the target domain: kernel distance and gap closed, on a chosen feature net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from gpunit.networks.features import VGG16, EfficientNetLite0

NETS: dict[str, Callable[[], EfficientNetLite0 | VGG16]] = {"efficientnet-lite0": EfficientNetLite0, "vgg16": VGG16}


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


class Judge:
    """Judges translations by one net; the real target pictures are looked at once.

    Args:
        net_name: key of `NETS`.
        target_test, target_train: real target pictures, (N, 3, H, W) in [-1, 1].
        batch: pictures a forward pass.

    Features are divided by the root mean square of the real test pictures', which puts the distances of
    different nets into one order of magnitude.
    """

    def __init__(self, net_name: str, target_test: Tensor, target_train: Tensor, batch: int = 32) -> None:
        self.net_name = net_name
        self._net = NETS[net_name]()
        self._batch = batch
        test = self._pooled(target_test)
        self._scale = test.square().mean().sqrt()
        self._test = test / self._scale
        self._floor = kernel_distance(self._pooled(target_train) / self._scale, self._test)

    def _pooled(self, pictures: Tensor) -> Tensor:
        return pooled(self._net, pictures, self._batch)

    def closeness(self, translated: Tensor, sources: Tensor) -> Closeness:
        """Judge translations and the pictures they were made from, each (N, 3, H, W) in [-1, 1]."""
        after, before = (
            kernel_distance(self._pooled(pictures) / self._scale, self._test) for pictures in (translated, sources)
        )
        return Closeness(self.net_name, translated=after, sources=before, floor=self._floor)
