from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from gpunit import files, images
from gpunit.engine.translator import Translator
from gpunit.evaluation.metrics import EvaluationError, Judge, load_fid, load_lpips
from gpunit.evaluation.offline import Layouts, OfflineProtocol, judge_by_paper, judge_offline, show_target
from gpunit.images import from_uint8
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
    judge = Judge("efficientnet-lite0", test, pictures(5, first=40))
    given = layouts(tiny, tmp_path, sources)
    (verdict,) = judge_offline(tiny, sources, test, [judge], given, OfflineProtocol(styles=2, sources=1, pairs=2))
    assert verdict.alike_kept < 0.02  # the files have 256 levels
    assert verdict.alike == pytest.approx(verdict.closeness.sources, rel=0.02)


def test_the_offline_protocol_is_seeded_and_says_how_far_it_is(tiny: Translator, tmp_path: Path) -> None:
    judge = Judge("efficientnet-lite0", pictures(5, first=20), pictures(5, first=40))
    protocol = OfflineProtocol(styles=3, sources=2, pairs=4, seed=1)
    given = layouts(tiny, tmp_path, pictures(6, first=60))
    said: list[tuple[int, int]] = []

    def judged() -> dict[str, float | str]:
        report = lambda done, total: said.append((done, total))  # noqa: E731
        (verdict,) = judge_offline(tiny, pictures(6), pictures(5, first=20), [judge], given, protocol, report)
        return verdict.as_dict()

    first = judged()
    assert said[-1] == (6 + 2 * 3 + 2 * 4,) * 2
    assert first == judged()
    assert first["net"] == "efficientnet-lite0"
    assert 0 <= float(first["own_exemplar"]) <= 1
    assert float(first["content_kept"]) > 0


class _MeanColour(nn.Module):
    """Stands in for Inception: FID of the pictures' mean colours."""

    num_features = 3

    def forward(self, picture: Tensor) -> Tensor:
        return picture.float().mean(dim=(2, 3))


def test_the_papers_protocol_counts_every_style_of_every_source(tiny: Translator) -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    sources = pictures(4)
    rendered = [
        tiny.render_tensor(tiny.plan(picture), tiny.sample(3, index))
        for index, picture in enumerate(images.to_pictures(sources))
    ]

    def lpips(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).abs().mean()

    fid = FrechetInceptionDistance(feature=_MeanColour(), reset_real_features=False)
    show_target(fid, [part.clamp(-1, 1) for part in rendered])
    verdict = judge_by_paper(tiny, sources, fid, lpips, styles=3)
    assert verdict.fid == pytest.approx(0, abs=1e-3)
    expected = [float(lpips(three[[0, 0, 1]], three[[1, 2, 2]])) for three in rendered]
    assert verdict.lpips == pytest.approx(sum(expected) / 4, rel=1e-4)
    # What was seen of the target stays, what was seen of the last source does not.
    assert judge_by_paper(tiny, sources, fid, lpips, styles=3).fid == pytest.approx(0, abs=1e-3)


def test_fid_sees_the_grey_levels_that_the_pictures_have_as_files() -> None:
    shown = []
    levels = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
    show_target(SimpleNamespace(update=lambda pictures, real: shown.append(pictures)), [from_uint8(levels)])
    assert torch.equal(shown[0], levels)


@pytest.mark.parametrize("load", [load_fid, load_lpips])
def test_weights_that_cannot_be_had_are_explained(
    load: object, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(EvaluationError, match=r"put .*pth of .* into"):
        load()  # type: ignore[operator]
