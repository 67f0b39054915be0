"""translate, models: use a translator."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.progress import track

from gpunit import images, zoo
from gpunit.commands.shared import Device, Precision, Seed, console, refuse_existing


def translate(
    pictures: Annotated[list[Path], typer.Argument(help="Picture files, or folders of pictures.", show_default=False)],
    model: Annotated[str, typer.Option(help="Which translator; `python -m gpunit models` lists them.")],
    output: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    count: Annotated[int, typer.Option(help="Styles per picture.", min=1, max=64)] = 6,
    seed: Seed = 0,
    temperature: Annotated[float, typer.Option(help="Variety of the styles; 0 gives the mean.", min=0, max=2)] = 1.0,
    exemplar: Annotated[
        list[Path] | None, typer.Option(help="Take the style from this target picture; may be repeated.")
    ] = None,
    precision: Precision = "auto",
    device: Device = "auto",
) -> None:
    """Translate pictures into the model's domain: one PNG per result, and sheet.png with all of them.

    Existing files are never overwritten: choose an output folder that holds no results of the same name.
    """
    paths = _expand(pictures)
    names = _result_names(paths)
    per_picture = len(exemplar) if exemplar else count
    planned = [[output / f"{name}-{i + 1:02d}.png" for i in range(per_picture)] for name in names]
    sheet_path = output / "sheet.png"
    for path in [*(p for row in planned for p in row), sheet_path]:
        refuse_existing(path)
    opened = [images.open_picture(path) for path in paths]
    exemplars = [images.open_picture(path) for path in exemplar or ()]
    translator = zoo.load(model, device, precision)
    if exemplars:
        styles = torch.cat([translator.style_of(picture) for picture in exemplars])
        headings = ["source", *(path.stem[:18] for path in exemplar or ())]
    else:
        styles = translator.sample(count, seed, temperature)
        headings = ["source", *(f"style {i + 1}" for i in range(count))]
    start = time.perf_counter()
    rows = []
    for picture, targets in track(
        list(zip(opened, planned, strict=True)), "Translating", console=console, transient=True
    ):
        results = translator.render(translator.plan(picture), styles)
        for result, path in zip(results, targets, strict=True):
            images.save_png(result, path)
        rows.append([images.cut(picture, translator.resolution), *results])
    images.save_png(images.sheet(rows, translator.resolution, headings), sheet_path)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(rows) * per_picture} pictures and sheet.png in {output} ({seconds:.1f} s)")


def models() -> None:
    """List the translators: name, domains, size, and whether the weights are here."""
    for spec in zoo.MODELS.values():
        where = f"{spec.path.stat().st_size / 1e6:.1f} MB" if spec.is_here else "not here"
        typer.echo(f"{spec.name:16} {spec.title:28} {spec.resolution} px   {where:>9}   {spec.licence}")


def _expand(pictures: list[Path]) -> list[Path]:
    return [path for given in pictures for path in (images.list_pictures(given) if given.is_dir() else [given])]


def _result_names(paths: list[Path]) -> list[str]:
    """File stems, numbered where two pictures would share one."""
    seen: dict[str, int] = {}
    names = []
    for path in paths:
        seen[path.stem] = seen.get(path.stem, 0) + 1
        names.append(path.stem if seen[path.stem] == 1 else f"{path.stem}-{seen[path.stem]}")
    return names
