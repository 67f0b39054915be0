"""models, download, export, card, push: which translators there are, and how they come here and leave."""

from __future__ import annotations

import functools
import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gpunit import zoo
from gpunit.commands.shared import OTHER_OUTPUT, UsageError, print_table, receiving, reporter
from gpunit.files import refuse_existing, written_beside
from gpunit.zoo import hub, ledger
from gpunit.zoo.graphs import ExportedGraph
from gpunit.zoo.pretrained import is_hub_name

# As `download` calls ArcFace's weights.
ARCFACE = "arcface"


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
            help="Published translators, `all` of them, biggan-deep-128 / 256 / 512, arcface, or translators of the "
            "Hugging Face Hub (owner/name).",
            show_default=False,
        ),
    ],
    mirror: Annotated[
        str, typer.Option(help="Folder address or Hugging Face repository (owner/name) that is asked first.")
    ] = "",
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Agree to the weights' licence without being asked.")
    ] = False,
) -> None:
    """Download published translators and their content encoder, and convert them; BigGANs; ArcFace; Hub models."""
    from gpunit.prior import loading  # its library is slow to import

    table = zoo.all_models()
    priors = [name for name in names if name in loading.PRETRAINED]
    shared = [name for name in names if is_hub_name(name)]
    translators = [name for name in names if name not in (*priors, *shared, ARCFACE)]
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
                loading.fetch_pretrained(name, functools.partial(show, name), mirror)
            typer.echo(f"{name} is on this machine")
        if ARCFACE in names:
            path = zoo.download_identity_net(mirror, functools.partial(show, ARCFACE))
            typer.echo(f"{ARCFACE} is in {path}; give it to train as --identity-net {path}")
        for name in shared:
            hub.fetch(name, show)
            typer.echo(f"{name} is on this machine ({zoo.find(name).licence})")


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
    names: Annotated[list[str], typer.Argument(help="A translator; `models` lists them. For a page, several.")],
    output: Annotated[Path, typer.Option(help="Folder for the files.")],
    form: Annotated[str, typer.Option("--format", help="safetensors, onnx, hub, or web.")] = "safetensors",
    runtime: Annotated[
        Path | None,
        typer.Option(help="For a page: folder or archive of onnxruntime-web, which is downloaded otherwise."),
    ] = None,
) -> None:
    """Write a translator for others: safetensors files, checked ONNX graphs, a folder for the Hub, or a web page."""
    from gpunit.zoo import exporting

    if runtime is not None and form != "web":
        raise UsageError("--runtime belongs to --format web; leave it out.")
    if form == "web":
        _export_page(names, output, runtime)
        return
    if len(names) > 1:
        raise UsageError(f"--format {form} takes one translator at a time; give them one after the other.")
    name = names[0]
    if form == "safetensors":
        for path in exporting.export_safetensors(name, output):
            typer.echo(f"{path} written")
    elif form == "onnx":
        for graph in exporting.export_onnx(zoo.load(name, "cpu", "fp32"), name, output):
            _tell(graph)
    elif form == "hub":
        typer.echo(f"{zoo.save_pretrained(name, output)} written")
    else:
        raise UsageError(f"there is no format {form!r}; choose safetensors, onnx, hub or web.")


def _export_page(names: list[str], output: Path, runtime: Path | None) -> None:
    from gpunit.zoo.web import export_web

    with receiving() as progress:
        page = export_web(names, output, runtime, reporter(progress, "onnxruntime-web"))
    for graph in page.graphs:
        _tell(graph)
    typer.echo(
        f"{output} written: {page.first_bytes / 1e6:.1f} MB before the first translation, "
        f"{page.all_bytes / 1e6:.1f} MB in all. To try it: python -m http.server --directory {shlex.quote(str(output))}"
    )


def _tell(graph: ExportedGraph) -> None:
    typer.echo(f"{graph.path} written, largest difference from PyTorch {graph.difference:.1g}")


def card(
    name: Annotated[str, typer.Argument(help="A translator; `models` lists them.")],
    output: Annotated[Path | None, typer.Option(help="The card's file; printed without.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Its figures, a file of `evaluate --output`.")] = None,
) -> None:
    """Write a translator's model card, with the fields that the Hugging Face Hub reads."""
    text = zoo.card(name, _evaluation(figures))
    if output is None:
        typer.echo(text)
        return
    refuse_existing(output, advice=OTHER_OUTPUT)
    with written_beside(output) as partial:
        partial.write_text(text, encoding="utf-8")
    typer.echo(f"{output} written")


def push(
    name: Annotated[str, typer.Argument(help="A translator of your own; `models` lists them.")],
    repository: Annotated[str, typer.Argument(help="Where to on the Hugging Face Hub: owner/name.")],
    private: Annotated[bool, typer.Option("--private", help="Only you see a repository that is made for it.")] = False,
    figures: Annotated[Path | None, typer.Option(help="Figures for its card, a file of `evaluate --output`.")] = None,
) -> None:
    """Upload a translator to the Hugging Face Hub, with its card; sign in first (hf auth login, or HF_TOKEN)."""
    address = zoo.push_to_hub(name, repository, private, _evaluation(figures))
    typer.echo(f"{name} is at {address}")


def _evaluation(path: Path | None) -> Any:
    """What a file of figures holds."""
    if path is None:
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        raise UsageError(f"{path} is no file of figures; give one that `evaluate --output` has written.") from None
