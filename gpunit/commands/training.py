"""distill, train, fit-sampler: the two stages of training, and the style sampler."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import torch
import typer
from rich.progress import Progress
from rich.table import Table

from gpunit import zoo
from gpunit.commands.shared import (
    Data,
    Run,
    SaveEvery,
    Seed,
    StartFrom,
    TrainingBar,
    UsageError,
    console,
    finite,
    print_table,
    require_one_process,
)
from gpunit.engine.device import pick_device
from gpunit.memory import keep_freed_memory
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.families import SMALL, SMALL_DOMAINS
from gpunit.training.recipes import (
    PAPER_DISTILLATION,
    PAPER_TASKS,
    SMALL_DISTILLATION,
    SMALL_FINISH,
    AdversarialRecipe,
    DistillationRecipe,
    PaperRecipe,
)
from gpunit.zoo.weights import write_weights

if TYPE_CHECKING:
    from gpunit.training.stage2.small import Limits

_SMALL_RECIPES = {"small": AdversarialRecipe(), "small-finish": SMALL_FINISH}

Recipe = TypeVar("Recipe", AdversarialRecipe, PaperRecipe, DistillationRecipe)


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
    weight: Annotated[
        list[str] | None,
        typer.Option(help="Change a loss's weight, as in hint=0; may be repeated.  `train-recipes` names them."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps in all; by default the recipe's.")] = None,
    warm_up: Annotated[
        int | None,
        typer.Option(min=0, help="Steps at the start that draw nothing; none by default with --start-from."),
    ] = None,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: StartFrom = None,
) -> None:
    """Stage I: distil what layout is into a content encoder, from pairs of a prior and real pictures; on the CPU."""
    from gpunit.training import bundle
    from gpunit.training.stage1 import trainer

    require_one_process()
    recipes = {"small": SMALL_DISTILLATION, "paper": PAPER_DISTILLATION}
    if recipe not in recipes:
        raise UsageError(f"there is no recipe {recipe!r}; choose from {', '.join(recipes)}.")
    names = classes.split(",")
    chosen = replace(recipes[recipe], distiller=replace(recipes[recipe].distiller, domains=len(names)))
    chosen = _weighted(chosen, weight or [])
    if warm_up is not None or start_from is not None:
        chosen = replace(chosen, warm_up=warm_up or 0)
    steps = steps or chosen.steps
    places = (pairs, pair_maps, real, real_maps, names)
    keep_freed_memory()
    with TrainingBar("Stage I") as bar:
        trainer.distill(*places, chosen, run, steps, seed, save_every, limit, start_from, bar.print_line, bar.move)
    shape_path = bundle.bundle_content_encoder(run, chosen, names, output)
    typer.echo(f"{output} and {shape_path.name} written")


def train(
    data: Data,
    run: Run,
    content_encoder: Annotated[
        str,
        typer.Option(
            help="Content encoder, .safetensors, from `distill`; or `random`, for an ablation: an untrained one, which "
            "is written to the run's folder as random-content.safetensors."
        ),
    ],
    target: Annotated[
        str | None, typer.Option(help="The subfolder to translate to, or several, separated by commas.")
    ] = None,
    sources: Annotated[str | None, typer.Option(help="The subfolders to translate from, separated by commas.")] = None,
    recipe: Annotated[
        str,
        typer.Option(
            help="small (128 px); small-finish, for the end of such a run, with --start-from; or a task of the paper "
            "(256 px), which `train-recipes` lists."
        ),
    ] = "small",
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps in all; by default 10000 for small, 1500 for small-finish, else the recipe's."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="At most this many pictures of every folder, or of one: 600, cat=4000; may be repeated."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="Change a loss's weight, as in content=0; may be repeated.  `train-recipes` names them."),
    ] = None,
    pixels: Annotated[
        bool,
        typer.Option(help="small: --no-pixels lets D judge a frozen net's features alone, as earlier versions did."),
    ] = True,
    skips: Annotated[bool, typer.Option(help="--no-skips leaves the dynamic skips out, for an ablation.")] = True,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures a step; by default the recipe's.")] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            min=1e-7,
            max=0.1,
            callback=lambda rate: rate if rate is None else finite(rate),
            help="small: Adam's rate for G; by default the recipe's, which suits its batch.",
        ),
    ] = None,
    warm_up: Annotated[
        int | None,
        typer.Option(
            min=0, help="small: steps at the start that learn L_rec alone; none by default with --start-from."
        ),
    ] = None,
    coarse: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="small: up to this step, pictures are drawn at half the size; none by default with --start-from.",
        ),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="fp32, bf16 or fp16, for a task of the paper; small takes bf16 where it is fast.")
    ] = "fp32",
    perceptual: Annotated[
        str | None, typer.Option(help="vgg19 (a download) or efficientnet-lite0, for a task of the paper.")
    ] = None,
    identity_net: Annotated[
        Path | None, typer.Option(help="ArcFace's weights, model_ir_se50.pth, where the target is a face.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="small: cpu, cuda or mps; by default cuda where there is one, as a task of the paper does."),
    ] = None,
    seed: Seed = 0,
    save_every: SaveEvery = 200,
    start_from: Annotated[
        Path | None, typer.Option(help="Begin a fresh run from another run's folder, or from a finished translator.")
    ] = None,
    domains: Annotated[
        str | None,
        typer.Option(
            help="small: all domains, in the order of their labels; runs that follow each other share them.",
            show_default="cat,dog,bird,car",
        ),
    ] = None,
) -> None:
    """Stage II: train a translator on top of a content encoder.

    Several devices or machines: `accelerate launch -m gpunit train ...`, for a task of the paper.
    """
    from gpunit.training.stage2 import small as adversarial

    _require_recipe(recipe)
    keep_freed_memory()
    limits = _limits(limit or [])
    changes: dict[str, Any] = {"use_skips": skips} | ({"batch": batch} if batch else {})
    if recipe in _SMALL_RECIPES:
        if recipe == "small-finish" and start_from is None and not (run / "checkpoint.pt").is_file():
            raise UsageError("small-finish goes on from a run: name its folder with --start-from.")
        computes = pick_device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.backends.cudnn.benchmark = True  # every step's shapes are the same
        if target is None or sources is None:
            raise UsageError("name the subfolders: --target and --sources.")
        for option, names in (("--target", target.split(",")), ("--sources", sources.split(","))):
            if len(set(names)) < len(names):
                raise UsageError(f"{option} names a subfolder twice; all are drawn equally often, so name it once.")
        if precision != "fp32" or perceptual or identity_net:
            raise UsageError("--precision, --perceptual and --identity-net are for tasks of the paper; leave them out.")
        require_one_process()
        small = _SMALL_RECIPES[recipe]
        lengths = {"warm_up": warm_up, "coarse": coarse}
        by_default = {} if start_from is None else dict.fromkeys(lengths, 0)
        changes |= by_default | {name: length for name, length in lengths.items() if length is not None}
        if batch:
            if batch < 4:
                raise UsageError("--batch must be at least 4 for small.")
            taken = ("reconstructed", "twins")  # what is taken of a batch keeps its share
            changes |= {name: batch * getattr(small, name) // small.batch for name in taken}
        if learning_rate is not None:
            changes["learning_rate"] = learning_rate
        small = replace(small, domains=tuple(domains.split(",")) if domains else SMALL_DOMAINS, **changes)
        if not pixels:
            small = replace(small, discriminator=replace(small.discriminator, pixel_width=0))
        small = _weighted(small, weight or [])
        if 0 < small.coarse < small.warm_up:
            raise UsageError(f"--coarse must be 0, or at least the {small.warm_up} steps of --warm-up.")
        encoder = _content_encoder(content_encoder, "small", run, seed)
        with TrainingBar(f"to {target}") as bar:
            adversarial.train(
                [data / name for name in sources.split(",")],
                [data / name for name in target.split(",")],
                encoder,
                small,
                run,
                steps or small.steps,
                seed,
                save_every,
                start_from,
                bar.print_line,
                bar.move,
                limits,
                computes,
            )
        return
    if warm_up is not None or coarse is not None:
        raise UsageError("--warm-up and --coarse are for the small recipe; leave them out.")
    if domains is not None or not pixels or device is not None or learning_rate is not None:
        raise UsageError("--domains, --no-pixels, --device, --learning-rate are for the small recipe; leave them out.")
    from gpunit.training.processes import Processes
    from gpunit.training.stage2 import paper
    from gpunit.zoo.weights import load_identity_net

    if perceptual:
        changes["perceptual_net"] = perceptual
    task = _weighted(replace(PAPER_TASKS[recipe], **changes), weight or [])
    if limits.everywhere is None:
        limits = replace(limits, by_name={**task.limits, **limits.by_name})
    if identity_net and not task.identity:
        raise UsageError(f"{recipe} has no identity loss; leave --identity-net out, or add --weight identity=1.")
    processes = Processes(precision)
    face_net = load_identity_net(identity_net) if identity_net else None
    encoder = _content_encoder(content_encoder, "published", run, seed)
    with TrainingBar(recipe, shown=processes.is_main) as bar:
        paper.train(
            [data / name for name in (sources or task.source).split(",")],
            [data / name for name in (target or task.target).split(",")],
            encoder,
            task,
            run,
            steps or task.steps,
            seed,
            save_every,
            start_from,
            bar.print_line,
            bar.move,
            limits,
            face_net,
            processes,
        )


def train_recipes() -> None:
    """List the recipes of stage II: what each was published for and its switches; and all recipes' weights."""
    table = Table(title="Tasks of the paper (256 px)")
    for heading in ("recipe", "switches", "style layer", "skips in ȳ", "identity", "mirrored", "rare", "data"):
        table.add_column(heading, no_wrap=heading == "recipe")
    for name, task in PAPER_TASKS.items():
        flags = (task.reconstruct_with_skips, task.identity > 0, task.mirror_style, task.oversample_rare)
        origin = "inferred" if task.inferred else "published"
        shown = ("yes" if flag else "no" for flag in flags)
        table.add_row(name, origin, str(task.discriminator.style_layer), *shown, task.data)
    print_table(table, 150)
    recipes: dict[str, AdversarialRecipe | PaperRecipe | DistillationRecipe] = {
        **_SMALL_RECIPES,
        "tasks of the paper": PAPER_TASKS["cat2dog"],
        "distill, small": SMALL_DISTILLATION,
        "distill, paper": PAPER_DISTILLATION,
    }
    for name, chosen in recipes.items():
        weights = "  ".join(f"{loss}={getattr(chosen, loss):g}" for loss in _losses_of(chosen))
        typer.echo(f"weights, {name}:  {weights}")


