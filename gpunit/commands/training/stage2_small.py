"""`train` by a recipe of the small family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from gpunit.commands.shared import TrainingBar, UsageError, require_one_process
from gpunit.commands.training.options import load_content_encoder, parse_limits, weighted
from gpunit.commands.training.stage2_options import StageTwoOptions
from gpunit.engine.device import pick_device

if TYPE_CHECKING:
    from gpunit.training.recipes import SmallRecipe


def run(options: StageTwoOptions, recipe: SmallRecipe) -> None:
    """Train; all that can be wrong with the options is said before anything is written.

    Raises:
        UsageError: for options that are missing, contradict each other, or are for tasks of the paper.
        ValueError: for whatever else keeps the run from starting.
    """
    from gpunit.training.stage2 import small
    from gpunit.training.stage2.phases import plan_phases

    limits = parse_limits(options.limit)
    _require_start(options)
    device = pick_device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    torch.backends.cudnn.benchmark = True  # every step's shapes are the same
    sources, targets = _domains(options)
    if options.precision != "fp32" or options.perceptual or options.identity_net:
        raise UsageError("--precision, --perceptual and --identity-net are for tasks of the paper; leave them out.")
    require_one_process()
    recipe = weighted(_changed(options, recipe), options.weight)
    plan_phases(recipe.warm_up, recipe.coarse)
    encoder = load_content_encoder(options.content_encoder, "small", options.run, options.seed)
    with TrainingBar(f"to {options.target}") as bar:
        settings = options.settings(recipe.steps, bar)
        small.train(
            [options.data / name for name in sources],
            [options.data / name for name in targets],
            encoder,
            recipe,
            settings,
            limits,
            device,
        )


def _require_start(options: StageTwoOptions) -> None:
    begins = options.start_from is None and not (options.run / "checkpoint.pt").is_file()
    if options.recipe == "small-finish" and begins:
        raise UsageError("small-finish goes on from a run: name its folder with --start-from.")


def _domains(options: StageTwoOptions) -> tuple[list[str], list[str]]:
    """The subfolders of sources and targets."""
    if options.target is None or options.sources is None:
        raise UsageError("name the subfolders: --target and --sources.")
    sources, targets = options.sources.split(","), options.target.split(",")
    for option, names in (("--target", targets), ("--sources", sources)):
        if len(set(names)) < len(names):
            raise UsageError(f"{option} names a subfolder twice; all are drawn equally often, so name it once.")
    return sources, targets


def _changed(options: StageTwoOptions, recipe: SmallRecipe) -> SmallRecipe:
    """The recipe with the changes that other options ask for."""
    domains = tuple(options.domains.split(",")) if options.domains else recipe.domains
    changed = replace(recipe, use_skips=options.skips and recipe.use_skips, domains=domains)
    if options.start_from is not None:  # trained weights need neither
        changed = replace(changed, warm_up=0, coarse=0)
    if options.warm_up is not None:
        changed = replace(changed, warm_up=options.warm_up)
    if options.coarse is not None:
        changed = replace(changed, coarse=options.coarse)
    if options.learning_rate is not None:
        changed = replace(changed, learning_rate=options.learning_rate)
    if not options.pixels:
        changed = replace(changed, discriminator=replace(recipe.discriminator, pixel_width=0))
    if options.batch:
        if options.batch < 4:
            raise UsageError("--batch must be at least 4 for small.")
        changed = replace(  # parts of a batch keep their share
            changed,
            batch=options.batch,
            reconstructed=options.batch * recipe.reconstructed // recipe.batch,
            turned_copies=options.batch * recipe.turned_copies // recipe.batch,
        )
    return changed
