"""evaluate, evaluate-prior: figures of translators and priors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from torch import Tensor

from gpunit import images, zoo
from gpunit.commands.prior import PriorName, load_with_bar
from gpunit.commands.shared import (
    OTHER_OUTPUT,
    Device,
    Seed,
    UsageError,
    counting,
    listed,
    print_table,
    read_folder,
    reporter,
)
from gpunit.engine.translator import Translator
from gpunit.evaluation import metrics, offline, paper, sharing
from gpunit.files import refuse_existing, write_json

OFFLINE_COLUMNS = {
    "translated": "KD translated",
    "sources": "KD sources",
    "floor": "KD floor",
    "gap_closed": "gap closed",
    "diversity": "diversity",
    "content_kept": "content kept",
    "structure_kept": "structure kept",
    "own_exemplar": "own exemplar",
    "alike": "KD alike",
    "alike_kept": "alike kept",
    "follows_flip": "follows flip",
    "follows_shift": "shift",
    "follows_zoom": "zoom",
    "gate_swap": "gate swap",
    "zeros": "zeros",
}
PAPER_COLUMNS = {"fid": "FID", "lpips": "LPIPS"}

# In tables, for a figure that has no value; JSON has null.
NOT_MEASURABLE = "-"

Row = dict[str, float | str]
# Measures the pictures of a source domain (N, 3, S, S) in [-1, 1], and reports (done, total) on the way.
Measure = Callable[[Tensor, Callable[[int, int], None]], list[Row]]


def evaluate(
    model: Annotated[str, typer.Option(help="Which translator.")],
    sources: Annotated[list[Path], typer.Option(help="Folder of source test pictures; may be repeated.")],
    target_train: Annotated[
        Path, typer.Option(help="Folder of real target training pictures: the floor, or what FID compares with.")
    ],
    target_test: Annotated[
        Path | None, typer.Option(help="offline: folder of real target pictures never trained on.")
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="offline (needs no download), or paper (FID and LPIPS over ten styles of each picture).")
    ] = "offline",
    net: Annotated[
        list[str] | None,
        typer.Option(help="offline: efficientnet-lite0 (or -lite2) or vgg16; may be repeated."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="At most this many pictures of every folder.")] = None,
    styles: Annotated[int, typer.Option(min=2, help="Styles of one source, for the diversity or LPIPS.")] = 10,
    pairs: Annotated[int, typer.Option(min=1, help="offline: pairs of exemplars.")] = 100,
    inception: Annotated[Path | None, typer.Option(help="paper: torch-fidelity's file of Inception's weights.")] = None,
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Measure a translator: closeness to the target, diversity, kept content, and whether exemplars matter.

    Under `accelerate launch` or torchrun the processes share the translations.
    """
    if protocol not in ("offline", "paper"):
        raise UsageError(f"there is no protocol {protocol!r}; choose from offline, paper.")
    nets = _nets(net)
    if protocol == "offline" and target_test is None:
        raise UsageError("the offline protocol needs --target-test, a folder of real target pictures.")
    if output:
        refuse_existing(output, advice=OTHER_OUTPUT)
    translator = zoo.load(model, str(sharing.join(device)))
    with counting(shown=sharing.is_main()) as progress:
        looking = progress.add_task("Features of the real pictures", total=None)
        if target_test is not None and protocol == "offline":
            settings = offline.OfflineProtocol(styles=styles, pairs=pairs, seed=seed)
            measure = _offline(translator, nets, target_train, target_test, limit, settings)
        else:
            measure = _by_paper(translator, target_train, inception, limit, styles, seed)
        progress.remove_task(looking)
        run = {"model": model, "protocol": protocol, "seed": seed, "limit": limit, "styles": styles}
        rows: list[Row] = []
        for folder in sources:
            pictures = read_folder(folder, translator.resolution, limit)
            rows += [
                {"source": folder.name, **figures} for figures in measure(pictures, reporter(progress, folder.name))
            ]
            # Before anything is printed, and after every folder: an hour's figures must not be lost.
            if output and rows:
                write_json(output, {**run, "rows": rows})
    if rows:
        _print_table(f"{model}, {protocol} protocol", rows)


def _offline(
    translator: Translator,
    nets: Sequence[str],
    target_train: Path,
    target_test: Path,
    limit: int | None,
    protocol: offline.OfflineProtocol,
) -> Measure:
    """The offline protocol: rows of figures for the pictures of one source domain, one for each net."""
    test = read_folder(target_test, translator.resolution, limit)
    metric_nets = []
    if sharing.is_main():
        train = read_folder(target_train, translator.resolution, len(test))
        metric_nets = [metrics.MetricNet(name, test, train, device=translator.device) for name in nets]
    layouts = offline.Layouts.of(translator, target_train)

    def measure(sources: Tensor, report: Callable[[int, int], None]) -> list[Row]:
        rows = offline.evaluate_offline(translator, sources, test, metric_nets, layouts, protocol, report)
        return [row.as_dict() for row in rows]

    return measure


