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
from pathlib import Path

import torch

from gpunit.engine.translator import Translator
from gpunit.files import refuse_existing, written_beside
from gpunit.zoo.graphs import ContentSide, ExportedGraph, Graph, RenderSide, plan_names, write_graphs
from gpunit.zoo.loading import files_of


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
    return write_graphs({output / f"{name}-{part}.onnx": graph for part, graph in _graphs(translator, seed).items()})


def _graphs(translator: Translator, seed: int) -> dict[str, Graph]:
    """The four graphs by the part of their files' names, with random inputs."""
    networks, side = translator.networks, translator.resolution
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, side, side, generator=generator) * 2 - 1
    latent = torch.randn(3, networks.style_sampler.params.latent_dim, generator=generator)
    content_side = ContentSide(networks.content_encoder, networks.generator)
    render_side = RenderSide(networks.generator)
    with torch.inference_mode():
        content, *skips = content_side(picture)
        styles = networks.style_sampler(latent)
    planned = ["content", *plan_names(networks.generator)]
    rows = {0: torch.export.Dim("styles", min=1)}
    fixed: list[dict[int, object]] = [{} for _ in skips]
    return {
        "content": Graph(content_side, (picture,), ["picture"], planned),
        "render": Graph(render_side, (content, skips, styles), [*planned, "style"], ["picture"], ({}, fixed, rows)),
        "style": Graph(networks.style_encoder, (picture,), ["picture"], ["style"]),
        "sample": Graph(networks.style_sampler, (latent,), ["latent"], ["style"], (rows,)),
    }
