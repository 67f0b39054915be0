"""A static page that translates in the browser: its files, the networks as ONNX graphs, and onnxruntime-web.

    index.html, *.js, style.css   the page, as it lies in `page/`
    models.json                   what it offers: models with their style axes, examples
    models/*.onnx                 of each model the plan of its skips, the render side and the style sampler; and each
                                  content encoder once
    examples/*.jpg                photographs to begin with
    runtime-*/*                   onnxruntime-web
    sw.js                         the service worker: names every file, so that a new export replaces an old one
    NOTICE.txt                    whose all that is

Every address in it is relative, and it asks for no special headers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from gpunit import __version__, images, settings
from gpunit.engine.translator import Translator
from gpunit.files import digest, digest_of, folder_written_beside, refuse_filled, write_json
from gpunit.zoo.graphs import (
    EncoderSide,
    ExportedGraph,
    Graph,
    PlanSide,
    RenderSide,
    plan_names,
    require_exporter,
    skip_sizes,
    write_graphs,
)
from gpunit.zoo.loading import files_of, fingerprint, load
from gpunit.zoo.table import ModelSpec, find
from gpunit.zoo.web import runtime

PAGE = Path(__file__).parent / "page"
EXAMPLES = settings.ROOT / "assets" / "examples"
# Sliders of the page; a style has more axes, along which it is not moved.
AXES = 8
RUNTIME = f"runtime-{runtime.VERSION}"
# What the service worker does not fetch by itself: itself, and what is only read by people.
_NOT_CACHED = ("sw.js", "NOTICE.txt")
_CHECK_SIDE = 8


@dataclass(frozen=True)
class WebExport:
    """What was written.

    Attributes:
        folder: of the page.
        graphs: the networks, with their differences from PyTorch.
        first_bytes: what a browser loads before its first translation, with WebAssembly and the first model.
        all_bytes: what it keeps in the end, with all models.
    """

    folder: Path
    graphs: Sequence[ExportedGraph]
    first_bytes: int
    all_bytes: int


def export_web(
    names: Sequence[str],
    output: Path,
    given_runtime: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> WebExport:
    """Write a static page that translates with these translators in the browser.

    Args:
        names: of translators; the first is chosen when the page opens.
        output: the page's folder, new or empty.
        given_runtime: see `runtime.find_runtime`.
        report: of a download of onnxruntime-web: called with (bytes so far, bytes in all; 0 where unknown).

    Raises:
        ModelError: if a translator is unknown or not here, onnxruntime-web is another release, or a graph's results
            differ from PyTorch's.
        DownloadError: if onnxruntime-web cannot be had.
        ModuleNotFoundError: if onnx, onnxscript or onnxruntime is not installed.
        FileExistsError: if there are files in the folder.
    """
    require_exporter()
    refuse_filled(output)
    specs = [find(name) for name in dict.fromkeys(names)]
    for spec in specs:
        files_of(spec.name)
    runtime_files = runtime.find_runtime(given_runtime, report)
    with folder_written_beside(output) as folder:
        graphs: dict[str, ExportedGraph] = {}
        models = [_write_model(spec, folder, graphs) for spec in specs]
        for name, path in runtime_files.items():
            _copy(path, folder / RUNTIME / name)
        for path in sorted(PAGE.iterdir()):
            _copy(path, folder / path.name)
        _write_table(folder, models)
        (folder / "NOTICE.txt").write_text(_notice(specs), encoding="utf-8")
        first, everything = _name_files(folder, models)
    moved = [ExportedGraph(output / graph.path.relative_to(folder), graph.difference) for graph in graphs.values()]
    return WebExport(output, moved, first, everything)


def _write_model(spec: ModelSpec, folder: Path, graphs: dict[str, ExportedGraph]) -> dict[str, Any]:
    """Write those graphs of a translator that are not among `graphs` yet; what the page has to know of it."""
    translator = load(spec.name, "cpu", "fp32")
    stem = spec.name.replace("/", "--")  # of a translator of the Hub
    encoder = f"encoder-{digest(files_of(spec.name)[1])[:12]}-{translator.resolution}"
    files = {}
    for part, graph in _graphs(translator).items():
        key = encoder if part == "encoder" else f"{stem}-{part}"
        if key not in graphs:
            graphs[key] = _write_graph(folder / "models", key, graph)
        files[part] = graphs[key].path.relative_to(folder).as_posix()
    space = translator.style_space
    return {
        "name": spec.name,
        "target": spec.target,
        "sources": list(spec.sources),
        "licence": spec.licence,
        "by": spec.source,
        "sha256": fingerprint(spec.name),
        "resolution": translator.resolution,
        "latent": translator.networks.style_sampler.params.latent_dim,
        "files": files,
        "mean": translator.mean_style()[0].tolist(),
        "axes": space.axes[:AXES].tolist(),
        "deviations": space.deviations[:AXES].tolist(),
        "shares": space.shares[:AXES].tolist(),
        "check": _check(translator),
    }


def _write_graph(folder: Path, stem: str, graph: Graph) -> ExportedGraph:
    """Write a graph under a name that changes with its content, so that no cache can mix an old and a new export."""
    (written,) = write_graphs({folder / f"{stem}.onnx": graph}, packed=True)
    named = folder / f"{stem}-{digest(written.path)[:8]}.onnx"
    return ExportedGraph(written.path.rename(named), written.difference)


def _graphs(translator: Translator) -> dict[str, Graph]:
    """The networks of a translator as the page runs them: one picture, one style at a time."""
    networks, side = translator.networks, translator.resolution
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, side, side, generator=generator) * 2 - 1
    latent = torch.randn(1, networks.style_sampler.params.latent_dim, generator=generator)
    encoder_side = EncoderSide(networks.content_encoder, networks.generator)
    plan_side, render_side = PlanSide(networks.generator), RenderSide(networks.generator)
    with torch.inference_mode():
        content, *features = encoder_side(picture)
        skips = list(plan_side(content, features))
        style = networks.style_sampler(latent)
    encoded = ["content", *(f"encoded_{size}" for size in skip_sizes(networks.generator))]
    planned = plan_names(networks.generator)
    return {
        "encoder": Graph(encoder_side, (picture,), ["picture"], encoded),
        "plan": Graph(plan_side, (content, features), encoded, planned),
        "render": Graph(render_side, (content, skips, style), ["content", *planned, "style"], ["picture"]),
        "sample": Graph(networks.style_sampler, (latent,), ["latent"], ["style"]),
    }


def _check(translator: Translator) -> list[float]:
    """Colours that a translation of a known pattern has, 3x8x8 of them: a GPU that finds others is not used."""
    side = translator.resolution
    colour, row, column = torch.meshgrid(torch.arange(3), torch.arange(side), torch.arange(side), indexing="ij")
    pattern = images.from_uint8(((2 * column + row + 64 * colour) % 256).to(torch.uint8))
    picture = images.to_pictures(pattern[None])[0]
    translated = translator.render_tensor(translator.plan_once(picture), translator.mean_style())
    return [round(value, 4) for value in F.adaptive_avg_pool2d(translated, _CHECK_SIDE).flatten().tolist()]


def _examples(folder: Path) -> list[dict[str, str]]:
    """Copy the bundled photographs; their files and what each shows."""
    found = []
    for path in sorted(EXAMPLES.glob("*.jpg")):
        _copy(path, folder / "examples" / path.name)
        found.append({"file": f"examples/{path.name}", "domain": path.stem.split("-")[0]})
    return found


def _write_table(folder: Path, models: Sequence[Mapping[str, Any]]) -> None:
    """Write models.json."""
    large = [path for path in sorted(folder.rglob("*")) if path.suffix in (".wasm", ".onnx")]
    table = {
        "version": __version__,
        "runtime": RUNTIME,
        "models": models,
        "examples": _examples(folder),
        "bytes": {path.relative_to(folder).as_posix(): path.stat().st_size for path in large},
    }
    write_json(folder / "models.json", table)


def _name_files(folder: Path, models: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Tell the service worker which files there are; bytes before the first translation, and in all."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths if path.name not in _NOT_CACHED}
    worker = folder / "sw.js"
    text = worker.read_text(encoding="utf-8")
    text = text.replace("__VERSION__", digest_of(digest(path).encode() for path in paths)[:16])
    worker.write_text(text.replace("[/* files */]", json.dumps(list(sizes))), encoding="utf-8")
    used = {name: size for name, size in sizes.items() if not name.startswith(f"{RUNTIME}/webgpu")}
    later = {file for model in models for file in model["files"].values()} - {*models[0]["files"].values()}
    return sum(size for name, size in used.items() if name not in later), sum(used.values())


def _notice(specs: Sequence[ModelSpec]) -> str:
    """Whose the parts are, and under which terms."""
    weights = "\n".join(f"  {spec.name}: {spec.licence}; by {spec.source}" for spec in specs)
    pictures = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8").partition("## The rest")[0]
    return (
        f"This page: GP-UNIT Explorer {__version__}, Apache-2.0.\n\n"
        f"Weights in models/:\n{weights}\n\n"
        f"onnxruntime-web {runtime.VERSION} in {RUNTIME}/: {runtime.LICENCE}\n\n"
        f"{pictures.replace('# Pictures in this folder', '').strip()}\n"
    )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