_LOSSES = (
    "adversarial",
    "content",
    "style",
    "mask",
    "reconstruction",
    "colour",
    "bands",
    "structure",
    "equivariance",
    "anchor",
    "perceptual",
    "penalty",
    "identity",
    "shape",
    "pair_shape",
    "recolour",
    "agreement",
    "agnostic",
    "hint",
    "layout",
    "pair_layout",
    "classifier",
    "magnitude",
)


def _losses_of(recipe: AdversarialRecipe | PaperRecipe | DistillationRecipe) -> list[str]:
    return [name for name in _LOSSES if hasattr(recipe, name)]


def _weighted(recipe: Recipe, settings: list[str]) -> Recipe:
    """The recipe with the weights of some losses changed."""
    changes: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in _losses_of(recipe):
            raise UsageError(f"this recipe has no weight {name!r}; choose from {', '.join(_losses_of(recipe))}.")
        try:
            changes[name] = finite(float(value))
        except (ValueError, typer.BadParameter):
            raise UsageError(f"--weight takes a name and a number, as in content=0, not {setting!r}.") from None
    return replace(recipe, **changes)


def _require_recipe(name: str) -> None:
    if name not in _SMALL_RECIPES and name not in PAPER_TASKS:
        choices = ", ".join((*_SMALL_RECIPES, *PAPER_TASKS))
        raise UsageError(f"there is no recipe {name!r}; choose one of {choices}.")


