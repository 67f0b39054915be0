"""distill: stage I."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gpunit.commands.shared import Device, Run, SaveEvery, Seed, StartFrom, TrainingBar, listed
from gpunit.commands.training.options import Keep, SnapshotEvery, TrainingPrecision, Weights, weighted
from gpunit.memory import keep_freed_memory


def distill(
    pairs: Annotated[Path, typer.Option(help="Paired pictures from `synthesize`, one subfolder per class.")],
    pair_maps: Annotated[Path, typer.Option(help="Their instance maps from `segment`.")],
    real: Annotated[Path, typer.Option(help="Real pictures, one subfolder per class.")],
    real_maps: Annotated[Path, typer.Option(help="Their instance maps from `segment`.")],
    run: Run,
    output: Annotated[Path, typer.Option(help="The content encoder's file, .safetensors.")],
    classes: Annotated[
        str | None,
        typer.Option(
            help="The subfolders, in the order of their labels; by default all of --real, by name.", callback=listed
        ),
    ] = None,
    recipe: Annotated[str, typer.Option(help="small (128 px), paper (256 px), or a recipe's file, .toml.")] = "small",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many real pictures per class.")] = None,
    weight: Weights = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all; by default the recipe's.")] = None,
    warm_up: Annotated[
        int | None,
        typer.Option(min=0, help="Steps at the start that draw nothing; none by default with --start-from."),
    ] = None,
    precision: TrainingPrecision = "auto",
    device: Device = "auto",
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    snapshot_every: SnapshotEvery = 0,
    keep: Keep = 5,
    start_from: StartFrom = None,
) -> None:
    """Stage I: distil what layout is into a content encoder, from pairs of a prior and real pictures.

    Decoded pictures are kept in memory, in at most 8 GB, and read again where they are more.  Several devices or
    machines: `accelerate launch -m gpunit distill ...`.
    """
    from gpunit.training.bundle import bundle_content_encoder
    from gpunit.training.processes import Processes
    from gpunit.training.recipe_files import chosen_recipe
    from gpunit.training.recipes import PAPER_DISTILLATION, SMALL_DISTILLATION
    from gpunit.training.run import RunSettings
    from gpunit.training.stage1 import trainer

    processes = Processes(precision, device)
    recipe, chosen = chosen_recipe(recipe, {"small": lambda: SMALL_DISTILLATION, "paper": lambda: PAPER_DISTILLATION})
    names = classes.split(",") if classes else _classes(run, pairs, real)
    chosen = weighted(chosen, weight)
    chosen = replace(chosen, distiller=replace(chosen.distiller, domains=len(names)))
    if warm_up is not None or start_from is not None:
        chosen = replace(chosen, warm_up=warm_up or 0)
    data = trainer.DistillationData(pairs, pair_maps, real, real_maps, names, limit)
    keep_freed_memory()
    with TrainingBar("Stage I", shown=processes.is_main) as bar:
        settings = RunSettings(
            run,
            steps or chosen.steps,
            seed,
            save_every,
            start_from,
            bar.print_line,
            bar.move,
            recipe,
            snapshot_every,
            keep,
        )
        trainer.distill(data, chosen, settings, processes)
    if not processes.is_main:
        return
    shape_path = bundle_content_encoder(run, chosen, names, output)
    typer.echo(f"{output} and {shape_path.name} written")


def _classes(run: Path, pairs: Path, real: Path) -> list[str]:
    """The classes that a run was begun with, or else those that the folders hold; what is left out is named."""
    from gpunit.training.folder import read_task
    from gpunit.training.selection import class_folders

    if begun := read_task(run).get("classes"):
        return list(begun)
    names = [folder.name for folder in class_folders(real)]
    unseen = [folder.name for folder in class_folders(pairs) if folder.name not in names]
    if unseen:
        typer.echo(f"left out, as {real} has no such subfolders: {', '.join(unseen)}", err=True)
    return names
