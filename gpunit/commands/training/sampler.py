"""fit-sampler: from a run of stage II to a finished translator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit.commands.shared import OTHER_OUTPUT, Device, Seed, UsageError, counting
from gpunit.commands.training.options import TrainingPrecision, stage_two_recipe
from gpunit.files import refuse_existing

if TYPE_CHECKING:
    from gpunit.training.recipes import PaperRecipe, SmallRecipe


def fit_sampler(
    run: Annotated[Path, typer.Argument(help="Folder of a run of `train`.")],
    target: Annotated[Path, typer.Option(help="Folder of target pictures.")],
    content_encoder: Annotated[Path, typer.Option(help="The content encoder the run was trained on.")],
    output: Annotated[Path, typer.Option(help="The translator's file, .safetensors.")],
    recipe: Annotated[
        str | None, typer.Option(help="The recipe of the run; by default what the run's folder says, else small.")
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Take a snapshot of the run, by its step's number, or `best`; else the end.")
    ] = None,
    codes_seen: Annotated[
        int | None,
        typer.Option(help="Epochs times style codes; by default 500000 for small, else 2000000.", min=1),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many target pictures.")] = None,
    precision: TrainingPrecision = "auto",
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Fit the style sampler of a trained translator and write the file that `translate` and the page load.

    Under `accelerate launch` or torchrun the processes share the work.
    """
    from gpunit.training import bundle
    from gpunit.training.processes import Processes
    from gpunit.training.recipes import PaperRecipe
    from gpunit.training.sampler import SamplerRecipe
    from gpunit.training.snapshots import snapshot_path
    from gpunit.training.tasks import PAPER_TASKS

    if output.suffix != ".safetensors":
        raise UsageError(f"--output must end in .safetensors, not as {output.name} does: models are found by it.")
    refuse_existing(output, advice=OTHER_OUTPUT)
    name, chosen = _recipe_of(run, recipe)
    _refuse_other_domain(run, target)
    processes = Processes(precision, device)
    if isinstance(chosen, PaperRecipe):
        fit = SamplerRecipe(codes_seen or 2_000_000, oversample_rare=chosen.oversample_rare)
        if name in PAPER_TASKS:
            limit = limit or PAPER_TASKS[name].limits.get(target.name)
    else:
        fit = SamplerRecipe(codes_seen or 500_000)
    params = chosen.translator
    taken = snapshot_path(run, snapshot) if snapshot else run
    with counting(shown=processes.is_main) as progress:
        bar = progress.add_task("Fitting the style sampler", total=None)

        def report(epoch: int, epochs: int, loss: float) -> None:
            progress.update(bar, completed=epoch, total=epochs, description=f"Style sampler, error {loss:.4f}")

        bundle.bundle_translator(taken, target, params, content_encoder, output, fit, seed, report, limit, processes)
    if processes.is_main:
        typer.echo(f"{output} written")


def _recipe_of(run: Path, given: str | None) -> tuple[str, SmallRecipe | PaperRecipe]:
    """The name of the recipe that a run was begun with, and the recipe as the run keeps it.

    Args:
        run: its folder.
        given: the recipe that was asked for.  A run of an earlier version does not know its own.
    """
    from gpunit.training.folder import read_task
    from gpunit.training.recipe_files import NAME
    from gpunit.training.recipes import SMALL_RECIPES

    begun = read_task(run).get("recipe")
    if given is None or begun is None:
        kept = run / NAME
        return stage_two_recipe(str(kept) if kept.is_file() and given is None else given or begun or "small")
    name, _ = chosen = stage_two_recipe(given)
    # The small recipes share their shapes and the fit.
    if begun != name and not {begun, name} <= SMALL_RECIPES.keys():
        raise UsageError(f"{run} was begun with recipe {begun}, not {name}; leave --recipe out.")
    return chosen


def _refuse_other_domain(run: Path, target: Path) -> None:
    """Stop where the target pictures are those of another domain that the run knows."""
    from gpunit.training.folder import read_task

    task = read_task(run)
    targets, name = task.get("targets", []), target.resolve().name
    if name not in targets and name in (*task.get("sources", []), *task.get("domains", [])):
        raise UsageError(f"{run} was trained to {', '.join(targets)}, not to {name}; give that folder as --target.")
