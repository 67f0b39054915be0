"""`train` for a task of the paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gpunit.commands.shared import TrainingBar, UsageError
from gpunit.commands.training.options import load_content_encoder, parse_limits, weighted
from gpunit.commands.training.stage2_options import StageTwoOptions

if TYPE_CHECKING:
    from gpunit.training.recipes import PaperRecipe


def run(options: StageTwoOptions, recipe: PaperRecipe) -> None:
    """Train; all that can be wrong with the options is said before anything is written.

    Raises:
        UsageError: for options that are for the small recipes, or contradict each other.
        ValueError: for whatever else keeps the run from starting.
    """
    from gpunit.training.processes import Processes
    from gpunit.training.stage2 import paper
    from gpunit.training.tasks import PAPER_TASKS
    from gpunit.zoo.weights import load_identity_net

    limits = parse_limits(options.limit)
    _refuse_small_options(options)
    task = PAPER_TASKS[options.recipe]
    recipe = weighted(replace(recipe, use_skips=options.skips and recipe.use_skips), options.weight)
    if options.batch:
        recipe = replace(recipe, batch=options.batch)
    if options.perceptual:
        recipe = replace(recipe, perceptual_net=options.perceptual)
    if limits.everywhere is None:
        limits = replace(limits, by_name={**task.limits, **limits.by_name})
    if recipe.weights.identity and not options.identity_net:
        raise UsageError(
            f"{task.name} has an identity loss: give ArcFace's weights (--identity-net model_ir_se50.pth), or leave "
            "the loss out (--weight identity=0)."
        )
    if options.identity_net and not recipe.weights.identity:
        raise UsageError(f"{task.name} has no identity loss; leave --identity-net out, or add --weight identity=1.")
    processes = Processes(options.precision)
    identity_net = load_identity_net(options.identity_net) if options.identity_net else None
    encoder = load_content_encoder(options.content_encoder, "published", options.run, options.seed)
    with TrainingBar(task.name, shown=processes.is_main) as bar:
        settings = options.settings(recipe.steps, bar)
        paper.train(
            [options.data / name for name in (options.sources or task.source).split(",")],
            [options.data / name for name in (options.target or task.target).split(",")],
            encoder,
            recipe,
            settings,
            limits,
            identity_net,
            processes,
        )


def _refuse_small_options(options: StageTwoOptions) -> None:
    if options.warm_up is not None or options.coarse is not None:
        raise UsageError("--warm-up and --coarse are for the small recipe; leave them out.")
    others = (options.domains, options.device, options.learning_rate)
    if any(option is not None for option in others) or not options.pixels:
        raise UsageError("--domains, --no-pixels, --device, --learning-rate are for the small recipe; leave them out.")
