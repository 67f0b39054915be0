"""The offline protocol of the small family: measures that need no download, on test pictures never trained on.

    gap closed      1 - (KD(translated, test) - floor) / (KD(sources, test) - floor), one sampled style for every source
    diversity       mean pairwise feature distance over ten styles of one source / over real test pictures
    content kept    mean |E_c(ŷ) - E_c(x)| / mean |E_c(x') - E_c(x)| over other pictures x' of x's domain: 0 keeps all
    structure kept  the same ratio on self-similarity maps of a metric net: E_c alone would measure its own loss
    own exemplar    share of translations whose colours are nearer to their own exemplar's than to another's
    alike           KD(A, test) of photographs A: for every source, the target training picture whose content code is
                    nearest.  It shows what KD to expect of pictures that keep as much content as A does
    alike kept      content kept of A
    follows, skips  see `evaluation.motion`

KD is the kernel distance of `metrics.kernel_distance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gpunit import images
from gpunit.engine.translator import Translator
from gpunit.evaluation import metrics
from gpunit.evaluation.metrics import MetricNet
from gpunit.evaluation.motion import RENDERED, Motion, measure_motion
from gpunit.evaluation.sharing import is_main, shared
from gpunit.images import from_uint8, load_square, read_squares

_BATCH = 32


@dataclass(frozen=True)
class OfflineProtocol:
    """How much is measured.

    Attributes:
        styles: sampled for each source of the diversity.
        sources: of the diversity, at most.
        pairs: of exemplars, each pair with one source.
        seed: of every sample.
    """

    styles: int = 10
    sources: int = 50
    pairs: int = 100
    seed: int = 0


@dataclass(frozen=True)
class OfflineFigures:
    """The measures of the translations of one source domain with one net; those of different nets cannot be compared.

    Attributes:
        closeness: kernel distances and the gap closed.
        diversity: 1 is as diverse as real target pictures are.
        structure_kept: `relative_change` of the self-similarity maps; 0 is best.
        content_kept: `relative_change` of the content codes, whatever the net; 0 is best.
        own_exemplar: from 0 to 1, chance is a half; whatever the net.
        alike: kernel distance of real target pictures whose layout is like the sources'.
        alike_kept: `content_kept` of those pictures.
        alike_error: standard error of `alike`.
        motion: whether translations move with their sources, and the skips' health; whatever the net.
    """

    closeness: metrics.Closeness
    diversity: float
    structure_kept: float
    content_kept: float
    own_exemplar: float
    alike: float
    alike_kept: float
    alike_error: float
    motion: Motion

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        own = {name: value for name, value in vars(self).items() if isinstance(value, float)}
        return {**self.closeness.as_dict(), **own, **self.motion.as_dict()}


@dataclass(frozen=True)
class Layouts:
    """The layouts of N real target pictures.

    Attributes:
        paths: of the pictures.
        contents: their content codes (N, 1, H, W).
    """

    paths: Sequence[Path]
    contents: Tensor

    @classmethod
    def of(cls, translator: Translator, folder: Path) -> Layouts:
        """The layouts of all pictures of a folder, by the translator's content encoder."""
        paths = images.list_pictures(folder)
        chunks = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]

        def contents_of(chunk: Sequence[Path]) -> Tensor:
            return torch.cat([_contents(translator, part) for part in read_squares(chunk, translator.resolution)])

        return cls(paths, torch.cat(list(shared(contents_of, chunks))))

    def pair(self, contents: Tensor) -> tuple[list[int], list[int]]:
        """Pair content codes (M, 1, H, W) with pictures, the closest two first, until one side is used up.

        Returns:
            Rows of `contents` and, in the same order, places in `paths`; none occurs twice.
        """
        distance = torch.cdist(contents.flatten(1), self.contents.flatten(1), p=1)
        rows, places = [], []
        for _ in range(min(distance.shape)):
            row, place = divmod(int(distance.argmin()), len(self.paths))
            rows.append(row)
            places.append(place)
            distance[row] = distance[:, place] = torch.inf
        return rows, places


