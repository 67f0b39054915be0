"""benchmark: how fast this machine is, and how fast it could be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunit.commands.shared import Device, Precision, UsageError, console, print_table
from gpunit.files import write_json


def benchmark(
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file as well.")] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help="Measure this part alone: published, small, biggan, startup or training; may be repeated."),
    ] = None,
    published_training: Annotated[
        bool, typer.Option("--published-training", help="Also ten training steps at the published size: minutes.")
    ] = False,
    every_stage: Annotated[
        bool,
        typer.Option("--every-stage", help="Also some training steps of every stage, by the small recipes: a minute."),
    ] = False,
    seconds: Annotated[
        float, typer.Option(min=1, help="Time for all parts: the less there is, the fewer rounds each takes.")
    ] = 45,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Time every step of the work, next to plain computation and to the machine's own matrix product.

    Medians of runs in turns, after a warm-up.  Random weights where a model's file is not here.  Says when the machine
    was busy, and which ratios cannot be relied on for it.
    """
    from gpunit.benchmark import PARTS, measure
    from gpunit.benchmark.tables import remarks, table

    for name in part or ():
        if name not in PARTS:
            raise UsageError(f"there is no part {name!r}; choose from {', '.join(PARTS)}.")
    with console.status("Measuring") as status:
        figures = measure(
            part or (),
            device,
            precision,
            seconds,
            published_training,
            every_stage,
            report=lambda name: status.update(f"Measuring: {name}"),
        )
    if json:  # before anything is printed, which may fail
        write_json(json, figures)
    print_table(table(figures), 120)
    for sentence in remarks(figures):
        typer.echo(sentence)
    if json:
        typer.echo(f"{json} written")
