"""Parts of a translator as ONNX graphs, each checked in onnxruntime against PyTorch as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gpunit.files import refuse_existing, written_beside
from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator
from gpunit.settings import install_command
from gpunit.zoo.weights import ModelError

TOLERANCE = 1e-3


@dataclass(frozen=True)
class ExportedGraph:
    """One ONNX file and how far onnxruntime's results are from PyTorch's: the largest absolute difference."""

    path: Path
    difference: float


@dataclass(frozen=True)
class Graph:
    """A part of a translator as one function.

    Attributes:
        network: the function.
        inputs: examples.
        input_names, output_names: of the tensors, in order.
        dynamic_shapes: of the inputs, as `torch.onnx.export` takes them; None where all are fixed.
    """

    network: nn.Module
    inputs: tuple[Any, ...]
    input_names: list[str]
    output_names: list[str]
    dynamic_shapes: tuple[Any, ...] | None = None


class EncoderSide(nn.Module):
    """E_c: a picture -> its content, and the features that the skips of one kind of generator read."""

    def __init__(self, encoder: ContentEncoder, generator: Generator) -> None:
        super().__init__()
        self.encoder = encoder
        self.sizes = skip_sizes(generator)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """Encode a picture (1, 3, S, S) in [-1, 1]."""
        encoded = self.encoder(picture)
        return encoded.content, *(encoded.features[size] for size in self.sizes)


class PlanSide(nn.Module):
    """What the skips decide: content and features -> of every skip its mask and selected feature."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.sizes = skip_sizes(generator)

    def forward(self, content: Tensor, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Decide for content (1, 1, 8, 8) and features, coarse to fine."""
        encoded = ContentFeatures(content, dict(zip(self.sizes, features, strict=True)))
        gates = self.generator.plan_skips(encoded)
        return tuple(part for gate in gates.values() for part in (gate.mask, gate.selected_feature))


class ContentSide(nn.Module):
    """Both in one: a picture -> content, and of every skip its mask and selected feature."""

    def __init__(self, encoder: ContentEncoder, generator: Generator) -> None:
        super().__init__()
        self.encode, self.plan = EncoderSide(encoder, generator), PlanSide(generator)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """Encode a picture (1, 3, S, S) in [-1, 1], and decide."""
        content, *features = self.encode(picture)
        return content, *self.plan(content, features)


class RenderSide(nn.Module):
    """Content, masks, selected features and styles (B, D) -> pictures (B, 3, S, S)."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.sizes = skip_sizes(generator)

    def forward(self, content: Tensor, skips: Sequence[Tensor], style: Tensor) -> Tensor:
        """Render content (1, 1, 8, 8) and skips, coarse to fine, as `PlanSide` gives them."""
        gates = {
            size: SkipGate(mask, feature, mask, mask)  # blending reads the first two alone
            for size, mask, feature in zip(self.sizes, skips[::2], skips[1::2], strict=True)
        }
        return self.generator.render(content.expand(style.shape[0], -1, -1, -1), gates, style)


def skip_sizes(generator: Generator) -> list[int]:
    """Sizes of a generator's skips, coarse to fine."""
    return [size for size, _ in generator.params.encoder_widths]


def plan_names(generator: Generator) -> list[str]:
    """Names of what `PlanSide` gives and `RenderSide` takes."""
    return [f"{kind}_{size}" for size in skip_sizes(generator) for kind in ("mask", "feature")]


def require_exporter() -> None:
    """Make sure that what writes and checks graphs is installed.

    Raises:
        ModuleNotFoundError: if onnx, onnxscript or onnxruntime is not.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"exporting to ONNX needs {error.name}: {install_command('export')}") from None


def write_graphs(graphs: Mapping[Path, Graph], packed: bool = False) -> list[ExportedGraph]:
    """Write graphs to files and compare each, in onnxruntime, with PyTorch on its example inputs.

    Args:
        graphs: by the file of each.
        packed: see `pack_halves`.

    Raises:
        ModelError: if a graph's results are further than `TOLERANCE` from PyTorch's; no file is kept then.
        ModuleNotFoundError: if onnx, onnxscript or onnxruntime is not installed.
        FileExistsError: if a file would be overwritten.
    """
    require_exporter()
    refuse_existing(*graphs)
    exported = []
    with ExitStack() as stack:  # all of the files are kept, or none
        for target, graph in graphs.items():
            partial = stack.enter_context(written_beside(target))
            _save(graph, partial)
            if packed:
                pack_halves(partial)
            difference = _difference(graph, partial)
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"the ONNX graph {target.name} differs from PyTorch by {difference:.2g}, more than "
                    f"{TOLERANCE:g}; it was not kept. Update torch, onnxscript and onnxruntime and try again."
                )
            exported.append(ExportedGraph(target, difference))
    return exported


def pack_halves(path: Path) -> None:
    """Store the weights of a graph that are exact in half precision so: half the bytes, and the same results.

    Those of bundled translators all are.  A runtime turns them back into single precision as it loads the graph.
    What the exporter noted about itself is dropped: it takes as many bytes as a small graph, and names the folders of
    the machine that it ran on.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.size < 16 or not np.array_equal(halves.astype(np.float32), values):
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(halves, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(path))


def _save(graph: Graph, path: Path) -> None:
    program = torch.onnx.export(
        graph.network.eval(),
        graph.inputs,
        input_names=graph.input_names,
        output_names=graph.output_names,
        dynamic_shapes=graph.dynamic_shapes,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=False)


def _difference(graph: Graph, path: Path) -> float:
    """Largest absolute difference between onnxruntime's answers and PyTorch's."""
    import onnxruntime

    with torch.inference_mode():
        wanted = graph.network(*graph.inputs)
    flat = [t for item in graph.inputs for t in (item if isinstance(item, list) else [item])]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {slot.name: t.numpy() for slot, t in zip(session.get_inputs(), flat, strict=True)}
    answers = session.run(None, fed)
    expected = wanted if isinstance(wanted, tuple) else (wanted,)
    return max(float(np.abs(a - e.numpy()).max()) for a, e in zip(answers, expected, strict=True))
