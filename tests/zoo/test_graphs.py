from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto
from torch import nn

from gpunit.engine.translator import Translator
from gpunit.zoo.graphs import ContentSide, EncoderSide, Graph, PlanSide, skip_sizes, write_graphs


def answer(path: Path, graph: Graph) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"picture": graph.inputs[0].numpy()})[0])


@pytest.fixture
def convolution() -> Graph:
    """A convolution whose weight is exact in half precision, and whose bias is not."""
    torch.manual_seed(0)
    network = nn.Conv2d(8, 32, 3)
    network.weight.data = network.weight.data.half().float()
    return Graph(network, (torch.rand(1, 8, 6, 6),), ["picture"], ["features"])


def test_weights_that_are_halves_are_packed_as_halves_and_nothing_changes(convolution: Graph, tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.onnx", tmp_path / "packed.onnx"
    write_graphs({plain: convolution})
    write_graphs({packed: convolution}, packed=True)
    assert np.array_equal(answer(plain, convolution), answer(packed, convolution))
    kinds = {weight.name: weight.data_type for weight in onnx.load(str(packed)).graph.initializer}
    assert kinds == {"weight.half": TensorProto.FLOAT16, "bias": TensorProto.FLOAT}


def test_a_packed_graph_does_not_name_folders_of_this_machine(convolution: Graph, tmp_path: Path) -> None:
    write_graphs({tmp_path / "packed.onnx": convolution}, packed=True)
    content = (tmp_path / "packed.onnx").read_bytes()
    assert b".py" not in content
    assert len(content) < 2 * 8 * 32 * 9 + 1000


def test_encoder_and_plan_together_are_the_content_side(tiny: Translator) -> None:
    networks = tiny.networks
    side = tiny.resolution
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.inference_mode():
        content, *features = EncoderSide(networks.content_encoder, networks.generator)(picture)
        skips = PlanSide(networks.generator)(content, features)
        wanted = ContentSide(networks.content_encoder, networks.generator)(picture)
    assert len(features) == len(skip_sizes(networks.generator))
    assert all(torch.equal(one, other) for one, other in zip((content, *skips), wanted, strict=True))
