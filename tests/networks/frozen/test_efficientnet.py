"""The frozen nets inside packages name what is shown, and their features are of the size that is said of them."""

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
def test_an_eye_names_the_examples(name: str) -> None:
    eye = BACKBONES[name]()
    pictures = from_uint8(torch.stack([load_square(_EXAMPLES / f"{example}.jpg", 224) for example in _KINDS]))
    for named, (first, last) in zip(eye.probabilities(pictures).argmax(1).tolist(), _KINDS.values(), strict=True):
        assert first <= named <= last
    for stride, feature in eye(
        from_uint8(torch.stack([load_square(p, 128) for p in sorted(_EXAMPLES.iterdir())]))
    ).items():
        assert feature.shape[1:] == (eye.channels[stride], 128 // stride, 128 // stride)
        assert 0.7 < feature.std() / eye.deviation[stride] < 1.4
