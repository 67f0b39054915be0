from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gpunit import images
from gpunit.imagenet import DOMAINS
from gpunit.images import CENTRE
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.subject import MAX_ZOOM, SubjectFinder, crop_around, is_like
from gpunit.ui.examples import EXAMPLES
from tests.conftest import blobs


@pytest.fixture(scope="module")
def finder() -> SubjectFinder:
    return SubjectFinder(EfficientNetLite0(), "cpu")


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 400), (320, 320), (90, 800)])
@pytest.mark.parametrize(("top", "left", "side"), [(0, 0, 20), (30, 50, 40), (44, 44, 20), (0, 0, 64)])
def test_the_crop_holds_the_object(width: int, height: int, top: int, left: int, side: int) -> None:
    shape = -torch.ones(64, 64)
    shape[top : top + side, left : left + side] = 1
    crop = crop_around(shape, width, height)
    x1, y1, x2, y2 = crop.box(width, height)
    assert x2 - x1 == y2 - y1
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    assert 1 <= crop.zoom <= MAX_ZOOM
    # The object's box, as far as a square of the picture can hold it, but for its tails.
    right, bottom = min(left + side, 64), min(top + side, 64)
    middle = ((left + right) / 128 * width, (top + bottom) / 128 * height)
    assert x1 - 1 <= middle[0] <= x2 + 1
    assert y1 - 1 <= middle[1] <= y2 + 1
    longest = min(max((right - left) / 64 * width, (bottom - top) / 64 * height), width, height)
    assert x2 - x1 >= 0.85 * longest


def test_a_map_without_an_object_gives_the_centre_square() -> None:
    assert crop_around(-torch.ones(8, 8), 300, 200) == CENTRE


@pytest.mark.parametrize(("place", "side"), [((20, 30), 160), ((250, 120), 170)])
def test_a_pasted_animal_is_found(finder: SubjectFinder, place: tuple[int, int], side: int) -> None:
    example = next(path for path in EXAMPLES if path.stem == "dog-shepherd")
    scene = blobs(3, 450, 300)
    scene.paste(images.cut(images.open_picture(example), side), place)
    left, top, right, bottom = finder.find(scene).box(*scene.size)
    assert right - left < 290, "closer than the whole picture"
    inside = max(0, min(right, place[0] + side) - max(left, place[0])) * max(
        0, min(bottom, place[1] + side) - max(top, place[1])
    )
    assert inside >= 0.6 * side**2


def test_examples_look_like_their_own_domain_and_like_no_other(finder: SubjectFinder) -> None:
    for path in EXAMPLES:
        own = path.stem.partition("-")[0]
        likeness = finder.likeness(images.open_picture(path))
        assert is_like(likeness, [own]), path.stem
        assert not any(is_like(likeness, [other]) for other in {"cat", "dog", "bird", "car"} - {own}), path.stem


def test_likeness_is_a_mirror_image_s_too(finder: SubjectFinder) -> None:
    picture = images.open_picture(EXAMPLES[0])
    straight, mirrored = finder.likeness(picture), finder.likeness(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    np.testing.assert_allclose([straight[d] for d in DOMAINS], [mirrored[d] for d in DOMAINS], atol=0.02)
    assert all(0 <= share <= 1 for share in straight.values())


def test_domains_without_classes_are_not_judged(finder: SubjectFinder) -> None:
    assert is_like(finder.likeness(blobs(2)), ["face"])
