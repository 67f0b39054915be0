from __future__ import annotations

import pytest
import torch

from gpunit import zoo
from gpunit.images import cut, open_picture, to_tensor
from gpunit.prior.correspondence import cell_of, match
from gpunit.ui.examples import EXAMPLES


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
