"""Tiny ONNX graphs in place of IS-Net and U²-Net."""

from __future__ import annotations

from pathlib import Path

import pytest


def write_mean_graph(path: Path, side: int | str = 64, channels: int = 1, name: str = "input") -> Path:
    """A graph that takes pictures (1, 3, side, side) and gives the mean of their channels as its map.

    Args:
        path: the .onnx file.
        side: or a name, for a graph that takes any.
        channels: of the map; three for a graph that gives the picture itself.
        name: of the input.
    """
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    pytest.importorskip("scipy")
    from onnx import TensorProto, helper

    given = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])
    made = helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, channels, side, side])
    if channels == 1:
        axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
        node, constants = helper.make_node("ReduceMean", [name, "axes"], ["map"], keepdims=1), [axes]
    else:
        node, constants = helper.make_node("Identity", [name], ["map"]), []
    graph = helper.make_graph([node], "tiny", [given], [made], initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path
