from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.images import PictureError
from gpunit.training.data import PictureSet
from gpunit.training.mixing import mixed_labels, one_in, prefetch, sample_mixed, sample_mixed_labelled


def test_domains_are_sampled_equally_often(folders: Callable[..., list[Path]]) -> None:
    sets = [PictureSet(folder, 32, label=i) for i, folder in enumerate(folders("dog", "bird", "car"))]
    counts = torch.zeros(3)
    for step in range(30):
        pictures, labels = sample_mixed(sets, 8, seed=0, step=step)
        assert len(pictures) == len(labels) == 8
        counts += labels.bincount(minlength=3)
    assert torch.equal(counts, torch.full((3,), 80.0))


def test_of_more_domains_than_pictures_any_are_sampled(folders: Callable[..., list[Path]]) -> None:
    sets = [PictureSet(folder, 32, label=i) for i, folder in enumerate(folders(*"abcdef", count=1))]
    sampled = [tuple(sample_mixed(sets, 2, seed=0, step=step)[1].tolist()) for step in range(40)]
    assert all(len(set(labels)) == 2 for labels in sampled)
    assert {label for labels in sampled for label in labels} == set(range(6))
    assert len(set(sampled)) > 6, "not only neighbours"


@pytest.mark.parametrize(("every", "counts"), [(0, [0, 0, 0, 0]), (2, [2, 3, 2, 3]), (4, [1, 1, 1, 2])])
def test_one_in_so_many_is_turned(every: int, counts: list[int]) -> None:
    assert [one_in(every, 5, step) for step in range(4)] == counts


def test_batches_are_prefetched_in_their_order() -> None:
    sampled: list[int] = []

    def sample(step: int) -> int:
        sampled.append(step)
        return step**2

    waits: list[float] = []
    assert list(prefetch(sample, range(3, 6), waits.append)) == [(3, 9), (4, 16), (5, 25)]
    assert sampled == [3, 4, 5]
    assert len(waits) == 3
    assert list(prefetch(sample, range(0))) == []


def test_a_batch_that_cannot_be_sampled_ends_the_run() -> None:
    def sample(step: int) -> int:
        if step:
            raise PictureError("broken")
        return step

    with pytest.raises(PictureError, match="broken"):
        list(prefetch(sample, range(3)))


@pytest.mark.parametrize("count", [2, 7])
def test_some_rows_of_a_mixed_batch_are_those_of_the_whole(folders: Callable[..., list[Path]], count: int) -> None:
    sets = [PictureSet(folder, 32, label=i) for i, folder in enumerate(folders("dog", "bird", "car"))]
    whole = sample_mixed_labelled(sets, count, 1, 2, "x", turned_every=2)
    assert torch.equal(whole.label, mixed_labels(sets, count, 1, 2, "x"))
    for rows in ([0, 1], [1, 0], list(range(count)), list(range(count))[::-2]):
        part = sample_mixed_labelled(sets, count, 1, 2, "x", turned_every=2, rows=rows)
        assert torch.equal(part.label, whole.label[rows])
        torch.testing.assert_close(part.picture, whole.picture[rows], rtol=0, atol=1e-6)
