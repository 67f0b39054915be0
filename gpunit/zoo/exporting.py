"""Export of a translator for other programs: its safetensors files, or ONNX graphs that are checked against PyTorch.

There are four graphs, so that each part of the work is done as rarely as in this project: one for a picture, one for a
picture and styles, and one for each way to a style.

    NAME-content.onnx   picture (1, 3, S, S) -> content, and of every skip its mask and selected feature
    NAME-render.onnx    those, and style (B, D) -> picture (B, 3, S, S)
    NAME-style.onnx     exemplar (1, 3, S, S) -> style (1, D)
    NAME-sample.onnx    latent (B, L) from N(0, I) -> style (B, D)
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gpunit.engine.translator import Translator
from gpunit.files import refuse_existing, written_beside
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator
from gpunit.settings import install_command
from gpunit.zoo.loading import files_of
from gpunit.zoo.weights import ModelError

TOLERANCE = 1e-3


class _ContentSide(nn.Module):
    def __init__(self, encoder: ContentEncoder, generator: Generator) -> None:
        super().__init__()
        self.encoder = encoder
        self.generator = generator

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        content = self.encoder(picture)
        gates = self.generator.plan_skips(content)
        return content.content, *(part for gate in gates.values() for part in (gate.mask, gate.selected_feature))


class _RenderSide(nn.Module):
    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.sizes = [size for size, _ in generator.params.encoder_widths]

    def forward(self, content: Tensor, skips: Sequence[Tensor], style: Tensor) -> Tensor:
        gates = {
            size: SkipGate(mask, feature, mask, mask)  # blending reads the first two alone
            for size, mask, feature in zip(self.sizes, skips[::2], skips[1::2], strict=True)
        }
        return self.generator.render(content.expand(style.shape[0], -1, -1, -1), gates, style)


@dataclass(frozen=True)
class ExportedGraph:
    """One ONNX file and how far onnxruntime's results are from PyTorch's: the largest absolute difference."""

    path: Path
    difference: float


def export_safetensors(name: str, output: Path) -> list[Path]:
    """Copy a translator's file and its content encoder's; both load from any checkpoints folder.

    Raises:
        ModelError: if the translator is unknown or not here.
        FileExistsError: if a file would be overwritten.
    """
    sources = files_of(name)
    targets = [output / path.name for path in sources]
    refuse_existing(*targets)
    for source, target in zip(sources, targets, strict=True):
        with written_beside(target) as partial:
            _copy(source, partial)
    return targets


def _copy(source: Path, target: Path) -> None:
    """Copy a file; unlike shutil's, whose errors name the source even where the target has no room."""
    with source.open("rb") as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing, 2**20)


def export_onnx(translator: Translator, name: str, output: Path, seed: int = 0) -> list[ExportedGraph]:
    """Write a translator as ONNX graphs and compare each, in onnxruntime, with PyTorch on random inputs.

    Args:
        translator: on the CPU, in fp32.
        name: the files' names start with it.
        output: folder.
        seed: of the inputs.

    Raises:
        ModelError: if a graph's results are further than 1e-3 from PyTorch's; no file is kept then.
        ModuleNotFoundError: if onnx, onnxscript or onnxruntime is not installed.
        FileExistsError: if a file would be overwritten.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"exporting to ONNX needs {error.name}: {install_command('export')}") from None
    graphs = _graphs(translator, seed)
    targets = [output / f"{name}-{part}.onnx" for part in graphs]
    refuse_existing(*targets)
    exported = []
    with ExitStack() as stack:  # all of the files are kept, or none
        for graph, target in zip(graphs.values(), targets, strict=True):
            partial = stack.enter_context(written_beside(target))
            graph.save(partial)
            difference = _difference(graph, partial)
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"the ONNX graph {target.name} differs from PyTorch by {difference:.2g}, more than "
                    f"{TOLERANCE:g}; it was not kept. Update torch, onnxscript and onnxruntime and try again."
                )
            exported.append(ExportedGraph(target, difference))
    return exported


@dataclass(frozen=True)
class _Graph:
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

    def save(self, path: Path) -> None:
        """Write it as ONNX."""
        program = torch.onnx.export(
            self.network.eval(),
            self.inputs,
            input_names=self.input_names,
            output_names=self.output_names,
            dynamic_shapes=self.dynamic_shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        assert program is not None
        program.save(str(path), external_data=False)


def _graphs(translator: Translator, seed: int) -> dict[str, _Graph]:
    """The four graphs by the part of their files' names, with random inputs."""
    networks = translator.networks
    side, params = translator.resolution, networks.generator.params
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, side, side, generator=generator) * 2 - 1
    latent = torch.randn(3, networks.style_sampler.params.latent_dim, generator=generator)
    content_side, render_side = (
        _ContentSide(networks.content_encoder, networks.generator),
        _RenderSide(networks.generator),
    )
    with torch.inference_mode():
        content, *skips = content_side(picture)
        styles = networks.style_sampler(latent)
    planned = ["content", *(f"{kind}_{size}" for size, _ in params.encoder_widths for kind in ("mask", "feature"))]
    rows = {0: torch.export.Dim("styles", min=1)}
    fixed: list[dict[int, object]] = [{} for _ in skips]
    return {
        "content": _Graph(content_side, (picture,), ["picture"], planned),
        "render": _Graph(render_side, (content, skips, styles), [*planned, "style"], ["picture"], ({}, fixed, rows)),
        "style": _Graph(networks.style_encoder, (picture,), ["picture"], ["style"]),
        "sample": _Graph(networks.style_sampler, (latent,), ["latent"], ["style"], (rows,)),
    }


def _difference(graph: _Graph, path: Path) -> float:
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
