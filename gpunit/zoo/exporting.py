"""A translator for other programs: as the safetensors files it is kept in, or as ONNX graphs checked against it.

ONNX comes in four graphs, cut where this project cuts the work: the content side once a picture, the render side
once a style, and the two ways to a style.

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
from gpunit.zoo.loading import files_of
from gpunit.zoo.weights import ModelError

TOLERANCE = 1e-3
_EXTRAS = "pip install -r requirements-export.txt"


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
    """Copy a translator's file and its content encoder's, which a checkpoints folder anywhere loads.

    Raises:
        ModelError: if the translator is unknown or not here.
        FileExistsError: if a file would be overwritten.
    """
    sources = files_of(name)
    targets = [output / path.name for path in sources]
    refuse_existing(*targets)
    for source, target in zip(sources, targets, strict=True):
        with written_beside(target) as partial:
            shutil.copyfile(source, partial)
    return targets


def export_onnx(translator: Translator, name: str, output: Path, seed: int = 0) -> list[ExportedGraph]:
    """Write a translator as ONNX graphs and compare each, in onnxruntime, with PyTorch on random inputs.

    Args:
        translator: on the CPU, in fp32.
        name: the files' names start with it.
        output: folder.
        seed: of the inputs.

    Raises:
        ModelError: if a graph's results are further than 1e-3 from PyTorch's; nothing is left then.
        ModuleNotFoundError: if onnx, onnxscript or onnxruntime is not installed.
        FileExistsError: if a file would be overwritten.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"exporting to ONNX needs {error.name}: {_EXTRAS}") from None
    networks = translator.networks
    side, params = translator.resolution, networks.generator.params
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, side, side, generator=generator) * 2 - 1
    latent = torch.randn(3, networks.style_sampler.params.latent_dim, generator=generator)
    with torch.inference_mode():
        content_side = _ContentSide(networks.content_encoder, networks.generator)
        content, *skips = content_side(picture)
        styles = networks.style_sampler(latent)
    skip_names = [f"{kind}_{size}" for size, _ in params.encoder_widths for kind in ("mask", "feature")]
    rows = {0: torch.export.Dim("styles", min=1)}
    fixed: list[dict[int, object]] = [{} for _ in skips]
    graphs: dict[str, tuple[nn.Module, tuple[Any, ...], list[str], list[str], tuple[Any, ...] | None]] = {
        "content": (content_side, (picture,), ["picture"], ["content", *skip_names], None),
        "render": (
            _RenderSide(networks.generator),
            (content, skips, styles),
            ["content", *skip_names, "style"],
            ["picture"],
            ({}, fixed, rows),
        ),
        "style": (networks.style_encoder, (picture,), ["picture"], ["style"], None),
        "sample": (networks.style_sampler, (latent,), ["latent"], ["style"], (rows,)),
    }
    targets = {part: output / f"{name}-{part}.onnx" for part in graphs}
    refuse_existing(*targets.values())
    with ExitStack() as stack:  # all of the files are kept, or none
        partials = {part: stack.enter_context(written_beside(path)) for part, path in targets.items()}
        exported = []
        for part, (network, inputs, input_names, output_names, dynamic) in graphs.items():
            program = torch.onnx.export(
                network.eval(),
                inputs,
                input_names=input_names,
                output_names=output_names,
                dynamic_shapes=dynamic,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            assert program is not None
            program.save(str(partials[part]), external_data=False)
            difference = _difference(network, inputs, partials[part])
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"the ONNX graph {targets[part].name} differs from PyTorch by {difference:.2g}, more than "
                    f"{TOLERANCE:g}; it was not kept. Update torch, onnxscript and onnxruntime and try again."
                )
            exported.append(ExportedGraph(targets[part], difference))
    return exported


def _difference(network: nn.Module, inputs: Sequence[Any], path: Path) -> float:
    """Largest absolute difference between onnxruntime's answers and PyTorch's."""
    import onnxruntime

    with torch.inference_mode():
        wanted = network(*inputs)
    flat = [t for item in inputs for t in (item if isinstance(item, list) else [item])]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {slot.name: t.numpy() for slot, t in zip(session.get_inputs(), flat, strict=True)}
    answers = session.run(None, fed)
    expected = wanted if isinstance(wanted, tuple) else (wanted,)
    return max(float(np.abs(a - e.numpy()).max()) for a, e in zip(answers, expected, strict=True))
