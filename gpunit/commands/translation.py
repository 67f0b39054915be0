"""translate: pictures and whole folders."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.progress import track

from gpunit import files, images
from gpunit.commands.clips import CLIPS, translate_clips
from gpunit.commands.request import Request, request_like, sampled_styles, styles_of_exemplars
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
from gpunit.engine import batch, provenance
from gpunit.engine.device import PRECISIONS
from gpunit.engine.provenance import Photo


def translate(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Picture files, folders of pictures, or clips.", show_default=False)
    ] = None,
    model: Annotated[
        str, typer.Option(help="Which translator; `python -m gpunit models` lists them.", show_default=False)
    ] = "",
    like: Annotated[
        Path | None,
        typer.Option(
            help="A PNG that the page or this command wrote: the same model, style, crop and precision, so that its "
            "photo becomes the same picture again, and others get its style."
        ),
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
    metadata: Annotated[
        bool,
        typer.Option(
            "--metadata/--no-metadata",
            help="Write into every PNG how it was made (model, style, digests; no names, no paths), for --like.",
        ),
    ] = True,
    precision: Precision = "auto",
    device: Device = "auto",
) -> None:
    """Translate pictures into the model's domain: one PNG per result, and sheet.png with all of them.

    Clips (MP4, WebM, MOV of at most 10 seconds) become MP4s, one per style; of a GIF, the first frame is taken.

    Existing files are never overwritten: choose an output folder that holds no results of the same name.
    """
    if bool(pictures) == bool(input):
        raise UsageError("give either pictures or a folder with --input.")
    exemplars = exemplar or []
    for path in exemplars:
        images.require_picture(path)
    if like:
        request = request_like(context, like, model, content_encoder, metadata)
    elif not model:
        raise UsageError("give a translator with --model; `python -m gpunit models` lists them.")
    else:
        headings = [path.stem[:18] for path in exemplars] or [f"style {i + 1}" for i in range(count)]
        styles_of = styles_of_exemplars(exemplars) if exemplars else sampled_styles(count, seed, temperature)
        request = Request(model, content_encoder, styles_of, headings, images.CENTRE, metadata)
    precision = request.precision(precision, device)
    if input:
        images.list_pictures(input)  # before anything is loaded or written: is there something to do?
        batch.refuse_inside(input, output)
        batch.refuse_taken(input, output, len(request.headings))
        sampled = {"count": count, "seed": seed, "temperature": temperature}
        settings = {
            "input": str(input.resolve()),
            "weights": [files.digest(path) for path in request.weights],
            **({"exemplars": [files.digest(path) for path in exemplars]} if exemplars else sampled),
        }
        _translate_folder(input, output, settings, request, device, precision)
        return
    paths = _expand(pictures or [])
    clips = [path for path in paths if path.suffix.lower() in CLIPS]
    if clips and len(clips) < len(paths):
        raise UsageError("give clips and pictures to commands of their own: they need different folders of results.")
    translate = translate_clips if clips else _translate_pictures
    translate(paths, output, request, device, precision)


def _translate_pictures(paths: list[Path], output: Path, request: Request, device: str, precision: str) -> None:
    """All pictures in all styles, which the headings name, and the sheet of them."""
    names = images.result_stems([path.name for path in paths])
    planned = [[output / f"{name}-{i + 1:02d}.png" for i in range(len(request.headings))] for name in names]
    sheet_path = output / "sheet.png"
    files.refuse_existing(*(path for row in planned for path in row), sheet_path, advice=OTHER_OUTPUT)
    for path in paths:
        images.require_picture(path)
    translator, signature = request.load(device, precision)
    # All before the first is translated, so that a damaged one stops the command before it writes; only their squares
    # are kept, because photos are large.
    seen = [_seen(path, translator.resolution, request.crop) for path in paths]
    styles = request.styles_of(translator, signature)
    start = time.perf_counter()
    rows = []
    work = list(zip(seen, planned, strict=True))
    for (square, photo), targets in track(work, "Translating", console=console, transient=True):
        results = translator.render(translator.plan(square), styles.codes)[styles.chosen]
        if request.signs:
            signature.sign(results, styles.sources, photo, request.crop)
        for result, path in zip(results, targets, strict=True):
            # Another run may have begun in the same folder.
            files.save_png(result, path, replaces=False, pnginfo=provenance.text_of(result))
        rows.append([square, *results])
    sheet = images.sheet(rows, translator.resolution, ["source", *request.headings])
    files.save_png(sheet, sheet_path, replaces=False)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(rows) * len(request.headings)} pictures and sheet.png in {output} ({seconds:.1f} s)")


def _seen(path: Path, side: int, crop: images.Crop) -> tuple[Image.Image, Photo]:
    """The square of a picture, and what results say of it; the picture itself is let go."""
    picture = images.open_picture(path)
    return images.cut(picture, side, crop), Photo.of(picture)


def _translate_folder(
    source: Path,
    output: Path,
    settings: dict[str, object],
    request: Request,
    device: str,
    precision: str,
) -> None:
    """This process's share of a folder."""
    share = batch.Share.of(os.environ)
    device = own_device(device, share)
    # All processes render in one precision, though each might measure another one to be the fastest.
    given = precision
    precision = str(batch.read_settings(output).get("precision", given)) if given == "auto" else given
    translator, signature = request.load(device, precision)
    used = next(name for name, dtype in PRECISIONS.items() if dtype is translator.dtype)
    agreed = batch.agree_on(output, {**settings, "precision": used})["precision"]
    if agreed != used:
        if given != "auto":
            raise UsageError(f"{output} holds results of another precision, {agreed}; choose another --output.")
        translator, signature = request.load(device, agreed)
    styles = request.styles_of(translator, signature)
    sign = request.sign(signature, styles)
    with counting(shown=share.index == 0) as progress:
        summary = batch.translate_folder(
            translator, styles.codes, source, output, share, reporter(progress, "Translating"), sign
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
