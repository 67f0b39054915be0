"""evaluate: judge a translator."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from gpunit import images, zoo
from gpunit.commands.shared import (
    OTHER_OUTPUT,
    Device,
    Seed,
    UsageError,
    console,
    print_table,
    read_folder,
)
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
}
PAPER_COLUMNS = {"fid": "FID", "lpips": "LPIPS"}


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
        list[str] | None, typer.Option(help="offline: efficientnet-lite0 or vgg16; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="At most this many pictures of every folder.")] = None,
    styles: Annotated[int, typer.Option(min=2, help="Styles of one source, for the diversity or LPIPS.")] = 10,
    pairs: Annotated[int, typer.Option(min=1, help="offline: pairs of exemplars.")] = 100,
    inception: Annotated[Path | None, typer.Option(help="paper: torch-fidelity's file of Inception's weights.")] = None,
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Judge a translator: closeness to the target, diversity, kept content, and whether exemplars matter."""
    from gpunit.evaluation import metrics, offline

    if protocol not in ("offline", "paper"):
        raise UsageError(f"there is no protocol {protocol!r}; choose from offline, paper.")
    nets = net or ["efficientnet-lite0"]
    for name in nets:
        if name not in metrics.NETS:
            raise UsageError(f"there is no net {name!r}; choose from {', '.join(metrics.NETS)}.")
    if protocol == "offline" and target_test is None:
        raise UsageError("the offline protocol needs --target-test, a folder of real target pictures.")
    if output:
        refuse_existing(output, advice=OTHER_OUTPUT)
    translator = zoo.load(model, device)
    size = translator.resolution

    rows: list[dict[str, float | str]] = []
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bars, console=console, transient=True) as progress:
        looking = progress.add_task("Looking at the real pictures", total=None)
        if target_test is not None and protocol == "offline":
            test = read_folder(target_test, size, limit)
            train = read_folder(target_train, size, len(test))
            judges = [metrics.Judge(name, test, train) for name in nets]
            layouts = offline.Layouts.of(translator, target_train)
            settings = offline.OfflineProtocol(styles=styles, pairs=pairs, seed=seed)
        else:
            fid, lpips = metrics.load_fid(inception), metrics.load_lpips()
            offline.show_target(fid, images.read_batches(target_train, size, limit))
        progress.remove_task(looking)
        for folder in sources:
            report = functools.partial(_show, progress, progress.add_task(folder.name, total=None))
            pictures = read_folder(folder, size, limit)
            if protocol == "offline":
                for verdict in offline.judge_offline(translator, pictures, test, judges, layouts, settings, report):
                    rows.append({"source": folder.name, **verdict.as_dict()})
            else:
                figures = offline.judge_by_paper(translator, pictures, fid, lpips, styles, seed, report)
                rows.append({"source": folder.name, **vars(figures)})
    _print_table(f"{model}, {protocol} protocol", rows)
    if output:
        figures_of_run = {"model": model, "protocol": protocol, "seed": seed, "limit": limit, "styles": styles}
        write_json(output, {**figures_of_run, "rows": rows})


def _show(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def _print_table(title: str, rows: list[dict[str, float | str]]) -> None:
    columns = {name: heading for name, heading in (OFFLINE_COLUMNS | PAPER_COLUMNS).items() if name in rows[0]}
    names = [name for name in ("source", "net") if name in rows[0]]
    table = Table(title=title)
    for name in names:
        table.add_column(name, no_wrap=True)
    for heading in columns.values():
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(str(row[name]) for name in names), *(f"{row[name]:.3f}" for name in columns))
    print_table(table, 180)
