from __future__ import annotations

import pytest
import torch

from gpunit import zoo
from gpunit.images import cut, open_picture, to_tensor
from gpunit.prior import correspondence
from gpunit.prior.correspondence import cell_of, find_place, find_region, match
from gpunit.ui.examples import EXAMPLES
from tests.prior.memory import LiveBytes


def test_a_place_is_found_at_itself_and_where_the_picture_was_moved_to() -> None:
    torch.manual_seed(0)
    feature = torch.randn(5, 6, 6)
    found = match(feature[:, 2, 3], torch.stack([feature, feature.roll((1, 2), (1, 2)), feature.flip(2)]))
    assert found.places.tolist() == [[2, 3], [3, 5], [2, 2]]
    assert torch.allclose(found.similarity.amax((1, 2)), torch.ones(3))


def test_scale_does_not_matter_and_opposites_are_least_alike() -> None:
    feature = torch.randn(4, 3, 3, generator=torch.Generator().manual_seed(1))
    query = feature[:, 0, 1]
    one, other = match(query, feature[None]), match(7 * query, 0.1 * feature[None])
    assert torch.allclose(one.similarity, other.similarity, atol=1e-6)
    assert float(match(query, -feature[None]).similarity.min()) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("across", "down", "cell"), [(0, 0, (0, 0)), (0.99, 0.13, (1, 7)), (1.0, 1.0, (7, 7)), (-1, 2, (7, 0))]
)
def test_cells_cover_the_picture(across: float, down: float, cell: tuple[int, int]) -> None:
    assert cell_of(across, down, 8) == cell


def test_the_content_encoder_finds_places_of_a_shifted_photograph_again() -> None:
    encoder = zoo.load_content_encoder(
        zoo.checkpoints_folder() / f"{zoo.SMALL_CONTENT_ENCODER}.safetensors", "small"
    ).eval()
    large = torch.cat([to_tensor(cut(open_picture(path), 160)) for path in EXAMPLES[:8]])
    with torch.inference_mode():
        here = encoder(large[..., 16:144, 16:144]).features[8]
        there = encoder(large[..., :128, :128]).features[8]  # 16 pixels, one cell, further to the right and down
    hits = []
    for index in range(len(large)):
        for row in range(1, 6):
            for column in range(1, 6):
                place = match(here[index, :, row, column], there[index : index + 1]).places[0]
                hits.append(bool(((place - torch.tensor([row + 1, column + 1])).abs() <= 1).all()))
    assert sum(hits) / len(hits) >= 0.8


def test_a_place_is_found_to_the_pixel_and_the_second_best_is_elsewhere() -> None:
    feature = torch.randn(24, 8, 8, generator=torch.Generator().manual_seed(2))
    features = torch.stack([feature, feature.roll((2, 1), (1, 2))])
    found = find_place(features, 0, 27, 21, 64)
    assert found.places.tolist() == [[27, 21], [43, 29]], "two cells of eight pixels down, one to the right"
    torch.testing.assert_close(found.best, torch.ones(2), atol=1e-5, rtol=0)
    assert (found.second < 0.95).all()
    assert float(found.same[0]) == pytest.approx(1, abs=1e-5)
    assert float(found.same[1]) == pytest.approx(float(found.similarity[1, 27, 21]))


def test_what_a_class_adds_everywhere_hides_no_place() -> None:
    feature = torch.randn(24, 8, 8, generator=torch.Generator().manual_seed(5))
    offset = 50 * torch.randn(24, 1, 1, generator=torch.Generator().manual_seed(6))
    features = torch.stack([feature, feature.roll((2, 1), (1, 2)) + offset])
    assert find_place(features, 0, 27, 21, 64).places.tolist()[1] == [43, 29]
    plain = torch.stack([feature, feature.roll((2, 1), (1, 2))])
    regions = [find_region(each, 0, (0.125, 0.25, 0.375, 0.75), 32).inside for each in (features, plain)]
    torch.testing.assert_close(*regions, atol=1e-3, rtol=0)


def test_a_large_layer_is_enlarged_some_channels_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(2, 40, 8, 8, generator=torch.Generator().manual_seed(7))
    whole = find_place(features, 0, 20, 30, 64)
    monkeypatch.setattr(correspondence, "_ENLARGED", 3 * 64**2)
    with LiveBytes() as live:
        parts = find_place(features, 0, 20, 30, 64)
    torch.testing.assert_close(parts.similarity, whole.similarity)
    assert live.peak < 4 * (2 * features.numel() + 16 * 64**2), "some channels and the answers, not forty channels"


def test_at_the_border_a_place_is_still_itself() -> None:
    features = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    for row, column in ((0, 0), (127, 127), (2, 64)):
        assert find_place(features, 0, row, column, 128).places.tolist() == [[row, column]]


def test_a_region_is_found_where_it_was_moved_to() -> None:
    feature = torch.randn(24, 8, 8, generator=torch.Generator().manual_seed(4))
    features = torch.stack([feature, feature.roll(4, 2)])
    found = find_region(features, 0, (0.125, 0.25, 0.375, 0.75), 32)
    region = torch.zeros(32, 32, dtype=torch.bool)
    region[8:24, 4:12] = True
    assert torch.equal(found.inside[0] > 0, region)
    moved = found.inside[1] > 0
    assert (moved & region.roll(16, 1)).sum() / (moved | region.roll(16, 1)).sum() > 0.8
    assert float(found.overlap[0]) == 1
    assert float(found.overlap[1]) < 0.1
    assert float(found.share[0]) == pytest.approx(0.125)
    assert find_region(features, 0, (0.5, 0.5, 0.5, 0.5)).share[0] > 0, "even an empty box has a middle"
    assert find_region(features, 0, (0, 0, 1, 1)).share.tolist() == [1, 1]