def _by_paper(
    translator: Translator, target_train: Path, inception: Path | None, limit: int | None, styles: int, seed: int
) -> Measure:
    """The paper's protocol: one row of figures for the pictures of one source domain."""
    device = translator.device
    fid, lpips = paper.load_fid(inception, device), paper.load_lpips(device)
    if sharing.is_main():
        paper.show_target(fid, images.read_batches(target_train, translator.resolution, limit), device)

    def measure(sources: Tensor, report: Callable[[int, int], None]) -> list[Row]:
        figures = paper.evaluate_paper(translator, sources, fid, lpips, styles, seed, report)
        return [vars(figures)] if sharing.is_main() else []

    return measure


def _print_table(title: str, rows: list[Row]) -> None:
    columns = {name: heading for name, heading in (OFFLINE_COLUMNS | PAPER_COLUMNS).items() if name in rows[0]}
    names = [name for name in ("source", "net") if name in rows[0]]
    table = Table(title=title)
    for name in names:
        table.add_column(name, no_wrap=True)
    for heading in columns.values():
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(str(row[name]) for name in names), *(_with_error(row, name) for name in columns))
    print_table(table, 240)
    if any(_shown(row[name]) == NOT_MEASURABLE for row in rows for name in columns):
        typer.echo(
            f"{NOT_MEASURABLE}: cannot be measured, because the pictures that it compares are all alike", err=True
        )


def _with_error(row: Row, name: str) -> str:
    """A figure, and its standard error where it has one."""
    error = row.get(f"{name}_error")
    return _shown(row[name]) + (f" ± {_shown(error)}" if error is not None else "")


def _shown(figure: float | str) -> str:
    return f"{figure:.3f}" if isinstance(figure, float | int) and math.isfinite(figure) else NOT_MEASURABLE


def evaluate_prior(
    test: Annotated[Path, typer.Option(help="Real pictures never trained on, one subfolder per class.")],
    train: Annotated[Path, typer.Option(help="Real training pictures, for the floor, one subfolder per class.")],
    prior: PriorName = "prior-small",
    classes: Annotated[str, typer.Option(help="Classes that both folders hold.", callback=listed)] = "cat,dog,bird,car",
    content_encoder: Annotated[
        str | None, typer.Option(help="Also measure this content encoder's agreement, e.g. content-scenes.")
    ] = None,
    samples: Annotated[int, typer.Option(min=2, help="Samples over all classes.")] = 2000,
    probe_pictures: Annotated[int, typer.Option(min=8, help="Real pictures per class that the probe learns.")] = 1000,
    net: Annotated[
        list[str] | None, typer.Option(help="efficientnet-lite0 (or -lite2) or vgg16; may be repeated.")
    ] = None,
    seed: Seed = 1,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Kernel distance and diversity of a prior's classes; agreement of content and shape across them."""
    from gpunit.evaluation import prior as assessment  # the library of BigGAN is slow to import

    nets = _nets(net)
    if output:
        refuse_existing(output, advice=OTHER_OUTPUT)
    names = classes.split(",")
    if samples < 2 * len(names):
        raise UsageError(f"--samples must be at least {2 * len(names)}, two of each class.")
    path = zoo.stored(f"{content_encoder}.safetensors")
    labels = _shape_labels(names, path) if content_encoder else []
    loaded = load_with_bar(prior, device)
    loaded.labels(names)
    size = 128
    real_test = {name: read_folder(test / name, size) for name in names}
    real_train = {name: read_folder(train / name, size, len(real_test[name])) for name in names}
    rows: list[dict[str, object]] = []
    figures: dict[str, object] = {"prior": prior, "seed": seed, "samples": samples, "classes": rows}

    def keep(*lines: str) -> None:
        """Write what is measured so far, and only then print of it."""
        if output:
            write_json(output, figures)
        for line in lines:
            typer.echo(line)

    for name in nets:
        measured = assessment.assess_classes(loaded, real_test, real_train, name, samples // len(names), seed)
        rows += [asdict(row) for row in measured]
        keep(
            *(
                f"{row.name:8} {row.net:20} samples {row.samples:8.4f} ± {row.samples_error:.4f}   "
                f"floor {row.floor:8.4f} ± {row.floor_error:.4f}   nearest other class {row.ceiling:8.4f} ± "
                f"{row.ceiling_error:.4f}   diversity {row.diversity:6.3f}"
                for row in measured
            )
        )
    if content_encoder:
        agreement = assessment.assess_content(
            loaded,
            names,
            zoo.load_content_encoder(path, "small"),
            zoo.load_shape_head(path, "small"),
            labels,
            {name: read_folder(train / name, size, probe_pictures) for name in names},
            real_test,
            seed,
        )
        figures["agreement"] = asdict(agreement)
        keep(agreement.table())


def _nets(names: list[str] | None) -> list[str]:
    """The metric nets that were asked for, or the first one.

    Raises:
        UsageError: for one that there is not.
    """
    for name in names or ():
        if name not in metrics.NETS:
            raise UsageError(f"there is no net {name!r}; choose from {', '.join(metrics.NETS)}.")
    return names or [next(iter(metrics.NETS))]


def _shape_labels(names: Sequence[str], content_encoder: Path) -> list[int]:
    """Where classes stand among those of the shape head beside a content encoder's file."""
    known = zoo.shape_classes(content_encoder)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"the shape head of {content_encoder.stem} has no class {unknown[0]!r}; it has {', '.join(known)}."
        )
    return [known.index(name) for name in names]
