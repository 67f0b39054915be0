"""prior, synthesize: pictures that share their layout across classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit import files, images
from gpunit.commands.shared import (
    OTHER_OUTPUT,
    Device,
    Seed,
    UsageError,
    counting,
    finite,
    listed,
    own_device,
    receiving,
    reporter,
)
from gpunit.engine.batch import Share
from gpunit.imagenet import CLASS_NAMES, PAPER_CLASSES

if TYPE_CHECKING:
    from gpunit.prior.biggan import Prior
    from gpunit.prior.classes import Column

PriorName = Annotated[str, typer.Option(help="prior-small, biggan-deep-128 / 256 / 512, or the folder of a BigGAN.")]
Classes = Annotated[
    str, typer.Option(help="Class names, numbers or mixtures (cat:0.7+dog:0.3), separated by commas.", callback=listed)
]
Download = Annotated[bool, typer.Option("--download", help="Fetch a pretrained BigGAN that is not on this machine.")]


Mirror = Annotated[
    str, typer.Option(help="Folder address or Hub repository (owner/name) that --download asks before all others.")
]


def render_prior(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option(help="The sheet's file, .png: rows share a latent code, columns a class.")
    ] = None,
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    rows: Annotated[int, typer.Option(min=1, max=64, help="Latent codes.")] = 6,
    truncation: Annotated[
        float, typer.Option(min=0.02, max=1, callback=finite, help="Less is safer and more alike.")
    ] = 1.0,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Render a sheet of pictures from shared latent codes."""
    if context.invoked_subcommand is not None:
        return
    if output is None:
        raise UsageError("name the sheet's file with --output, or one of the commands that `prior --help` lists.")
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    from gpunit.prior.classes import shown_name

    loaded, columns = load_columns(prior, classes, device, download, mirror)
    grid = loaded.grid(loaded.latents(rows, seed, truncation), columns)
    headings = [shown_name(column, loaded.class_names) for column in columns]
    cell = max(128, loaded.resolution)
    files.save_png(images.sheet([images.to_pictures(row) for row in grid], cell, headings), output)
    typer.echo(f"{output} written")


def synthesize(
    output: Annotated[Path, typer.Option(help="Folder of the data set; an interrupted one is continued.")],
    prior: PriorName = "prior-small",
    classes: Annotated[
        str,
        typer.Option(
            help="Class names or numbers, separated by commas; `paper` takes the paper's 291.", callback=listed
        ),
    ] = "cat,dog,bird,car",
    codes: Annotated[int, typer.Option(min=1, help="Latent codes, each rendered as every class.")] = 600,
    truncations: Annotated[str, typer.Option(help="Taken in turn, separated by commas.")] = "0.5,1.0",
    minimum_score: Annotated[
        float,
        typer.Option(
            min=0, max=1, callback=finite, help="Drop a picture whose class a classifier gives less than this."
        ),
    ] = 0.0,
    photos: Annotated[
        Path | None,
        typer.Option(help="Also render the codes that the prior infers from these pictures."),
    ] = None,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Render a data set of pairs that share a layout: equal file names share a latent code.

    Under `accelerate launch` or torchrun the processes share the codes.
    """
    from gpunit.prior.loading import fingerprint
    from gpunit.prior.synthesis import SynthesisSettings, synthesize

    try:
        steps = tuple(float(value) for value in truncations.split(","))
    except ValueError:
        raise UsageError(f"--truncations takes numbers separated by commas, not {truncations!r}.") from None
    names = tuple(map(str, PAPER_CLASSES)) if classes == "paper" else tuple(classes.split(","))
    share = Share.of(os.environ)
    loaded = load_with_bar(prior, own_device(device, share), download, names, mirror)
    paths = images.list_pictures(photos) if photos else []
    origin = (fingerprint(prior), *(files.digest(path) for path in paths))
    settings = SynthesisSettings(names, codes, steps, seed, minimum_score, origin)
    total = codes + len(paths)
    with counting(shown=share.index == 0) as progress:
        show = reporter(progress, "Rendering pairs")
        for done in synthesize(loaded, settings, output, paths, share=share):
            show(min(done * share.count, total), total)
    if share.index == 0:
        typer.echo(f"{total} latent codes in {output}")


def load_columns(name: str, classes: str, device: str, download: bool, mirror: str) -> tuple[Prior, list[Column]]:
    """A prior as `load_with_bar` loads it, and its columns of classes as `--classes` names them."""
    names = classes.split(",")
    loaded = load_with_bar(name, device, download, names, mirror)
    return loaded, loaded.columns(names)


def load_with_bar(
    name: str, device: str, download: bool = False, classes: Sequence[str] = (), mirror: str = ""
) -> Prior:
    """A prior by name or folder, with a progress bar where it is downloaded.

    Raises:
        PriorError: if it cannot be loaded; and, before a download, if a pretrained one lacks one of the classes.
    """
    from gpunit.prior import loading  # the library of BigGAN is slow to import
    from gpunit.prior.classes import columns_of

    if name in loading.PRETRAINED:
        columns_of(classes, CLASS_NAMES)
    if not download:
        return loading.load_prior(name, device)
    with receiving() as progress:
        return loading.load_prior(name, device, True, reporter(progress, f"Downloading {name}"), mirror)
