"""Batches over several domains, sampled a step ahead; of a batch, a process decodes only its own rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, zip_longest
from typing import TypeVar

import torch
from torch import Tensor

from gpunit.seeds import step_generator
from gpunit.training.data import Labelled, PictureSet, join

Batch = TypeVar("Batch")


def shares(sets: int, count: int, step: int) -> list[int]:
    """How many of `count` pictures each of `sets` domains gives: remainders rotate with the step."""
    equal = [count // sets] * sets
    for odd in range(count % sets):
        equal[(step + odd) % sets] += 1
    return equal


def one_in(every: int, count: int, step: int) -> int:
    """How many of `count` pictures are one in `every`; remainders are made up for over the steps, and 0 gives none."""
    return (count + step % every) // every if every else 0


def sample_mixed(
    sets: Sequence[PictureSet],
    count: int,
    seed: int,
    step: int,
    purpose: str = "",
    turned_every: int = 0,
    rows: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:
    """A batch over several domains, all equally often: pictures (B, 3, S, S) in [-1, 1] and labels (B,).

    Args:
        sets: the domains; if they are more than `count`, random ones of them are taken.
        count: pictures in the whole batch.
        seed, step, purpose: the batch depends on these alone.
        turned_every: one in so many pictures of a domain is turned and zoomed into; 0 for none.
        rows: those of the batch that are decoded, in this order; all of them by default.
    """
    batch = sample_mixed_labelled(sets, count, seed, step, purpose, turned_every, rows)
    return batch.picture, batch.label


def sample_mixed_labelled(
    sets: Sequence[PictureSet],
    count: int,
    seed: int,
    step: int,
    purpose: str = "",
    turned_every: int = 0,
    rows: Sequence[int] | None = None,
) -> Labelled:
    """`sample_mixed` with instance maps; `shape` has no channels if the sets have no maps."""
    planned = _planned(sets, count, seed, step, purpose)
    ends = accumulate(share for _, share in planned)
    parts, decoded = [], list[int]()
    for (pictures, share), end in zip(planned, ends, strict=True):
        mine = range(end - share, end) if rows is None else [row for row in rows if end - share <= row < end]
        if mine:
            turned = one_in(turned_every, share, step)
            within = [row - (end - share) for row in mine]
            parts.append(pictures.sample_labelled(share, seed, step, purpose, turned, within))
            decoded += mine
    batch = join(parts)
    if rows is None or list(rows) == decoded:
        return batch
    place = {row: place for place, row in enumerate(decoded)}
    order = [place[row] for row in rows]
    return Labelled(*(tensor[order] for tensor in batch.tensors))


def mixed_labels(sets: Sequence[PictureSet], count: int, seed: int, step: int, purpose: str = "") -> Tensor:
    """The labels (count,) of the whole batch of `sample_mixed`, of which nothing is decoded."""
    planned = _planned(sets, count, seed, step, purpose)
    return torch.cat([torch.full((share,), pictures.label) for pictures, share in planned])


def _planned(
    sets: Sequence[PictureSet], count: int, seed: int, step: int, purpose: str
) -> list[tuple[PictureSet, int]]:
    """The sets that take part in a batch, and how many pictures each gives."""
    if count < len(sets):
        chosen = torch.randperm(len(sets), generator=step_generator(seed, step, f"domains of {purpose}"))[:count]
        sets = [sets[i] for i in sorted(chosen.tolist())]
    return [(s, share) for s, share in zip(sets, shares(len(sets), count, step), strict=True) if share]


def prefetch(
    sample: Callable[[int], Batch], steps: Sequence[int], waited: Callable[[float], None] = lambda seconds: None
) -> Iterator[tuple[int, Batch]]:
    """(step, batch) of every step; while one batch is in use, another thread samples the next.

    Args:
        sample: the batch of a step, from the step's number alone.
        steps: in the order in which they are taken.
        waited: called before every step with the seconds that it waited for its batch.
    """
    with ThreadPoolExecutor(1) as pool:
        following: Future[Batch] | None = None
        for step, after in zip_longest(steps, steps[1:]):
            begun = time.perf_counter()
            batch = sample(step) if following is None else following.result()
            waited(time.perf_counter() - begun)
            following = None if after is None else pool.submit(sample, after)
            yield step, batch
