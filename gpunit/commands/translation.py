"""translate: pictures and whole folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.progress import track
from torch import Tensor

from gpunit import files, images, zoo
from gpunit.commands.shared import (
    OTHER_OUTPUT,
    Device,
    Precision,
    Seed,
    UsageError,
    console,
    counting,
    finite,
    own_device,
    reporter,
)
from gpunit.engine import batch
from gpunit.engine.device import PRECISIONS
from gpunit.engine.translator import Translator


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
    exemplars = exemplar or []
    for path in exemplars:
        images.require_picture(path)

    def load(device: str, precision: str) -> Translator:
        if content_encoder:
            return zoo.load_published(Path(model), content_encoder, device, precision)
        return zoo.load(model, device, precision)

    def styles_of(translator: Translator) -> Tensor:
        if exemplars:
            return torch.cat([translator.style_of(images.open_picture(path)) for path in exemplars])
        return translator.sample(count, seed, temperature)

    if input:
        images.list_pictures(input)  # before anything is loaded or written: is there something to do?
        batch.refuse_inside(input, output)
        batch.refuse_taken(input, output, len(exemplars) or count)
        sampled = {"count": count, "seed": seed, "temperature": temperature}
        settings = {
            "input": str(input.resolve()),
            "weights": [files.digest(path) for path in weights or zoo.files_of(model)],
            **({"exemplars": [files.digest(path) for path in exemplars]} if exemplars else sampled),
        }
        _translate_folder(input, output, settings, load, styles_of, device, precision)
        return
    headings = [path.stem[:18] for path in exemplars] or [f"style {i + 1}" for i in range(count)]
    _translate_pictures(_expand(pictures or []), output, headings, load, styles_of, device, precision)


def _translate_pictures(
    paths: list[Path],
    output: Path,
    headings: list[str],
    load: Callable[[str, str], Translator],
    styles_of: Callable[[Translator], Tensor],
    device: str,
    precision: str,
) -> None:
    """All pictures in all styles, which the headings name, and the sheet of them."""
    names = images.result_stems([path.name for path in paths])
    planned = [[output / f"{name}-{i + 1:02d}.png" for i in range(len(headings))] for name in names]
    sheet_path = output / "sheet.png"
    files.refuse_existing(*(path for row in planned for path in row), sheet_path, advice=OTHER_OUTPUT)
    for path in paths:
        images.require_picture(path)
    translator = load(device, precision)
    # All before the first is translated, so that a damaged one stops the command before it writes; only their squares
    # are kept, because photos are large.
    squares = [images.cut(images.open_picture(path), translator.resolution) for path in paths]
    styles = styles_of(translator)
    start = time.perf_counter()
    rows = []
    for picture, targets in track(
        list(zip(squares, planned, strict=True)), "Translating", console=console, transient=True
    ):
        results = translator.render(translator.plan(picture), styles)
        for result, path in zip(results, targets, strict=True):
            files.save_png(result, path, replaces=False)  # another run may have begun in the same folder
        rows.append([picture, *results])
    files.save_png(images.sheet(rows, translator.resolution, ["source", *headings]), sheet_path, replaces=False)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(rows) * len(headings)} pictures and sheet.png in {output} ({seconds:.1f} s)")


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
    device = own_device(device, share)
    # All processes render in one precision, though each might measure another one to be the fastest.
    given = precision
    precision = str(batch.read_settings(output).get("precision", given)) if given == "auto" else given
    translator = load(device, precision)
    used = next(name for name, dtype in PRECISIONS.items() if dtype is translator.dtype)
    agreed = batch.agree_on(output, {**settings, "precision": used})["precision"]
    if agreed != used:
        if given != "auto":
            raise UsageError(f"{output} holds results of another precision, {agreed}; choose another --output.")
        translator = load(device, agreed)
    with counting(shown=share.index == 0) as progress:
        summary = batch.translate_folder(
            translator, styles_of(translator), source, output, share, reporter(progress, "Translating")
        )
    process = f"process {share.index + 1} of {share.count}: " if share.count > 1 else ""
    typer.echo(f"{process}{summary.translated} pictures translated into {output}, {summary.there} were there already")
    for record in summary.failed:
        typer.echo(record.error, err=True)
    if summary.failed:
        raise UsageError(f"{len(summary.failed)} pictures cannot be read; mend or remove them and run this again.")
    if closed := images.survey_folder(source).closed:
        raise UsageError(f"{len(closed)} subfolders cannot be opened; mend their permissions and run this again.")


def _expand(pictures: list[Path]) -> list[Path]:
    return [path for given in pictures for path in (images.list_pictures(given) if given.is_dir() else [given])]
