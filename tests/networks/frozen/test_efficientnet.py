"""The backbones classify the examples, and their features have the shapes and deviations that they state."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit.images import from_uint8, load_square
from gpunit.networks.frozen.efficientnet import BACKBONES

_EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
# ImageNet's classes of a kind, first and last.
_KINDS = {"cat-chelsea": (281, 285), "dog-shepherd": (151, 268), "bird-toucan": (96, 96), "car-sedan": (403, 920)}


@pytest.mark.parametrize("name", BACKBONES)
@torch.inference_mode()
def test_a_backbone_classifies_the_examples(name: str) -> None:
    pictures = from_uint8(torch.stack([load_square(_EXAMPLES / f"{example}.jpg", 224) for example in _KINDS]))
    found = BACKBONES[name]().probabilities(pictures).argmax(1).tolist()
    assert all(first <= label <= last for label, (first, last) in zip(found, _KINDS.values(), strict=True))


@pytest.mark.parametrize("name", BACKBONES)
@torch.inference_mode()
def test_features_have_the_shapes_and_deviations_that_are_stated(name: str) -> None:
    backbone = BACKBONES[name]()
    pictures = from_uint8(torch.stack([load_square(path, 128) for path in sorted(_EXAMPLES.iterdir())]))
    for stride, feature in backbone(pictures).items():
        assert feature.shape[1:] == (backbone.channels[stride], 128 // stride, 128 // stride)
        assert 0.7 < feature.std() / backbone.deviation[stride] < 1.4


@torch.inference_mode()
def test_stopping_early_changes_no_feature() -> None:
    backbone = BACKBONES["efficientnet-lite0"]()
    pictures = from_uint8(load_square(_EXAMPLES / "cat-chelsea.jpg", 64)[None])
    early, whole = backbone(pictures, last_stride=8), backbone(pictures)
    assert list(early) == [2, 4, 8]
    assert all(torch.equal(early[stride], whole[stride]) for stride in early)
