"""How far the classes of a prior agree: one code drawn as two classes, measured on contents and on features.

Both measures have the same units.  0: what is measured does not depend on the class; 1: two classes of one code differ
as much as two codes do.

    content      |E_c(G(z, k)) - E_c(G(z, l))|, the distance of L_dis, over that of different codes
    features     1 - cos of the generator's features in every place, over that of different codes

Hundreds of classes are read as a picture whose rows and columns are ordered by similarity: average-linkage clustering
(Sokal and Michener, 1958), each of two clusters turned so that its nearer end lies next to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.images import MOST_NAMED, MatrixPicture, draw_matrix
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Column, PriorError
from gpunit.prior.inference import LayerTap
from gpunit.prior.table import last_within

# Pictures that are rendered at a time, so that progress is seen and memory stays the same for any number of classes.
_RENDERED = 32
# Below this number of classes, a picture is read without groups.
_FEWEST_GROUPED = 8


@dataclass(frozen=True)
class Agreement:
    """How far the agreement of K classes is measured.

    Attributes:
        done, total: pictures rendered, and to be rendered.
        codes: how many codes the matrices are the mean of.
        content, features: (K, K), symmetric, 0 on the diagonal; None before the second code is done.
    """

    done: int
    total: int
    codes: int = 0
    content: Tensor | None = None
    features: Tensor | None = None


def measure_agreement(
    prior: Prior, columns: Sequence[Column], latents: LatentCodes, contents_of: Callable[[Tensor], Tensor]
) -> Iterator[Agreement]:
    """Measure all pairs of classes, some pictures at a time; whoever has enough may stop.

    Two codes' features are held at a time: with a thousand classes of a BigGAN, 1.1 GB.

    Args:
        prior: whose.
        columns: K classes or mixtures, two at least.
        latents: the codes, two at least.
        contents_of: E_c: (N, 1, 8, 8) of pictures (N, 3, S, S) in [-1, 1].

    Yields:
        The state after every few pictures.

    Raises:
        PriorError: for fewer than two columns or codes.
    """
    if len(columns) < 2 or len(latents) < 2:
        raise PriorError("agreement is measured between two classes at least, with two codes at least.")
    layer, total = last_within(prior.layers), len(columns) * len(latents)
    places = prior.layers[layer].size ** 2
    content, features = DistanceRatio(_content_distance), DistanceRatio(lambda one, other: 1 - one @ other.T / places)
    done, state = 0, Agreement(0, total)
    for index in range(len(latents)):
        code = LatentCodes(latents.codes[index : index + 1], latents.truncation)
        parts: list[tuple[Tensor, Tensor]] = []
        for first in range(0, len(columns), _RENDERED):
            some = columns[first : first + _RENDERED]
            tap = LayerTap([layer])
            rendered = prior.render(_repeated(code, len(some)), some, tap)
            parts.append((contents_of(rendered).flatten(1), F.normalize(tap.take(layer), dim=1).flatten(1)))
            done += len(some)
            if done % len(columns):
                yield replace(state, done=done)
        content.add(torch.cat([each for each, _ in parts]))
        features.add(torch.cat([each for _, each in parts]))
        state = Agreement(done, total, index + 1, content.matrix(), features.matrix())
        yield state


class DistanceRatio:
    """Distance of two classes for one code, over that for different codes: the mean over codes, one after the other.

    Args:
        distance: (K, L) of vectors (K, D) and (L, D).
    """

    def __init__(self, distance: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._distance = distance
        self._before: Tensor | None = None
        self._codes = 0
        self._same = self._different = torch.zeros(())

    def add(self, classes: Tensor) -> None:
        """Add a code: one vector for each class, (K, D)."""
        self._same = self._same + self._distance(classes, classes)
        if self._before is not None:
            crossed = self._distance(classes, self._before)
            self._different = self._different + (crossed + crossed.T) / 2
        self._before = classes
        self._codes += 1

    def matrix(self) -> Tensor | None:
        """(K, K), symmetric, 0 on the diagonal; None before the second code."""
        if self._codes < 2:
            return None
        same, different = self._same / self._codes, self._different / (self._codes - 1)
        return ((same + same.T) / 2 / different.clamp_min(1e-12)).clamp_min(0).fill_diagonal_(0)


def _content_distance(one: Tensor, other: Tensor) -> Tensor:
    return torch.cdist(one, other, p=1) / one.shape[1]


def code_distances(vectors: Tensor) -> Tensor:
    """How far two classes of each code lie apart, in units of different codes: the mean is their agreement.

    Args:
        vectors: (N, 2, D), N codes as two classes, two codes at least.
    """
    one, other = vectors.unbind(1)
    same = (one - other).abs().mean(1)
    different = ((one[1:] - other[:-1]).abs().mean() + (other[1:] - one[:-1]).abs().mean()) / 2
    return same / different.clamp_min(1e-12)


def _repeated(code: LatentCodes, count: int) -> LatentCodes:
    return LatentCodes(code.codes.expand(count, *code.codes.shape[1:]), code.truncation)


def spread_classes(count: int, of: int) -> list[int]:
    """`count` class numbers spread evenly over `of`; all of them where there are no more.

    >>> spread_classes(4, 1000), spread_classes(9, 3)
    ([0, 250, 500, 750], [0, 1, 2])
    """
    return list(range(of)) if count >= of else [index * of // count for index in range(count)]


@dataclass(frozen=True)
class Clustering:
    """An order of classes in which similar ones lie beside each other.

    Attributes:
        order: numbers of the classes.
        groups: the same, cut into groups of similar classes; one group where classes are few.
    """

    order: list[int]
    groups: list[list[int]]


def cluster(distances: Tensor, groups: int | None = None) -> Clustering:
    """Order classes by average-linkage clustering of their distances.

    Args:
        distances: (K, K), symmetric.
        groups: how many; by default as many as an eye tells apart: the root of K, or one where K is below 8.
    """
    count = len(distances)
    if groups is None:
        groups = 1 if count < _FEWEST_GROUPED else round(count**0.5)
    between = distances.double().clone().fill_diagonal_(torch.inf)
    members = {index: [index] for index in range(count)}
    cut = [[index] for index in range(count)]
    while len(members) > 1:
        if len(members) == groups:
            cut = list(members.values())
        one, two = divmod(int(between.argmin()), count)
        sizes = len(members[one]), len(members[two])
        merged = (sizes[0] * between[one] + sizes[1] * between[two]) / sum(sizes)
        members[one] = _joined(members[one], members.pop(two), distances)
        between[one], between[:, one] = merged, merged
        between[two], between[:, two], between[one, one] = torch.inf, torch.inf, torch.inf
    (order,) = members.values()
    if groups <= 1:
        cut = [order]
    place = {number: index for index, number in enumerate(order)}
    ordered = sorted((sorted(group, key=place.__getitem__) for group in cut), key=lambda group: place[group[0]])
    return Clustering(order, ordered)


def typical(group: Sequence[int], distances: Tensor, count: int = 3) -> list[int]:
    """The classes of a group that are nearest to all others of it."""
    inside = distances[list(group)][:, list(group)].mean(1)
    return [group[index] for index in inside.argsort()[:count].tolist()]


def as_pictures(
    state: Agreement,
    names: Sequence[str],
    found: Clustering,
    marked: tuple[int, int] | None = None,
    titles: tuple[str, str] = ("content", "features"),
) -> list[MatrixPicture]:
    """The matrices of contents and of features, in the order of a clustering; empty before the second code.

    Args:
        state: the measure.
        names: of its classes.
        found: their order; the groups are named where there is no room for the classes.
        marked: two classes whose cell has a frame.
        titles: of the matrices, which their formulas follow.
    """
    if state.content is None or state.features is None:
        return []
    mean = (state.content + state.features) / 2
    sizes = [len(group) for group in found.groups]
    labels = [names[number] for number in found.order]
    if len(names) > MOST_NAMED:
        labels = [names[typical(group, mean, 1)[0]] for group in found.groups]
    place = None if marked is None else (found.order.index(marked[0]), found.order.index(marked[1]))
    formulas, matrices = ("|E_c(x) - E_c(y)|", "1 - cos(f_x, f_y)"), (state.content, state.features)
    return [
        draw_matrix(matrix[found.order][:, found.order].numpy(), labels, f"{title}  {formula}", sizes, place)
        for title, formula, matrix in zip(titles, formulas, matrices, strict=True)
    ]


def _joined(one: list[int], two: list[int], distances: Tensor) -> list[int]:
    """Two clusters one after the other, each turned so that the nearest ends meet."""
    ways = [(a, b) for a in (one, one[::-1]) for b in (two, two[::-1])]
    a, b = min(ways, key=lambda way: float(distances[way[0][-1], way[1][0]]))
    return a + b
