"""evaluate: judge a translator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.progress import track

from gpunit import images, zoo
from gpunit.commands.shared import Device, Seed, UsageError, console, read_folder, refuse_existing


def evaluate(
    model: Annotated[str, typer.Option(help="Which translator.")],
    sources: Annotated[list[Path], typer.Option(help="Folder of source test pictures; may be repeated.")],
    target_test: Annotated[Path, typer.Option(help="Folder of real target pictures never trained on.")],
    target_train: Annotated[Path, typer.Option(help="Folder of real target training pictures, for the floor.")],
    net: Annotated[list[str] | None, typer.Option(help="efficientnet-lite0 or vgg16; may be repeated.")] = None,
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Kernel distance of translated to real target pictures, beside that of the untranslated sources."""
    from gpunit import evaluation

    nets = net or ["efficientnet-lite0"]
    for name in nets:
        if name not in evaluation.NETS:
            raise UsageError(f"there is no net {name!r}; choose from {', '.join(evaluation.NETS)}.")
    if output:
        refuse_existing(output)
    translator = zoo.load(model, device)

    test = read_folder(target_test, translator.resolution)
    train_pictures = read_folder(target_train, translator.resolution, len(test))
    judges = [evaluation.Judge(name, test, train_pictures) for name in nets]
    rows = []
    for folder in sources:
        pictures = read_folder(folder, translator.resolution)
        styles = translator.sample(len(pictures), seed)
        results = [
            translator.render_tensor(translator.plan(picture), style[None])
            for picture, style in track(
                list(zip(images.to_pictures(pictures), styles, strict=True)), folder.name, console=console
            )
        ]
        for judge in judges:
            figures = judge.closeness(torch.cat(results).cpu(), pictures)
            rows.append({"source": folder.name, **figures.as_dict()})
            typer.echo(
                f"{folder.name:8} {judge.net_name:20} translated {figures.translated:8.4f}   "
                f"sources {figures.sources:8.4f}   floor {figures.floor:8.4f}   gap closed {figures.gap_closed:6.3f}"
            )
    if output:
        output.write_text(json.dumps({"model": model, "seed": seed, "rows": rows}, indent=2) + "\n")
