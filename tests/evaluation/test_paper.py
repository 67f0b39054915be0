from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from gpunit import images
from gpunit.engine.translator import Translator
from gpunit.evaluation.paper import EvaluationError, evaluate_paper, load_fid, load_lpips, show_target
from gpunit.images import from_uint8
from tests.evaluation.test_metrics import pictures


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
    figures = evaluate_paper(tiny, sources, fid, lpips, styles=3)
    assert figures.fid == pytest.approx(0, abs=1e-3)
    expected = [float(lpips(three[[0, 0, 1]], three[[1, 2, 2]])) for three in rendered]
    assert figures.lpips == pytest.approx(sum(expected) / 4, rel=1e-4)
    # What was seen of the target stays, what was seen of the last source does not.
    assert evaluate_paper(tiny, sources, fid, lpips, styles=3).fid == pytest.approx(0, abs=1e-3)


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
