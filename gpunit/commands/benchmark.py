"""benchmark: how fast this machine is, and how fast it could be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

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
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Time every step of the work, next to plain computation and to the machine's own matrix product.

    Medians of runs in turns, after a warm-up.  Random weights where a model's file is not here.
    """
    from gpunit.benchmark import figures as measure
    from gpunit.engine.device import pick_device

    parts = part or list(measure.PARTS)
    for name in parts:
        if name not in measure.PARTS:
            raise UsageError(f"there is no part {name!r}; choose from {', '.join(measure.PARTS)}.")
    figures: measure.Figures = {"machine": measure.machine_figures(pick_device(device))}
    with console.status("Measuring") as status:
        for name in parts:
            status.update(f"Measuring: {name}")
            if name in ("published", "small"):
                networks, weights = measure.family_networks(name)
                rounds = 4 if name == "published" else 7
                figures[name] = {"weights": weights, **measure.translation_figures(networks, device, precision, rounds)}
            elif name == "biggan":
                figures[name] = measure.biggan_figures(device)
            elif name == "startup":
                figures[name] = measure.startup_figures()
            else:
                figures[name] = measure.training_figures()
        if published_training:
            status.update("Measuring: training at the published size")
            figures.setdefault("training", {}).update(measure.published_training_figures())
    figures["peak_memory_mb"] = measure.peak_memory_mb()
    print_table(_table(figures), 120)
    if json:
        write_json(json, figures)
        typer.echo(f"{json} written")


def _table(figures: dict[str, object]) -> Table:
    table = Table("", "figure", "value", box=None, header_style="bold")
    for group, values in figures.items():
        for index, (name, value) in enumerate(values.items() if isinstance(values, dict) else [("", values)]):
            table.add_row(group if index == 0 else "", name.removesuffix("_s"), _shown(name, value))
    return table


def _shown(name: str, value: object) -> str:
    """A figure with its unit."""
    if not isinstance(value, float):
        return str(value)
    if name.endswith("_s"):
        return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.1f} ms"
    if name.endswith("share_of_peak") or name.endswith("_done"):
        return f"{value:.0%}" if "share" in name else f"{value:.1f}"
    return f"{value:.3g}"
