"""train-prior: a BigGAN from folders of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit.commands.shared import (
    Data,
    Device,
    Run,
    SaveEvery,
    Seed,
    StartFrom,
    TrainingBar,
    UsageError,
    counting,
    reporter,
)
from gpunit.commands.training.options import Classes, Keep, SnapshotEvery, TrainingPrecision
from gpunit.memory import keep_freed_memory

if TYPE_CHECKING:
    from gpunit.training.prior.layouts import LayoutRecipe
    from gpunit.training.recipes import PriorRecipe


def train_prior(
    data: Data,
    run: Run,
    output: Annotated[Path, typer.Option(help="Folder of the finished prior.")],
    classes: Classes = "cat,dog,bird,car",
    recipe: Annotated[
        str,
        typer.Option(
            help="small; layout: codes that say where the object lies, from pictures with boxes; or a file, .toml."
        ),
    ] = "small",
    steps: Annotated[int, typer.Option(min=1)] = 5000,
    batch: Annotated[int | None, typer.Option(min=2, help="Real pictures per step; layout takes 216.")] = None,
    statistics_codes: Annotated[int, typer.Option(min=4, help="Latent codes behind each standing statistic.")] = 128,
    precision: TrainingPrecision = "auto",
    device: Device = "auto",
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    snapshot_every: SnapshotEvery = 0,
    keep: Keep = 5,
    start_from: StartFrom = None,
) -> None:
    """Train a small class-conditional BigGAN, and its inversion encoder, from folders of pictures.

    For `--recipe layout`, the boxes of the pictures in DATA/cat are rows of DATA/cat.csv: file, left, top, right,
    bottom, as shares of the sides; a file called * stands for all others.

    Several devices or machines: `accelerate launch -m gpunit train-prior ...`.
    """
    from gpunit.training.bundle import bundle_prior
    from gpunit.training.prior.layouts import LayoutRecipe, train_layout_prior
    from gpunit.training.prior.trainer import train_prior as train_small_prior
    from gpunit.training.processes import Processes
    from gpunit.training.recipe_files import chosen_recipe
    from gpunit.training.recipes import PRIOR_SMALL, PriorRecipe
    from gpunit.training.run import RunSettings

    processes = Processes(precision, device)
    names = tuple(classes.split(","))
    folders = [data / name for name in names]
    keep_freed_memory()
    recipe, chosen = chosen_recipe(recipe, {"small": lambda: PRIOR_SMALL, "layout": LayoutRecipe})
    with TrainingBar("Prior", shown=processes.is_main) as bar:
        followed = (bar.print_line, bar.move)
        settings = RunSettings(run, steps, seed, save_every, start_from, *followed, recipe, snapshot_every, keep)
        if isinstance(chosen, PriorRecipe):
            chosen = _small_recipe(chosen, len(names), batch)
            train_small_prior(folders, chosen, settings, processes)
        else:
            chosen = _layout_recipe(chosen, names, batch, start_from)
            train_layout_prior(folders, chosen, settings, processes)
    if not processes.is_main:
        return
    with counting() as progress:
        report = reporter(progress, "Standing statistics")
        bundle_prior(run, chosen, names, output, statistics_codes, seed, report, processes.device)
    typer.echo(f"{output} written")


def _small_recipe(recipe: PriorRecipe, classes: int, batch: int | None) -> PriorRecipe:
    if batch is not None:
        raise UsageError("--batch is for --recipe layout; leave it out.")
    return replace(recipe, classes=classes, discriminator=replace(recipe.discriminator, classes=classes))


def _layout_recipe(
    recipe: LayoutRecipe, names: tuple[str, ...], batch: int | None, start_from: Path | None
) -> LayoutRecipe:
    """The recipe with these classes; with another batch, all that is taken of a batch keeps its share."""
    if start_from is not None:
        raise UsageError("--start-from is for --recipe small; leave it out.")
    recipe = replace(recipe, names=names)
    if batch is None:
        return recipe
    shares = {part: batch * getattr(recipe, part) // recipe.batch for part in ("reconstructed", "crossed", "sampled")}
    if min(shares.values()) < 1:
        raise UsageError("--batch must be at least 4.")
    return replace(recipe, batch=batch, **shares)