def evaluate_offline(
    translator: Translator,
    sources: Tensor,
    target_test: Tensor,
    nets: Sequence[MetricNet],
    layouts: Layouts,
    protocol: OfflineProtocol,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[OfflineFigures]:
    """Measure the translations of one source domain with every net.

    Args:
        translator: of the target domain.
        sources: source test pictures (N, 3, S, S) in [-1, 1], S the translator's resolution, N at least 2.
        target_test: real target test pictures, which also serve as exemplars; at least 2.
        nets: made of the same target pictures.
        layouts: of real target training pictures, at least 2.
        protocol: how much is measured.
        report: called with (pictures translated, all that will be).

    Returns:
        The figures, in the order of the nets; of several processes, which share the translations, in the main one.
    """
    rendered = _Renderings.of(translator, sources, target_test, protocol, report)
    if not is_main():
        return []
    contents = _contents(translator, sources)
    content_kept = metrics.relative_change(_contents(translator, rendered.one_each), contents, protocol.seed)
    rows, places = layouts.pair(contents)
    alike = from_uint8(torch.stack([load_square(layouts.paths[place], sources.shape[-1]) for place in places]))
    alike_kept = metrics.relative_change(layouts.contents[places], contents[rows], protocol.seed)
    distances = {net: net.distance(alike) for net in nets}
    return [
        OfflineFigures(
            net.closeness(rendered.one_each, sources),
            net.diversity(rendered.of_one_source),
            net.structure_kept(rendered.one_each, sources, protocol.seed),
            content_kept,
            rendered.own_exemplar,
            distances[net].value,
            alike_kept,
            distances[net].error,
            rendered.motion,
        )
        for net in nets
    ]


@dataclass(frozen=True)
class _Renderings:
    """What is rendered of one source domain.

    Attributes:
        one_each: every source in one style, (N, 3, S, S) in [-1, 1].
        of_one_source: some sources in the same styles, (sources, styles, 3, S, S) in [-1, 1].
        own_exemplar: share of translations by exemplar that are nearer to their own exemplar.
        motion: of some sources.
    """

    one_each: Tensor
    of_one_source: Tensor
    own_exemplar: float
    motion: Motion

    @classmethod
    def of(
        cls,
        translator: Translator,
        sources: Tensor,
        target_test: Tensor,
        protocol: OfflineProtocol,
        report: Callable[[int, int], None],
    ) -> _Renderings:
        pictures = images.to_pictures(sources)
        exemplars = _ExemplarPairs.sampled(len(pictures), len(target_test), protocol)
        diverse = torch.linspace(0, len(pictures) - 1, min(protocol.sources, len(pictures))).round().int().tolist()
        total = len(pictures) + len(diverse) * (protocol.styles + RENDERED) + 2 * len(exemplars.source)
        done = 0

        def count(rendered: int) -> None:
            nonlocal done
            done += rendered
            report(done, total)

        def render(asked: tuple[int, Tensor]) -> Tensor:
            index, styles = asked
            return translator.render_tensor(translator.plan(pictures[index]), styles).cpu()

        def render_all(asked: Sequence[tuple[int, Tensor]]) -> Iterator[Tensor]:
            for rendered in shared(render, asked):
                count(len(rendered))
                yield rendered

        styles = translator.sample(len(pictures), protocol.seed)
        one_each = torch.cat(list(render_all([(index, style[None]) for index, style in enumerate(styles)])))
        motion = measure_motion(translator, sources, diverse, styles, one_each, count)
        styles = translator.sample(protocol.styles, protocol.seed + 1)
        of_one_source = torch.stack(list(render_all([(index, styles) for index in diverse])))
        codes = torch.cat([translator.style_of(picture) for picture in images.to_pictures(target_test)])
        by_exemplar = torch.stack(list(render_all([(index, codes[[a, b]]) for index, a, b in exemplars.rows()])))
        both = target_test[exemplars.first], target_test[exemplars.second]
        shares = [metrics.nearer_to_own(by_exemplar[:, side], both[side], both[1 - side]) for side in range(2)]
        return cls(one_each, of_one_source, sum(share / 2 for share in shares), motion)


@dataclass(frozen=True)
class _ExemplarPairs:
    """Which source is translated with which two exemplars."""

    source: Tensor
    first: Tensor
    second: Tensor

    @classmethod
    def sampled(cls, sources: int, exemplars: int, protocol: OfflineProtocol) -> _ExemplarPairs:
        generator = torch.Generator().manual_seed(protocol.seed)

        def sample(below: int) -> Tensor:
            return torch.randint(below, (protocol.pairs,), generator=generator)

        first = sample(exemplars)
        return cls(sample(sources), first, (first + 1 + sample(exemplars - 1)) % exemplars)

    def rows(self) -> list[tuple[int, int, int]]:
        return list(zip(self.source.tolist(), self.first.tolist(), self.second.tolist(), strict=True))


@torch.inference_mode()
def _contents(translator: Translator, pictures: Tensor, batch: int = _BATCH) -> Tensor:
    """Content codes (N, 1, H, W) of pictures (N, 3, S, S) in [-1, 1]."""
    encoder = translator.networks.content_encoder
    return torch.cat([encoder(part.to(translator.device)).content.float().cpu() for part in pictures.split(batch)])