def _limits(settings: list[str]) -> Limits:
    from gpunit.training.stage2.small import Limits

    everywhere, by_name = None, {}
    for setting in settings:
        name, _, value = setting.rpartition("=")
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(f"--limit takes a number, or a folder's name and one, as in cat=4000, not {setting!r}.")
        if name:
            by_name[name] = int(value)
        else:
            everywhere = int(value)
    return Limits(everywhere, by_name)


def _content_encoder(given: str, family: str, run: Path, seed: int) -> ContentEncoder:
    """Load a content encoder; or make an untrained one, and leave it where `fit-sampler` and the zoo can read it."""
    path = Path(given)
    if given == "random":
        path = run / "random-content.safetensors"
        if not path.is_file():
            torch.manual_seed(seed)
            tensors = ContentEncoder(zoo.FAMILIES[family].content_encoder).state_dict()
            write_weights(path, tensors, {"kind": "content_encoder", "steps": 0}, half=False)
    return zoo.load_content_encoder(path, family)


def fit_sampler(
    run: Annotated[Path, typer.Argument(help="Folder of a run of `train`.")],
    target: Annotated[Path, typer.Option(help="Folder of target pictures.")],
    content_encoder: Annotated[Path, typer.Option(help="The content encoder the run was trained on.")],
    output: Annotated[Path, typer.Option(help="The translator's file, .safetensors.")],
    recipe: Annotated[str, typer.Option(help="The recipe of the run.")] = "small",
    codes_seen: Annotated[
        int | None,
        typer.Option(help="Epochs times style codes; by default 500000 for small, else 2000000.", min=1),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many target pictures.")] = None,
    seed: Seed = 0,
) -> None:
    """Fit the style sampler of a trained translator and write the file that `translate` and the page load."""
    from gpunit.training import bundle
    from gpunit.training.sampler import SamplerRecipe

    _require_recipe(recipe)
    task_of_paper = PAPER_TASKS.get(recipe)
    params = task_of_paper.translator if task_of_paper else SMALL
    fit = SamplerRecipe(
        codes_seen=codes_seen or (2_000_000 if task_of_paper else 500_000),
        oversample_rare=bool(task_of_paper and task_of_paper.oversample_rare),
    )
    if task_of_paper:
        limit = limit or task_of_paper.limits.get(target.name)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Fitting the style sampler", total=None)

        def report(epoch: int, epochs: int, loss: float) -> None:
            progress.update(task, completed=epoch, total=epochs, description=f"Style sampler, error {loss:.4f}")

        bundle.bundle_translator(run, target, params, content_encoder, output, fit, seed, report, limit)
    typer.echo(f"{output} written")
