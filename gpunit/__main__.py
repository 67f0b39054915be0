"""python -m gpunit <command>: folders in, folders out."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import Progress, track

from gpunit import images, zoo

app = typer.Typer(
    help="GP-UNIT: unsupervised image-to-image translation with a generative prior.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)

Precision = Annotated[str, typer.Option(help="fp32, bf16, fp16 or auto.")]
Device = Annotated[str, typer.Option(help="cuda, mps, cpu or auto.")]


class UsageError(ValueError):
    """A request that cannot be met as it was typed; the message says why and what to do, in one sentence."""


@app.callback()
def commands() -> None:
    """GP-UNIT: unsupervised image-to-image translation with a generative prior."""


@app.command()
def translate(
    pictures: Annotated[list[Path], typer.Argument(help="Picture files, or folders of pictures.", show_default=False)],
    model: Annotated[str, typer.Option(help="Which translator; `python -m gpunit models` lists them.")],
    output: Annotated[Path, typer.Option(help="Folder for the results; made if missing.")],
    count: Annotated[int, typer.Option(help="Styles per picture.", min=1, max=64)] = 6,
    seed: Annotated[int, typer.Option(help="The same seed gives the same styles.", min=0)] = 0,
    temperature: Annotated[float, typer.Option(help="Variety of the styles; 0 gives the mean.", min=0, max=2)] = 1.0,
    exemplar: Annotated[
        list[Path] | None, typer.Option(help="Take the style from this target picture; may be repeated.")
    ] = None,
    precision: Precision = "auto",
    device: Device = "auto",
) -> None:
    """Translate pictures into the model's domain: one PNG per result, and sheet.png with all of them.

    Existing files are never overwritten: choose an output folder that holds no results of the same name.
    """
    paths = _expand(pictures)
    names = _result_names(paths)
    per_picture = len(exemplar) if exemplar else count
    planned = [[output / f"{name}-{i + 1:02d}.png" for i in range(per_picture)] for name in names]
    sheet_path = output / "sheet.png"
    for path in [*(p for row in planned for p in row), sheet_path]:
        if path.exists():
            raise UsageError(f"{path} exists already; choose another --output.")
    opened = [images.open_picture(path) for path in paths]
    exemplars = [images.open_picture(path) for path in exemplar or ()]
    translator = zoo.load(model, device, precision)
    if exemplars:
        styles = torch.cat([translator.style_of(picture) for picture in exemplars])
        headings = ["source", *(path.stem[:18] for path in exemplar or ())]
    else:
        styles = translator.sample(count, seed, temperature)
        headings = ["source", *(f"style {i + 1}" for i in range(count))]
    start = time.perf_counter()
    rows = []
    for picture, targets in track(
        list(zip(opened, planned, strict=True)), "Translating", console=console, transient=True
    ):
        results = translator.render(translator.plan(picture), styles)
        for result, path in zip(results, targets, strict=True):
            images.save_png(result, path)
        rows.append([images.cut(picture, translator.resolution), *results])
    images.save_png(images.sheet(rows, translator.resolution, headings), sheet_path)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(rows) * per_picture} pictures and sheet.png in {output} ({seconds:.1f} s)")


@app.command()
def models() -> None:
    """List the translators: name, domains, size, and whether the weights are here."""
    for spec in zoo.MODELS.values():
        where = f"{spec.path.stat().st_size / 1e6:.1f} MB" if spec.is_here else "not here"
        typer.echo(f"{spec.name:16} {spec.title:28} {spec.resolution} px   {where:>9}   {spec.licence}")


@app.command()
def distill(
    data: Annotated[Path, typer.Argument(help="Folder with one subfolder of pictures per domain.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run in it is resumed.")],
    output: Annotated[Path, typer.Option(help="The content encoder's file, .safetensors.")],
    domains: Annotated[str, typer.Option(help="The subfolders, in the order of their labels.")] = "cat,dog,bird,car",
    steps: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints, log lines and sheets.")] = 200,
) -> None:
    """Stage I: teach a small content encoder what layout is, from folders of real pictures."""
    from gpunit.recipes import SMALL, DistillationRecipe
    from gpunit.training import bundle, distillation

    folders = [data / name for name in domains.split(",")]
    distillation.distill(folders, DistillationRecipe(), run, steps, seed, save_every, report=_print_line)
    bundle.bundle_content_encoder(run, SMALL, output)
    typer.echo(f"{output} written")


@app.command()
def train(
    data: Annotated[Path, typer.Argument(help="Folder with one subfolder of pictures per domain.")],
    target: Annotated[str, typer.Option(help="The subfolder to translate to.")],
    sources: Annotated[str, typer.Option(help="The subfolders to translate from, separated by commas.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run in it is resumed.")],
    content_encoder: Annotated[Path, typer.Option(help="Content encoder, .safetensors, from `distill`.")],
    steps: Annotated[int, typer.Option(min=1)] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints, log lines and sheets.")] = 200,
) -> None:
    """Stage II: train a small translator on top of a content encoder."""
    from gpunit.recipes import AdversarialRecipe
    from gpunit.training import adversarial

    encoder = zoo.load_content_encoder(content_encoder, "small")
    adversarial.train(
        [data / name for name in sources.split(",")],
        data / target,
        encoder,
        AdversarialRecipe(),
        run,
        steps,
        seed,
        save_every,
        report=_print_line,
    )


@app.command()
def fit_sampler(
    run: Annotated[Path, typer.Argument(help="Folder of a run of `train`.")],
    target: Annotated[Path, typer.Option(help="Folder of target pictures.")],
    content_encoder: Annotated[Path, typer.Option(help="The content encoder the run was trained on.")],
    output: Annotated[Path, typer.Option(help="The translator's file, .safetensors.")],
    codes_seen: Annotated[int, typer.Option(help="Epochs times style codes.", min=1)] = 500_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
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


@app.command()
def evaluate(
    model: Annotated[str, typer.Option(help="Which translator.")],
    sources: Annotated[list[Path], typer.Option(help="Folder of source test pictures; may be repeated.")],
    target_test: Annotated[Path, typer.Option(help="Folder of real target pictures never trained on.")],
    target_train: Annotated[Path, typer.Option(help="Folder of real target training pictures, for the floor.")],
    net: Annotated[list[str] | None, typer.Option(help="efficientnet-lite0 or vgg16; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    device: Device = "auto",
) -> None:
    """Kernel distance of translated to real target pictures, beside that of the untranslated sources."""
    from gpunit import data, evaluation

    nets = net or ["efficientnet-lite0"]
    for name in nets:
        if name not in evaluation.NETS:
            raise UsageError(f"there is no net {name!r}; choose from {', '.join(evaluation.NETS)}.")
    if output and output.exists():
        raise UsageError(f"{output} exists already; choose another --output.")
    translator = zoo.load(model, device)

    def read(folder: Path, count: int | None = None) -> torch.Tensor:
        paths = images.list_pictures(folder)[:count]
        return data.to_unit(torch.stack([data.load_bytes(path, translator.resolution) for path in paths]))

    test = read(target_test)
    train_pictures = read(target_train, len(test))
    judges = [evaluation.Judge(name, test, train_pictures) for name in nets]
    rows = []
    for folder in sources:
        pictures = read(folder)
        styles = translator.sample(len(pictures), seed)
        results = [
            translator.render_tensor(translator.plan(picture), style[None])
            for picture, style in track(
                list(zip(images.to_pictures(pictures), styles, strict=True)), folder.name, console=console
            )
        ]
        for judge in judges:
            figures = judge.closeness(torch.cat(results).cpu(), pictures)
            rows.append({"source": folder.name, **figures.as_dict()})
            typer.echo(
                f"{folder.name:8} {judge.net_name:20} translated {figures.translated:8.4f}   "
                f"sources {figures.sources:8.4f}   floor {figures.floor:8.4f}   gap closed {figures.gap_closed:6.3f}"
            )
    if output:
        output.write_text(json.dumps({"model": model, "seed": seed, "rows": rows}, indent=2) + "\n")


def _print_line(line: dict[str, float]) -> None:
    typer.echo("  ".join(f"{name} {value:g}" for name, value in line.items()))


def _expand(pictures: list[Path]) -> list[Path]:
    return [path for given in pictures for path in (images.list_pictures(given) if given.is_dir() else [given])]


def _result_names(paths: list[Path]) -> list[str]:
    """File stems, numbered where two pictures would share one."""
    seen: dict[str, int] = {}
    names = []
    for path in paths:
        seen[path.stem] = seen.get(path.stem, 0) + 1
        names.append(path.stem if seen[path.stem] == 1 else f"{path.stem}-{seen[path.stem]}")
    return names


def main() -> None:
    """Run a command; what the user can mend ends with one sentence and exit code 2."""
    try:
        app(standalone_mode=True)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
