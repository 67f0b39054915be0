"""distill, train, fit-sampler: the two stages of training, and the style sampler."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from gpunit import zoo
from gpunit.commands.shared import Data, Run, SaveEvery, Seed, StartFrom, UsageError, console, print_line


def distill(
    pairs: Annotated[Path, typer.Option(help="Paired pictures from `synthesize`, one subfolder per class.")],
    pair_maps: Annotated[Path, typer.Option(help="Their instance maps from `segment`.")],
    real: Annotated[Path, typer.Option(help="Real pictures, one subfolder per class.")],
    real_maps: Annotated[Path, typer.Option(help="Their instance maps from `segment`.")],
    run: Run,
    output: Annotated[Path, typer.Option(help="The content encoder's file, .safetensors.")],
    classes: Annotated[str, typer.Option(help="The subfolders, in the order of their labels.")] = "cat,dog,bird,car",
    recipe: Annotated[str, typer.Option(help="small (128 px) or paper (256 px).")] = "small",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many real pictures per class.")] = None,
    steps: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: StartFrom = None,
) -> None:
    """Stage I: distil what layout is into a content encoder, from pairs of a prior and real pictures."""
    from dataclasses import replace

    from gpunit.recipes import PAPER_DISTILLATION, SMALL_DISTILLATION
    from gpunit.training import bundle, distillation

    recipes = {"small": SMALL_DISTILLATION, "paper": PAPER_DISTILLATION}
    if recipe not in recipes:
        raise UsageError(f"there is no recipe {recipe!r}; choose from {', '.join(recipes)}.")
    names = classes.split(",")
    chosen = replace(recipes[recipe], distiller=replace(recipes[recipe].distiller, domains=len(names)))
    distillation.distill(
        pairs, pair_maps, real, real_maps, names, chosen, run, steps, seed, save_every, limit, start_from, print_line
    )
    shape_path = bundle.bundle_content_encoder(run, chosen, output)
    typer.echo(f"{output} and {shape_path.name} written")


def train(
    data: Data,
    target: Annotated[str, typer.Option(help="The subfolder to translate to, or several, separated by commas.")],
    sources: Annotated[str, typer.Option(help="The subfolders to translate from, separated by commas.")],
    run: Run,
    content_encoder: Annotated[Path, typer.Option(help="Content encoder, .safetensors, from `distill`.")],
    steps: Annotated[int, typer.Option(min=1)] = 10_000,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: Annotated[
        Path | None, typer.Option(help="Begin a fresh run from another run's folder, or from a finished translator.")
    ] = None,
    domains: Annotated[
        str,
        typer.Option(help="All domains, in the order of their labels; runs that follow each other share them."),
    ] = "cat,dog,bird,car",
) -> None:
    """Stage II: train a small translator on top of a content encoder."""
    from dataclasses import replace

    from gpunit.recipes import AdversarialRecipe
    from gpunit.training import adversarial

    encoder = zoo.load_content_encoder(content_encoder, "small")
    adversarial.train(
        [data / name for name in sources.split(",")],
        [data / name for name in target.split(",")],
        encoder,
        replace(AdversarialRecipe(), domains=tuple(domains.split(","))),
        run,
        steps,
        seed,
        save_every,
        start_from,
        print_line,
    )


def fit_sampler(
    run: Annotated[Path, typer.Argument(help="Folder of a run of `train`.")],
    target: Annotated[Path, typer.Option(help="Folder of target pictures.")],
    content_encoder: Annotated[Path, typer.Option(help="The content encoder the run was trained on.")],
    output: Annotated[Path, typer.Option(help="The translator's file, .safetensors.")],
    codes_seen: Annotated[int, typer.Option(help="Epochs times style codes.", min=1)] = 500_000,
    seed: Seed = 0,
) -> None:
    """Fit the style sampler of a trained translator and write the file that `translate` and the page load."""
    from gpunit.recipes import SMALL
    from gpunit.training import bundle
    from gpunit.training.sampler import SamplerRecipe

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Fitting the style sampler", total=None)

        def report(epoch: int, epochs: int, loss: float) -> None:
            progress.update(task, completed=epoch, total=epochs, description=f"Style sampler, error {loss:.4f}")

        recipe = SamplerRecipe(codes_seen=codes_seen)
        bundle.bundle_translator(run, target, SMALL, content_encoder, output, recipe, seed, report)
    typer.echo(f"{output} written")
