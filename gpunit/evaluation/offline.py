"""How a translator is judged: the offline protocol of the small family, and the paper's.

Offline, on test pictures that nothing was trained on:

    gap closed      1 - (KD(translated, test) - floor) / (KD(sources, test) - floor), one drawn style for every source
    diversity       mean pairwise feature distance over ten styles of one source / over real test pictures
    content kept    mean |E_c(ŷ) - E_c(x)| / mean |E_c(x') - E_c(x)| over other pictures x' of x's domain: 0 keeps all
    structure kept  the same ratio on spatial self-similarity maps of the net: E_c judges its own loss
    own exemplar    share of translations whose colours are nearer to their own exemplar's than to another's
    alike           KD of real target training pictures, those that are laid out most like the sources, by E_c: how near
                    to the test pictures even photographs are that keep as much of the sources as `alike kept` says

The paper's (that of StarGAN v2, Choi et al., CVPR 2020): ten styles for every test picture, FID of all of them to the
target's training pictures, and the mean LPIPS distance of every two of the ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpunit import images
from gpunit.engine.translator import Translator
from gpunit.evaluation import metrics
from gpunit.evaluation.metrics import Judge
from gpunit.images import from_uint8, load_square, read_batches

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class OfflineProtocol:
    """How much is looked at.

    Attributes:
        styles: drawn styles of one source, for the diversity.
        sources: how many sources the diversity looks at, at most.
        pairs: pairs of exemplars, each shown with one source.
        seed: of every draw.
    """

    styles: int = 10
    sources: int = 50
    pairs: int = 100
    seed: int = 0


@dataclass(frozen=True)
class Verdict:
    """One source domain judged by one net; figures of different nets cannot be compared.

    Attributes:
        closeness: kernel distances and the gap closed.
        diversity: 1 is as diverse as real target pictures are.
        structure_kept: change of the self-similarity in units of that of another picture of the domain: 0 is best.
        content_kept: the same of the content code; it has nothing to do with the net.
        own_exemplar: from 0 to 1, chance is a half; it has nothing to do with the net.
        alike: kernel distance of real target pictures that are laid out like the sources.
        alike_kept: what those keep of the content code, as `content_kept`.
    """

    closeness: metrics.Closeness
    diversity: float
    structure_kept: float
    content_kept: float
    own_exemplar: float
    alike: float
    alike_kept: float

    def as_dict(self) -> dict[str, float | str]:
        """All figures by name."""
        own = {name: value for name, value in vars(self).items() if name != "closeness"}
        return {**self.closeness.as_dict(), **own}


@dataclass(frozen=True)
class Layouts:
    """What real target pictures are laid out like.

    Attributes:
        paths: of N pictures.
        contents: their content codes (N, 1, H, W).
    """

    paths: Sequence[Path]
    contents: Tensor

    @classmethod
    def of(cls, translator: Translator, folder: Path) -> Layouts:
        """Look at all pictures of a folder with the translator's content encoder."""
        batches = read_batches(folder, translator.resolution)
        contents = torch.cat([_contents(translator, batch) for batch in batches])
        return cls(images.list_pictures(folder), contents)

    def pair(self, contents: Tensor) -> tuple[list[int], list[int]]:
        """Pairs of content codes (M, 1, H, W) and pictures, the closest first, until either are used up.

        Returns:
            Rows of `contents` and, in the same order, places here; none occurs twice.
        """
        distance = torch.cdist(contents.flatten(1), self.contents.flatten(1), p=1)
        rows, places = [], []
        for _ in range(min(distance.shape)):
            row, place = divmod(int(distance.argmin()), len(self.paths))
            rows.append(row)
            places.append(place)
            distance[row] = distance[:, place] = torch.inf
        return rows, places


@dataclass(frozen=True)
class PaperVerdict:
    """One source domain judged as in the paper.

    Attributes:
        fid: of all styles of all sources, to the target's training pictures.
        lpips: mean distance of every two styles of one source.
    """

    fid: float
    lpips: float


def _ignore(done: int, total: int) -> None:
    """No progress bar."""


