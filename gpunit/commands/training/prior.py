"""train-prior: a BigGAN from folders of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gpunit.commands.shared import (
    Data,
    Run,
    SaveEvery,
    Seed,
    StartFrom,
    TrainingBar,
    counting,
    reporter,
    require_one_process,
)
from gpunit.commands.training.options import Classes
from gpunit.memory import keep_freed_memory


def train_prior(
    data: Data,
    run: Run,
    output: Annotated[Path, typer.Option(help="Folder of the finished prior.")],
    classes: Classes = "cat,dog,bird,car",
    steps: Annotated[int, typer.Option(min=1)] = 5000,
    statistics_codes: Annotated[int, typer.Option(min=4, help="Latent codes behind each standing statistic.")] = 128,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: StartFrom = None,
) -> None:
    """Train a small class-conditional BigGAN, and its inversion encoder, from folders of pictures."""
    from gpunit.training.bundle import bundle_prior
    from gpunit.training.prior import trainer
    from gpunit.training.recipes import PRIOR_SMALL
    from gpunit.training.run import RunSettings

    require_one_process()
    names = classes.split(",")
    discriminator = replace(PRIOR_SMALL.discriminator, classes=len(names))
    recipe = replace(PRIOR_SMALL, classes=len(names), discriminator=discriminator)
    keep_freed_memory()
    with TrainingBar("Prior") as bar:
        settings = RunSettings(run, steps, seed, save_every, start_from, bar.print_line, bar.move)
        trainer.train_prior([data / name for name in names], recipe, settings)
    with counting() as progress:
        report = reporter(progress, "Standing statistics")
        bundle_prior(run, recipe, names, output, statistics_codes, seed, report)
    typer.echo(f"{output} written")
