"""train: stage II, by a recipe of the small family or for a task of the paper."""

from __future__ import annotations

from dataclasses import replace

from gpunit.commands.shared import Data, Run, SaveEvery, Seed
from gpunit.commands.training import stage2_paper, stage2_small
from gpunit.commands.training.options import Keep, SnapshotEvery, Weights, stage_two_recipe
from gpunit.commands.training.stage2_options import (
    BatchSize,
    Coarse,
    DeviceName,
    Domains,
    GivenContentEncoder,
    HeldOut,
    IdentityNet,
    LearningRate,
    LimitSettings,
    Perceptual,
    Pixels,
    Precision,
    RecipeName,
    Resolution,
    Skips,
    Sources,
    StageTwoOptions,
    StartFromTranslator,
    Steps,
    Target,
    ValidateEvery,
    WarmUp,
)
from gpunit.memory import keep_freed_memory


def train(
    data: Data,
    run: Run,
    content_encoder: GivenContentEncoder,
    target: Target = None,
    sources: Sources = None,
    recipe: RecipeName = "small",
    resolution: Resolution = None,
    steps: Steps = None,
    limit: LimitSettings = None,
    weight: Weights = None,
    pixels: Pixels = True,
    skips: Skips = True,
    batch: BatchSize = None,
    learning_rate: LearningRate = None,
    warm_up: WarmUp = None,
    coarse: Coarse = None,
    precision: Precision = "fp32",
    perceptual: Perceptual = None,
    identity_net: IdentityNet = None,
    device: DeviceName = None,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    snapshot_every: SnapshotEvery = 0,
    keep: Keep = 5,
    held_out: HeldOut = None,
    validate_every: ValidateEvery = 1000,
    start_from: StartFromTranslator = None,
    domains: Domains = None,
) -> None:
    """Stage II: train a translator on top of a content encoder.

    Several devices or machines: `accelerate launch -m gpunit train ...`, for a task of the paper.
    """
    options = StageTwoOptions(**locals())  # all parameters and nothing else

    from gpunit.training.recipes import SmallRecipe

    name, chosen = stage_two_recipe(recipe, resolution)
    options = replace(options, recipe=name)
    keep_freed_memory()
    if isinstance(chosen, SmallRecipe):
        stage2_small.run(options, chosen)
    else:
        stage2_paper.run(options, chosen)
