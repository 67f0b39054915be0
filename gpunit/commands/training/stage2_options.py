"""The options of `train`, as types of its parameters and as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit.commands.shared import TrainingBar, finite, listed

if TYPE_CHECKING:
    from gpunit.training.run import RunSettings

GivenContentEncoder = Annotated[
    str,
    typer.Option(
        help="Content encoder, .safetensors, from `distill`; or `random`, for an ablation: an untrained one, which "
        "is written to the run's folder as random-content.safetensors."
    ),
]
Target = Annotated[
    str | None,
    typer.Option(help="The subfolder to translate to, or several, separated by commas.", callback=listed),
]
Sources = Annotated[
    str | None, typer.Option(help="The subfolders to translate from, separated by commas.", callback=listed)
]
RecipeName = Annotated[
    str,
    typer.Option(
        help="small (128 px); small-finish, for the end of such a run, with --start-from; a task of the paper "
        "(256 px), which `train-recipes` lists; generic, the "
        "paper's way for own domains, with --resolution; or a recipe's file, .toml."
    ),
]
Resolution = Annotated[
    int | None, typer.Option(help="generic: side of the pictures, 64, 128, 256 or 512; by default 256.")
]
Steps = Annotated[
    int | None,
    typer.Option(min=1, help="Steps in all; by default 10000 for small, 1500 for small-finish, else the recipe's."),
]
LimitSettings = Annotated[
    list[str] | None,
    typer.Option(help="At most this many pictures of every folder, or of one: 600, cat=4000; may be repeated."),
]
Pixels = Annotated[
    bool,
    typer.Option(help="small: --no-pixels lets D judge a frozen net's features alone, as earlier versions did."),
]
Skips = Annotated[bool, typer.Option(help="--no-skips leaves the dynamic skips out, for an ablation.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Pictures a step; by default the recipe's.")]
LearningRate = Annotated[
    float | None,
    typer.Option(
        min=1e-7,
        max=0.1,
        callback=lambda rate: rate if rate is None else finite(rate),
        help="small: Adam's rate for G; by default the recipe's, which suits its batch.",
    ),
]
WarmUp = Annotated[
    int | None,
    typer.Option(min=0, help="small: steps at the start that learn L_rec alone; none by default with --start-from."),
]
Coarse = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="small: up to this step, pictures are drawn at half the size; none by default with --start-from.",
    ),
]
Precision = Annotated[
    str, typer.Option(help="fp32, bf16 or fp16, for a task of the paper; small takes bf16 where it is fast.")
]
Perceptual = Annotated[
    str | None, typer.Option(help="vgg19 (a download) or efficientnet-lite0, for a task of the paper.")
]
IdentityNet = Annotated[
    Path | None, typer.Option(help="ArcFace's weights, model_ir_se50.pth, where the target is a face.")
]
DeviceName = Annotated[
    str | None,
    typer.Option(help="small: cpu, cuda or mps; by default cuda where there is one, as a task of the paper does."),
]
StartFromTranslator = Annotated[
    Path | None, typer.Option(help="Begin a fresh run from another run's folder, or from a finished translator.")
]
HeldOut = Annotated[
    Path | None,
    typer.Option(
        "--validate",
        help="Folder of target pictures that are not trained on: the kernel distance to them is logged, and the best "
        "snapshot marked.",
    ),
]
ValidateEvery = Annotated[int, typer.Option(min=1, help="Steps between these measurements; each leaves a snapshot.")]
Domains = Annotated[
    str | None,
    typer.Option(
        help="small: all domains, in the order of their labels; runs that follow each other share them.",
        show_default="cat,dog,bird,car",
        callback=listed,
    ),
]


@dataclass(frozen=True)
class StageTwoOptions:
    """What `train` was called with; its parameters explain them."""

    data: Path
    run: Path
    content_encoder: str
    target: str | None
    sources: str | None
    recipe: str
    resolution: int | None
    steps: int | None
    limit: list[str] | None
    weight: list[str] | None
    pixels: bool
    skips: bool
    batch: int | None
    learning_rate: float | None
    warm_up: int | None
    coarse: int | None
    precision: str
    perceptual: str | None
    identity_net: Path | None
    device: str | None
    seed: int
    save_every: int
    snapshot_every: int
    keep: int
    held_out: Path | None
    validate_every: int
    start_from: Path | None
    domains: str | None

    def settings(self, steps: int, bar: TrainingBar) -> RunSettings:
        """Of the run.

        Args:
            steps: by default.
            bar: follows it.
        """
        from gpunit.training.run import RunSettings

        return RunSettings(
            self.run,
            self.steps or steps,
            self.seed,
            self.save_every,
            self.start_from,
            bar.print_line,
            bar.move,
            self.recipe,
            self.snapshot_every,
            self.keep,
            self.validate_every if self.held_out else 0,
            self.held_out,
        )
