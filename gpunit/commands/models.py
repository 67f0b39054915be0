"""models, download, export: which translators there are, and how they come here and leave."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gpunit import zoo
from gpunit.commands.shared import UsageError, print_table, receiving
from gpunit.zoo import ledger


def models() -> None:
    """List the translators: name, domains, size, licence, and whether the weights are here."""
    table = Table("name", "domains", "pixels", "weights", "licence", box=None, header_style="bold")
    for spec in zoo.all_models().values():
        if spec.is_here:
            where = f"{spec.megabytes:.0f} MB, here"
        else:
            where = f"download, ~{zoo.TRANSLATOR_MB} MB" if spec.can_be_downloaded else "not here"
        table.add_row(spec.name, spec.title, str(spec.resolution), where, spec.licence)
    # A pipe has no width of its own: lines are never broken there, so that they can be searched.
    print_table(table, 240)


def download(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Published translators, `all` of them, or biggan-deep-128 / 256 / 512.", show_default=False
        ),
    ],
    mirror: Annotated[
        str, typer.Option(help="Folder address or Hugging Face repository (owner/name) to take the files from.")
    ] = "",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the weights' licence without being asked.")
    ] = False,
) -> None:
    """Download published translators, with the content encoder they share, and convert them; or BigGANs."""
    from gpunit.prior import loading  # its library is slow to import

    table = zoo.all_models()
    priors = [name for name in names if name in loading.PRETRAINED]
    translators = [name for name in names if name not in priors]
    wanted = [name for name in table if table[name].can_be_downloaded] if names == ["all"] else translators
    specs = [zoo.find(name) for name in wanted]
    if not all(spec.is_here for spec in specs):
        _agree_to_licence(accept_licence)
    with receiving() as progress:
        task = progress.add_task("Downloading", total=None)

        def show(file: str, done: int, total: int) -> None:
            progress.update(task, description=file, completed=done, total=total or None)

        for spec in specs:
            zoo.download(spec.name, mirror, show)
            typer.echo(f"{spec.name} is in {spec.path}")
        for name in priors:
            if not loading.is_here(name):
                loading.fetch_pretrained(name, functools.partial(show, name))
            typer.echo(f"{name} is on this machine")


def _agree_to_licence(accepted: bool) -> None:
    """Ask for agreement to the licence of the published weights, unless it was given before."""
    if ledger.has_agreed(zoo.checkpoints_folder(), zoo.PUBLISHED_LICENCE):
        return
    typer.echo(f"The published weights are under the {zoo.PUBLISHED_LICENCE}. Source: {zoo.PAPER}.", err=True)
    if not accepted:
        if not sys.stdin.isatty():
            raise UsageError("nothing was downloaded; add --accept-licence to agree to the licence.")
        if not typer.confirm("Do you agree to these terms?", err=True):
            raise UsageError("nothing was downloaded; the licence has to be agreed to first.")
    ledger.record_agreement(zoo.checkpoints_folder(), zoo.PUBLISHED_LICENCE)


def export(
    name: Annotated[str, typer.Argument(help="A translator; `models` lists them.")],
    output: Annotated[Path, typer.Option(help="Folder for the files.")],
    form: Annotated[str, typer.Option("--format", help="safetensors or onnx.")] = "safetensors",
) -> None:
    """Write a translator for other programs: its safetensors files, or ONNX graphs checked in onnxruntime."""
    from gpunit.zoo import exporting

    if form == "safetensors":
        for path in exporting.export_safetensors(name, output):
            typer.echo(f"{path} written")
    elif form == "onnx":
        for graph in exporting.export_onnx(zoo.load(name, "cpu", "fp32"), name, output):
            typer.echo(f"{graph.path} written, largest difference from PyTorch {graph.difference:.1g}")
    else:
        raise UsageError(f"there is no format {form!r}; choose safetensors or onnx.")
