"""translate, models, download: use a translator."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn, track
from rich.table import Table
from torch import Tensor

from gpunit import files, images, zoo
from gpunit.commands.shared import OTHER_OUTPUT, Device, Precision, Seed, UsageError, console, finite, print_table
from gpunit.engine import batch
from gpunit.engine.device import PRECISIONS, pick_device
from gpunit.engine.translator import Translator
from gpunit.zoo import ledger


def translate(
    model: Annotated[str, typer.Option(help="Which translator; `python -m gpunit models` lists them.")],
    output: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Picture files, or folders of pictures.", show_default=False)
    ] = None,
    input: Annotated[
        Path | None,
        typer.Option(
            help="Instead of PICTURES: a folder, translated without a sheet; stopped and started again, it goes on.  "
            "Under `accelerate launch` or torchrun the processes share the work."
        ),
    ] = None,
    count: Annotated[int, typer.Option(help="Styles per picture.", min=1, max=64)] = 6,
    seed: Seed = 0,
    temperature: Annotated[
        float, typer.Option(help="Variety of the styles; 0 gives one style.", min=0, max=2, callback=finite)
    ] = 1.0,
    content_encoder: Annotated[
        Path | None, typer.Option(help="With the file of a published translator as --model: its content_encoder.pt.")
    ] = None,
    exemplar: Annotated[
        list[Path] | None, typer.Option(help="Take the style from this target picture; may be repeated.")
    ] = None,
    precision: Precision = "auto",
    device: Device = "auto",
) -> None:
    """Translate pictures into the model's domain: one PNG per result, and sheet.png with all of them.

    Existing files are never overwritten: choose an output folder that holds no results of the same name.
    """
    if bool(pictures) == bool(input):
        raise UsageError("give either pictures or a folder with --input.")
    weights = [Path(model), content_encoder] if content_encoder else []
    exemplars = [(path, images.open_picture(path)) for path in exemplar or ()]

    def load(device: str, precision: str) -> Translator:
        if content_encoder:
            return zoo.load_published(Path(model), content_encoder, device, precision)
        return zoo.load(model, device, precision)

    def styles_of(translator: Translator) -> Tensor:
        if exemplars:
            return torch.cat([translator.style_of(picture) for _, picture in exemplars])
        return translator.sample(count, seed, temperature)

    if input:
        images.list_pictures(input)  # before anything is loaded or written: is there something to do?
        batch.refuse_inside(input, output)
        batch.refuse_taken(input, output, len(exemplars) or count)
        drawn = {"count": count, "seed": seed, "temperature": temperature}
        settings = {
            "input": str(input.resolve()),
            "weights": [files.digest(path) for path in weights or zoo.files_of(model)],
            **({"exemplars": [files.digest(path) for path, _ in exemplars]} if exemplars else drawn),
        }
        _translate_folder(input, output, settings, load, styles_of, device, precision)
        return
    paths = _expand(pictures or [])
    names = _result_names(paths)
    per_picture = len(exemplar) if exemplar else count
    planned = [[output / f"{name}-{i + 1:02d}.png" for i in range(per_picture)] for name in names]
    sheet_path = output / "sheet.png"
    files.refuse_existing(*(path for row in planned for path in row), sheet_path, advice=OTHER_OUTPUT)
    opened = [images.open_picture(path) for path in paths]
    translator = load(device, precision)
    styles = styles_of(translator)
    if exemplars:
        headings = ["source", *(path.stem[:18] for path in exemplar or ())]
    else:
        headings = ["source", *(f"style {i + 1}" for i in range(count))]
    start = time.perf_counter()
    rows = []
    for picture, targets in track(
        list(zip(opened, planned, strict=True)), "Translating", console=console, transient=True
    ):
        results = translator.render(translator.plan(picture), styles)
        for result, path in zip(results, targets, strict=True):
            files.save_png(result, path)
        rows.append([images.cut(picture, translator.resolution), *results])
    files.save_png(images.sheet(rows, translator.resolution, headings), sheet_path)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(rows) * per_picture} pictures and sheet.png in {output} ({seconds:.1f} s)")


def _translate_folder(
    source: Path,
    output: Path,
    settings: dict[str, object],
    load: Callable[[str, str], Translator],
    styles_of: Callable[[Translator], Tensor],
    device: str,
    precision: str,
) -> None:
    """This process's share of a folder."""
    share = batch.Share.of(os.environ)
    if device == "auto" and pick_device().type == "cuda":
        device = f"cuda:{share.on_machine % torch.cuda.device_count()}"
    # A precision that was tried out is the whole run's: another process might have chosen the other one.
    given = precision
    precision = str(batch.read_settings(output).get("precision", given)) if given == "auto" else given
    translator = load(device, precision)
    used = next(name for name, dtype in PRECISIONS.items() if dtype is translator.dtype)
    agreed = batch.agree_on(output, {**settings, "precision": used})["precision"]
    if agreed != used:
        if given != "auto":
            raise UsageError(f"{output} holds results of another precision, {agreed}; choose another --output.")
        translator = load(device, agreed)
    with Progress(console=console, transient=True, disable=share.index > 0) as progress:
        task = progress.add_task("Translating", total=None)
        summary = batch.translate_folder(
            translator,
            styles_of(translator),
            source,
            output,
            share,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    process = f"process {share.index + 1} of {share.count}: " if share.count > 1 else ""
    typer.echo(f"{process}{summary.translated} pictures translated into {output}, {summary.there} were there already")
    for record in summary.failed:
        typer.echo(record.error, err=True)
    if summary.failed:
        raise UsageError(f"{len(summary.failed)} pictures cannot be read; mend or remove them and run this again.")


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
    missing = [spec for spec in specs if not spec.is_here]
    if missing and not ledger.has_agreed(zoo.checkpoints_folder(), zoo.PUBLISHED_LICENCE):
        typer.echo(f"The published weights are under the {zoo.PUBLISHED_LICENCE}. Source: {zoo.PAPER}.", err=True)
        if not accept_licence:
            if not sys.stdin.isatty():
                raise UsageError("nothing was downloaded; add --accept-licence to agree to the licence.")
            if not typer.confirm("Do you agree to these terms?", err=True):
                raise UsageError("nothing was downloaded; the licence has to be agreed to first.")
        ledger.record_agreement(zoo.checkpoints_folder(), zoo.PUBLISHED_LICENCE)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Downloading", total=None)
        for spec in specs:
            zoo.download(
                spec.name,
                mirror,
                lambda file, done, total: progress.update(task, description=file, completed=done, total=total or None),
            )
            typer.echo(f"{spec.name} is in {spec.path}")
        for name in priors:
            progress.update(task, description=name)
            if not loading.is_here(name):
                loading.fetch_pretrained(
                    name, lambda done, total: progress.update(task, completed=done, total=total or None)
                )
            typer.echo(f"{name} is on this machine")


def _expand(pictures: list[Path]) -> list[Path]:
    return [path for given in pictures for path in (images.list_pictures(given) if given.is_dir() else [given])]


def _result_names(paths: list[Path]) -> list[str]:
    """File stems, numbered where two pictures would share one."""
    taken: set[str] = set()  # as file systems see them that do not tell large letters from small ones
    names = []
    for path in paths:
        numbered = (f"{path.stem}-{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([path.stem], numbered) if name.casefold() not in taken)
        taken.add(name.casefold())
        names.append(name)
    return names


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