def judge_offline(
    translator: Translator,
    sources: Tensor,
    target_test: Tensor,
    judges: Sequence[Judge],
    layouts: Layouts,
    protocol: OfflineProtocol,
    report: Report = _ignore,
) -> list[Verdict]:
    """Judge the translations of one source domain, by every net.

    Args:
        translator: of the target domain.
        sources: source test pictures (N, 3, S, S) in [-1, 1], S the translator's resolution, N at least 2.
        target_test: real target test pictures, which also serve as exemplars; at least 2.
        judges: made of the same target pictures.
        layouts: of real target training pictures, at least 2.
        protocol: how much is looked at.
        report: called with (pictures translated, all that will be).
    """
    pictures = images.to_pictures(sources)
    exemplars = _ExemplarPairs.drawn(len(pictures), len(target_test), protocol)
    diverse = torch.linspace(0, len(pictures) - 1, min(protocol.sources, len(pictures))).round().int().tolist()
    total = len(pictures) + len(diverse) * protocol.styles + 2 * len(exemplars.source)
    done = 0

    def render(index: int, styles: Tensor) -> Tensor:
        nonlocal done
        rendered = translator.render_tensor(translator.plan(pictures[index]), styles).cpu()
        done += len(styles)
        report(done, total)
        return rendered

    one_each = translator.sample(len(pictures), protocol.seed)
    translated = torch.cat([render(index, style[None]) for index, style in enumerate(one_each)])
    of_one_source = translator.sample(protocol.styles, protocol.seed + 1)
    renderings = torch.stack([render(index, of_one_source) for index in diverse])
    codes = torch.cat([translator.style_of(picture) for picture in images.to_pictures(target_test)])
    shown = torch.stack([render(index, codes[[a, b]]) for index, a, b in exemplars.rows()])
    both = target_test[exemplars.first], target_test[exemplars.second]
    own_exemplar = sum(metrics.nearer_to_own(shown[:, side], both[side], both[1 - side]) / 2 for side in range(2))
    contents = _contents(translator, sources)
    content_kept = metrics.relative_change(_contents(translator, translated), contents, protocol.seed)
    rows, places = layouts.pair(contents)
    alike = from_uint8(torch.stack([load_square(layouts.paths[place], sources.shape[-1]) for place in places]))
    alike_kept = metrics.relative_change(layouts.contents[places], contents[rows], protocol.seed)
    return [
        Verdict(
            judge.closeness(translated, sources),
            judge.diversity(renderings),
            judge.structure_kept(translated, sources, protocol.seed),
            content_kept,
            own_exemplar,
            judge.distance(alike),
            alike_kept,
        )
        for judge in judges
    ]


@dataclass(frozen=True)
class _ExemplarPairs:
    """Which source is shown with which two exemplars."""

    source: Tensor
    first: Tensor
    second: Tensor

    @classmethod
    def drawn(cls, sources: int, exemplars: int, protocol: OfflineProtocol) -> _ExemplarPairs:
        generator = torch.Generator().manual_seed(protocol.seed)

        def draw(below: int) -> Tensor:
            return torch.randint(below, (protocol.pairs,), generator=generator)

        first = draw(exemplars)
        return cls(draw(sources), first, (first + 1 + draw(exemplars - 1)) % exemplars)

    def rows(self) -> list[tuple[int, int, int]]:
        return list(zip(self.source.tolist(), self.first.tolist(), self.second.tolist(), strict=True))


@torch.inference_mode()
def _contents(translator: Translator, pictures: Tensor, batch: int = 32) -> Tensor:
    encoder = translator.networks.content_encoder
    return torch.cat([encoder(part.to(translator.device)).content.float().cpu() for part in pictures.split(batch)])


@torch.inference_mode()
def show_target(fid: Any, batches: Iterable[Tensor]) -> None:
    """Let a FID of `metrics.load_fid` see the target's training pictures, batches (B, 3, S, S) in [-1, 1]; once."""
    for batch in batches:
        fid.update(images.to_uint8(batch), real=True)


@torch.inference_mode()
def judge_by_paper(
    translator: Translator,
    sources: Tensor,
    fid: Any,
    lpips: Callable[[Tensor, Tensor], Tensor],
    styles: int = 10,
    seed: int = 0,
    report: Report = _ignore,
) -> PaperVerdict:
    """Judge the translations of one source domain as the paper does.

    Args:
        translator: of the target domain.
        sources: source test pictures (N, 3, S, S) in [-1, 1].
        fid: from `metrics.load_fid`, after `show_target`.
        lpips: from `metrics.load_lpips`.
        styles: drawn anew for every source.
        seed: of the draws.
        report: called with (sources done, all of them).
    """
    fid.reset()
    distances = []
    for index, picture in enumerate(images.to_pictures(sources)):
        drawn = translator.sample(styles, seed + index)
        rendered = translator.render_tensor(translator.plan(picture), drawn).cpu().clamp(-1, 1)
        fid.update(images.to_uint8(rendered), real=False)
        first, second = zip(*combinations(range(styles), 2), strict=True)
        distances.append(float(lpips(rendered[list(first)], rendered[list(second)])))
        report(index + 1, len(sources))
    return PaperVerdict(float(fid.compute()), sum(distances) / len(distances))
