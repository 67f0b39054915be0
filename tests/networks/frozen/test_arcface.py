from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit.networks.frozen.arcface import CODE_DIM, IdentityNet
from gpunit.zoo.weights import ModelError, load_identity_net


def test_the_identity_net_has_the_published_layout(tmp_path: Path) -> None:
    with torch.device("meta"):
        net = IdentityNet()
        assert net(torch.rand(2, 3, 256, 256)).shape == (2, CODE_DIM)
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    assert sum(parameter.numel() for parameter in net.parameters()) == 43_797_696
    assert shapes["body.3.shortcut_layer.0.weight"] == (128, 64, 1, 1)
    assert shapes["body.23.res_layer.5.fc1.weight"] == (32, 512, 1, 1)
    assert shapes["output_layer.3.weight"] == (512, 25088)
    path = tmp_path / "model_ir_se50.pth"
    torch.save({"wrong": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match="does not belong"):
        load_identity_net(path)
