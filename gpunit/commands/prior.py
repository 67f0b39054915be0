"""prior, synthesize, segment, train-prior, evaluate-prior: the generative prior and what is drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gpunit import files, images, zoo
from gpunit.commands.shared import (
    OTHER_OUTPUT,
    Data,
    Device,
    Run,
    SaveEvery,
    Seed,
    StartFrom,
    TrainingBar,
    UsageError,
    console,
    finite,
    read_folder,
    require_one_process,
)
from gpunit.files import digest, refuse_existing, write_json
from gpunit.imagenet import CLASS_NAMES
from gpunit.memory import keep_freed_memory
from gpunit.prior import biggan, loading

Prior = Annotated[str, typer.Option(help="prior-small, biggan-deep-128 / 256 / 512, or the folder of a BigGAN.")]
Classes = Annotated[str, typer.Option(help="Class names or numbers, separated by commas.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch a pretrained BigGAN that is not on this machine.")]


def draw_prior(
    output: Annotated[Path, typer.Option(help="The sheet's file, .png: rows share a latent code, columns a class.")],
    prior: Prior = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    rows: Annotated[int, typer.Option(min=1, max=64, help="Latent codes.")] = 6,
    truncation: Annotated[
        float, typer.Option(min=0.02, max=1, callback=finite, help="Less is safer and more alike.")
    ] = 1.0,
    seed: Seed = 0,
    download: Download = False,
    device: Device = "auto",
) -> None:
    """Draw a sheet of pictures from shared latent codes."""
    refuse_existing(output, advice=OTHER_OUTPUT)
    names = classes.split(",")
    loaded = _load(prior, device, download, names)
    labels = loaded.labels(names)
    grid = loaded.grid(loaded.latents(rows, seed, truncation), labels)
    headings = [loaded.class_names[label].split(",")[0][:18] for label in labels]
    cell = max(128, loaded.resolution)
    files.save_png(images.sheet([images.to_pictures(row) for row in grid], cell, headings), output)
    typer.echo(f"{output} written")


def synthesize(
    output: Annotated[Path, typer.Option(help="Folder of the data set; an interrupted one is continued.")],
    prior: Prior = "prior-small",
    classes: Annotated[
        str, typer.Option(help="Class names or numbers, separated by commas; `paper` takes the paper's 291.")
    ] = "cat,dog,bird,car",
    codes: Annotated[int, typer.Option(min=1, help="Latent codes, each drawn as every class.")] = 600,
    truncations: Annotated[str, typer.Option(help="Taken in turn, separated by commas.")] = "0.5,1.0",
    minimum_score: Annotated[
        float,
        typer.Option(
            min=0, max=1, callback=finite, help="Drop a picture whose class a classifier gives less than this."
        ),
    ] = 0.0,
    photos: Annotated[
        Path | None,
        typer.Option(help="Also draw the codes that the prior infers from these pictures."),
    ] = None,
    seed: Seed = 0,
    download: Download = False,
    device: Device = "auto",
) -> None:
    """Draw a paired data set: equal file names share a latent code."""
    from gpunit.imagenet import PAPER_CLASSES
    from gpunit.prior.synthesis import SynthesisSettings, synthesize

    try:
        steps = tuple(float(value) for value in truncations.split(","))
    except ValueError:
        raise UsageError(f"--truncations takes numbers separated by commas, not {truncations!r}.") from None
    names = tuple(map(str, PAPER_CLASSES)) if classes == "paper" else tuple(classes.split(","))
    loaded = _load(prior, device, download, names)
    paths = images.list_pictures(photos) if photos else []
    origin = (loading.fingerprint(prior), *(digest(path) for path in paths))
    settings = SynthesisSettings(names, codes, steps, seed, minimum_score, origin)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Drawing pairs", total=codes + len(paths))
        for done in synthesize(loaded, settings, output, paths):
            progress.update(task, completed=done)
    typer.echo(f"{codes + len(paths)} latent codes in {output}")


def train_prior(
    data: Data,
    run: Run,
    output: Annotated[Path, typer.Option(help="Folder of the finished prior.")],
    classes: Annotated[str, typer.Option(help="The subfolders, in the order of their labels.")] = "cat,dog,bird,car",
    steps: Annotated[int, typer.Option(min=1)] = 5000,
    statistics_codes: Annotated[int, typer.Option(min=4, help="Latent codes behind each standing statistic.")] = 128,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: StartFrom = None,
) -> None:
    """Train a small class-conditional BigGAN, and its inversion encoder, from folders of pictures."""
    from dataclasses import replace

    from gpunit.training.prior import trainer
    from gpunit.training.recipes import PRIOR_SMALL

    require_one_process()
    names = classes.split(",")
    recipe = replace(
        PRIOR_SMALL, classes=len(names), discriminator=replace(PRIOR_SMALL.discriminator, classes=len(names))
    )
    folders = [data / name for name in names]
    keep_freed_memory()
    with TrainingBar("Prior") as bar:
        trainer.train_prior(folders, recipe, run, steps, seed, save_every, start_from, bar.print_line, bar.move)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Standing statistics", total=None)
        trainer.bundle_prior(
            run,
            recipe,
            names,
            output,
            statistics_codes,
            seed,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(f"{output} written")


def evaluate_prior(
    test: Annotated[Path, typer.Option(help="Real pictures never trained on, one subfolder per class.")],
    train: Annotated[Path, typer.Option(help="Real training pictures, for the floor, one subfolder per class.")],
    prior: Prior = "prior-small",
    classes: Annotated[str, typer.Option(help="Classes that both folders hold.")] = "cat,dog,bird,car",
    content_encoder: Annotated[
        str | None, typer.Option(help="Also judge this content encoder's agreement, e.g. content-small.")
    ] = None,
    samples: Annotated[int, typer.Option(min=2, help="Samples over all classes.")] = 2000,
    probe_pictures: Annotated[int, typer.Option(min=8, help="Real pictures per class that the probe learns.")] = 1000,
    net: Annotated[list[str] | None, typer.Option(help="efficientnet-lite0 or vgg16; may be repeated.")] = None,
    seed: Seed = 1,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Kernel distance and diversity of a prior's classes; agreement of content and shape across them."""
    from gpunit.evaluation import metrics
    from gpunit.evaluation import prior as assessment

    nets = net or ["efficientnet-lite0"]
    for name in nets:
        if name not in metrics.NETS:
            raise UsageError(f"there is no net {name!r}; choose from {', '.join(metrics.NETS)}.")
    if output:
        refuse_existing(output, advice=OTHER_OUTPUT)
    names = classes.split(",")
    if samples < 2 * len(names):
        raise UsageError(f"--samples must be at least {2 * len(names)}, two of each class.")
    path = zoo.stored(f"{content_encoder}.safetensors")
    labels = _shape_labels(names, path) if content_encoder else []
    loaded = _load(prior, device, download=False)
    loaded.labels(names)
    size = 128
    real_test = {name: read_folder(test / name, size) for name in names}
    real_train = {name: read_folder(train / name, size, len(real_test[name])) for name in names}
    figures: dict[str, object] = {"prior": prior, "seed": seed, "samples": samples}
    rows = []
    for name in nets:
        for row in assessment.assess_classes(loaded, real_test, real_train, name, samples // len(names), seed):
            rows.append(row.as_dict())
            typer.echo(
                f"{row.name:8} {row.net:20} samples {row.samples:8.4f}   floor {row.floor:8.4f}   "
                f"nearest other class {row.ceiling:8.4f}   diversity {row.diversity:6.3f}"
            )
    figures["classes"] = rows
    if content_encoder:
        agreement = assessment.assess_content(
            loaded,
            names,
            zoo.load_content_encoder(path, "small"),
            zoo.load_shape_head(path, "small"),
            labels,
            {name: read_folder(train / name, size, probe_pictures) for name in names},
            real_test,
            seed,
        )
        figures["agreement"] = agreement.as_dict()
        typer.echo(agreement.table())
    if output:
        write_json(output, figures)


def segment(
    data: Annotated[Path, typer.Argument(help="Folder of pictures; subfolders are kept.")],
    output: Annotated[Path, typer.Option(help="Folder for the maps, one PNG per picture; existing ones are kept.")],
    method: Annotated[
        str, typer.Option(help="htc (instance maps, as in the paper) or class-activation (substitute, no download).")
    ],
    group: Annotated[str, typer.Option(help="htc: which objects; dog, animal, bird or vehicle.")] = "animal",
    checkpoint: Annotated[Path | None, typer.Option(help="htc: the detector's weights.")] = None,
    download: Annotated[bool, typer.Option("--download", help="htc: fetch the detector's weights.")] = False,
    crop: Annotated[bool, typer.Option("--crop", help="htc: also write the square around the object.")] = False,
    device: Device = "auto",
) -> None:
    """Instance maps of every picture of a folder, for `distill`."""
    from gpunit.segmentation import folders, htc, methods

    if method not in methods.METHODS:
        raise UsageError(f"there is no method {method!r}; choose from {', '.join(methods.METHODS)}.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        if download and method == "htc" and checkpoint is None:
            fetching = progress.add_task("Downloading HTC", total=None)
            checkpoint = htc.download_htc(
                zoo.checkpoints_folder(),
                report=lambda done, total: progress.update(fetching, completed=done, total=total or None),
            )
        find = methods.shape_finder(method, checkpoint=checkpoint, group=group, device=device)
        task = progress.add_task("Instance maps", total=None)
        empty = folders.segment_folder(
            data,
            output / "maps" if crop else output,
            find,
            cropped=output / "pictures" if crop else None,
            report=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for path in empty:
        typer.echo(f"nothing found in {path}")
    typer.echo(f"maps in {output}")


def _shape_labels(names: Sequence[str], content_encoder: Path) -> list[int]:
    """Where classes stand among those of the shape head beside a content encoder's file."""
    known = zoo.shape_classes(content_encoder)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"the shape head of {content_encoder.stem} has no class {unknown[0]!r}; it has {', '.join(known)}."
        )
    return [known.index(name) for name in names]


def _load(name: str, device: str, download: bool, classes: Sequence[str] = ()) -> biggan.Prior:
    if name in loading.PRETRAINED:
        biggan.class_numbers(classes, CLASS_NAMES)  # before hundreds of megabytes are fetched
    if not download:
        return loading.load_prior(name, device)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Downloading {name}", total=None)
        return loading.load_prior(
            name, device, True, lambda done, total: progress.update(task, completed=done, total=total or None)
        )
