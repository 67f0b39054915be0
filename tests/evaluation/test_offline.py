from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from gpunit import files, images
from gpunit.engine.translator import Translator
from gpunit.evaluation.metrics import MetricNet
from gpunit.evaluation.offline import Layouts, OfflineProtocol, evaluate_offline
from tests.evaluation.test_metrics import pictures


def layouts(tiny: Translator, folder: Path, shown: Tensor) -> Layouts:
    """Of pictures that are written to a folder first."""
    for index, picture in enumerate(images.to_pictures(shown)):
        files.save_png(picture, folder / f"{index:03d}.png")
    return Layouts.of(tiny, folder)


def test_real_pictures_that_are_laid_out_alike_are_found(tiny: Translator, tmp_path: Path) -> None:
    pool = pictures(8)
    found = layouts(tiny, tmp_path, pool)
    rows, places = found.pair(found.contents[[5, 2, 7]])
    assert dict(zip(rows, places, strict=True)) == {0: 5, 1: 2, 2: 7}
    # What is wanted twice is given once; the other gets the next best.
    rows, places = found.pair(found.contents[[3, 3, 3]])
    assert sorted(rows) == [0, 1, 2]
    assert 3 in places
    assert len(set(places)) == 3
    away = (found.contents - found.contents[3]).abs().mean((1, 2, 3))
    assert sorted(places) == sorted(away.argsort()[:3].tolist())
    # More are asked for than there are: everyone of those who are there is given.
    assert sorted(Layouts(found.paths[:2], found.contents[:2]).pair(found.contents)[1]) == [0, 1]


def test_photographs_of_the_sources_themselves_keep_all(tiny: Translator, tmp_path: Path) -> None:
    sources, test = pictures(6), pictures(5, first=20)
    net = MetricNet("efficientnet-lite0", test, pictures(5, first=40))
    given = layouts(tiny, tmp_path, sources)
    (figures,) = evaluate_offline(tiny, sources, test, [net], given, OfflineProtocol(styles=2, sources=1, pairs=2))
    assert figures.alike_kept < 0.02  # the files have 256 levels
    assert figures.alike == pytest.approx(figures.closeness.sources, rel=0.02)


def test_the_offline_protocol_is_seeded_and_says_how_far_it_is(tiny: Translator, tmp_path: Path) -> None:
    net = MetricNet("efficientnet-lite0", pictures(5, first=20), pictures(5, first=40))
    protocol = OfflineProtocol(styles=3, sources=2, pairs=4, seed=1)
    given = layouts(tiny, tmp_path, pictures(6, first=60))
    said: list[tuple[int, int]] = []

    def measured() -> dict[str, float | str]:
        report = lambda done, total: said.append((done, total))  # noqa: E731
        (figures,) = evaluate_offline(tiny, pictures(6), pictures(5, first=20), [net], given, protocol, report)
        return figures.as_dict()

    first = measured()
    assert said[-1] == (6 + 2 * (3 + 5) + 2 * 4,) * 2
    assert first == measured()
    assert first["net"] == "efficientnet-lite0"
    assert 0 <= float(first["own_exemplar"]) <= 1
    assert float(first["content_kept"]) > 0
