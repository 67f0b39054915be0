"""`train` for a task of the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gpunit.commands.shared import TrainingBar, UsageError
from gpunit.commands.training.options import load_content_encoder, parse_limits, weighted
from gpunit.commands.training.stage2_options import StageTwoOptions
from gpunit.networks.families import sized

if TYPE_CHECKING:
    from gpunit.networks.content_encoder import ContentEncoder
    from gpunit.training.recipes import PaperRecipe


def run(options: StageTwoOptions, recipe: PaperRecipe) -> None:
    """Train; all that can be wrong with the options is said before anything is written.

    Raises:
        UsageError: for options that are for the small recipes, or contradict each other.
        ValueError: for whatever else keeps the run from starting.
    """
    from gpunit.training.processes import Processes
    from gpunit.training.stage2 import paper
    from gpunit.zoo.weights import load_identity_net

    limits = parse_limits(options.limit)
    _refuse_small_options(options)
    sources, targets, task_limits = _domains(options)
    name = options.recipe
    recipe = weighted(replace(recipe, use_skips=options.skips and recipe.use_skips), options.weight)
    if options.batch:
        recipe = replace(recipe, batch=options.batch)
    if options.perceptual:
        recipe = replace(recipe, perceptual_net=options.perceptual)
    if limits.everywhere is None:
        limits = replace(limits, by_name={**task_limits, **limits.by_name})
    if recipe.weights.identity and not options.identity_net:
        raise UsageError(
            f"{name} has an identity loss: give ArcFace's weights (--identity-net model_ir_se50.pth), or leave "
            "the loss out (--weight identity=0)."
        )
    if options.identity_net and not recipe.weights.identity:
        raise UsageError(f"{name} has no identity loss; leave --identity-net out, or add --weight identity=1.")
    if recipe.weights.identity and recipe.translator.resolution != 256:
        raise UsageError("the identity loss is for 256 px; leave it out (--weight identity=0).")
    processes = Processes(options.precision)
    identity_net = load_identity_net(options.identity_net) if options.identity_net else None
    family = None if name == "generic" else "published"
    encoder = load_content_encoder(options.content_encoder, family, options.run, options.seed)
    recipe = _fitted(recipe, encoder)
    with TrainingBar(name, shown=processes.is_main) as bar:
        settings = options.settings(recipe.steps, bar)
        paper.train(
            [options.data / name for name in sources],
            [options.data / name for name in targets],
            encoder,
            recipe,
            settings,
            limits,
            identity_net,
            processes,
        )


def _domains(options: StageTwoOptions) -> tuple[list[str], list[str], Mapping[str, int]]:
    """The subfolders of sources and targets, and how many pictures a task of the paper uses of them."""
    from gpunit.training.tasks import PAPER_TASKS

    task = PAPER_TASKS.get(options.recipe)
    sources, targets = options.sources or (task and task.source), options.target or (task and task.target)
    if not sources or not targets:
        raise UsageError("name the subfolders: --target and --sources.")
    return sources.split(","), targets.split(","), task.limits if task else {}


def _fitted(recipe: PaperRecipe, encoder: ContentEncoder) -> PaperRecipe:
    """The recipe with skips that select from this content encoder's features."""
    if encoder.params == recipe.translator.content_encoder:
        return recipe
    fitting = sized(recipe.translator.resolution, encoder.params)
    generator = replace(recipe.translator.generator, encoder_widths=fitting.generator.encoder_widths)
    translator = replace(recipe.translator, content_encoder=encoder.params, generator=generator)
    return replace(recipe, translator=translator)


def _refuse_small_options(options: StageTwoOptions) -> None:
    if options.warm_up is not None or options.coarse is not None:
        raise UsageError("--warm-up and --coarse are for the small recipe; leave them out.")
    others = (options.domains, options.device, options.learning_rate)
    if any(option is not None for option in others) or not options.pixels:
        raise UsageError("--domains, --no-pixels, --device, --learning-rate are for the small recipe; leave them out.")
