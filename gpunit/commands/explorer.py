"""prior axes, prior film, prior match, prior invert: what the BigGAN prior tab does, from the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit import files, images
from gpunit.commands.prior import Classes, Download, Mirror, PriorName, load_columns, render_prior
from gpunit.commands.shared import OTHER_OUTPUT, Device, Seed, UsageError, counting, finite, reporter

if TYPE_CHECKING:
    from gpunit.prior.biggan import LatentCodes, Prior
    from gpunit.prior.directions import Axes

Truncation = Annotated[float, typer.Option(min=0.02, max=1, callback=finite, help="Less is safer and more alike.")]
Row = Annotated[int, typer.Option(min=1, max=64, help="Which latent code of the seed.")]

# Places are told to a hundredth or so, whatever the resolution: features are no finer.
_PLACES = 128

prior_commands = typer.Typer(invoke_without_command=True)
prior_commands.callback(
    help="Render a sheet of pictures from shared latent codes; or look into the prior (see below)."
)(render_prior)


@prior_commands.command("axes")
def render_axes(
    output: Annotated[Path, typer.Option(help="The sheet's file, .png: a line for each axis and class.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,car",
    count: Annotated[int, typer.Option(min=1, max=24, help="How many axes.")] = 6,
    reach: Annotated[
        float, typer.Option(min=0.1, max=10, callback=finite, help="Standard deviations to each side.")
    ] = 2.0,
    judged: Annotated[
        int,
        typer.Option(min=0, max=1000, help="Also tell how often a classifier still finds the class, by so many codes."),
    ] = 0,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Render the principal axes of a prior's codes (GANSpace): five steps along each, in every class."""
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    from gpunit.prior.directions import Move, moved

    loaded, columns = load_columns(prior, classes, device, download, mirror)
    axes = _axes(loaded, prior)
    base = loaded.latents(1, seed, truncation)
    steps = [reach * place / 2 for place in range(-2, 3)]
    lines = []
    for axis in range(min(count, len(axes))):
        codes = [moved(base, axes, [Move(axis + 1, step)], len(loaded.layers)) for step in steps]
        grids = [loaded.grid(code, columns)[0] for code in codes]
        lines += [[images.to_pictures(grid)[column] for grid in grids] for column in range(len(columns))]
        typer.echo(f"axis {axis + 1}: {100 * float(axes.shares[axis]):.1f}% of the variance")
    files.save_png(images.sheet(lines, max(128, loaded.resolution), [f"{step:+g}" for step in steps]), output)
    if judged:
        _judge_axes(loaded, axes, classes.split(","), loaded.latents(judged, seed, truncation), reach, count)
    typer.echo(f"{output} written")


def _judge_axes(
    loaded: Prior, axes: Axes, names: Sequence[str], latents: LatentCodes, reach: float, count: int
) -> None:
    from gpunit.evaluation.axes import judge_at_hand, measure_axes

    labels = loaded.labels(names)  # a mixture has no class to be found
    judge, judge_name = judge_at_hand(loaded)
    with counting() as progress:
        rows = measure_axes(loaded, axes, labels, latents, judge, reach, count, reporter(progress, "Judging axes"))
    for row in rows:
        typer.echo(
            f"axis {row.axis}: {judge_name} still finds the class in {row.kept:.1%} of {row.pictures} pictures within "
            f"±{reach:g}, in {row.worst:.1%} of the worst class"
        )


@prior_commands.command("film")
def render_film(
    output: Annotated[Path, typer.Option(help="The film, .gif or .mp4.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    way: Annotated[str, typer.Option(help="codes, classes or axis: what changes from frame to frame.")] = "codes",
    move: Annotated[str, typer.Option(help="For axis: its number and how far, such as 3:2 or 3:2@0-4.")] = "1:2.5",
    codes: Annotated[int, typer.Option(min=1, max=64, help="Latent codes that the film goes over.")] = 4,
    frames: Annotated[int, typer.Option(min=2, max=2000, help="In all; the film is a loop.")] = 96,
    rate: Annotated[float, typer.Option(min=1, max=60, callback=finite, help="Frames a second.")] = 20.0,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Render a film, which is a loop: over latent codes, over classes, or along a principal axis."""
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    if output.suffix not in (".gif", ".mp4"):
        raise UsageError(f"a film is a .gif or an .mp4, not {output.name}; choose another --output.")
    from gpunit.prior import films
    from gpunit.prior.directions import read_move

    wanted = read_move(move)
    loaded, columns = load_columns(prior, classes, device, download, mirror)
    axes = _axes(loaded, prior) if way == films.AXIS else None
    latents = loaded.latents(codes, seed, truncation)
    pictures = []
    with counting() as progress:
        show = reporter(progress, "Rendering frames")
        for frame in films.film(loaded, way, latents, columns, frames, axes, wanted):
            pictures.append(images.sheet([images.to_pictures(frame)], loaded.resolution))
            show(len(pictures), frames)
    output.parent.mkdir(parents=True, exist_ok=True)
    images.save_animation(pictures, output, rate)
    typer.echo(f"{output} written")


@prior_commands.command("match")
def find_matches(
    place: Annotated[str, typer.Option(help="Left,top of a place, or left,top,right,bottom of a region, from 0 to 1.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    column: Annotated[int, typer.Option(min=1, help="Which class's picture it is in, counted from 1.")] = 1,
    row: Row = 1,
    layer: Annotated[int, typer.Option(min=0, help="Whose features are compared.")] = 3,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Find a place or region of one picture in those that its latent code makes in other classes; prints JSON."""
    from gpunit.prior.classes import shown_name
    from gpunit.prior.correspondence import cell_of, find_place, find_region

    box = read_box(place)
    loaded, columns = load_columns(prior, classes, device, download, mirror)
    if column > len(columns):
        raise UsageError(f"there are {len(columns)} classes; --column goes from 1 to {len(columns)}.")
    features = loaded.features(loaded.named_latents([(seed, row - 1)] * len(columns), truncation), columns, layer=layer)
    size = _PLACES
    titles = [shown_name(each, loaded.class_names) for each in columns]
    if len(box) == 2:
        y, x = cell_of(box[0], box[1], size)
        found = find_place(features, column - 1, y, x, size)
        for index, title in enumerate(titles):
            down, across = (found.places[index] / size).tolist()
            numbers = {"best": found.best, "second": found.second, "same": found.same}
            line = {key: round(float(value[index]), 3) for key, value in numbers.items()}
            typer.echo(json.dumps({"class": title, "across": round(across, 3), "down": round(down, 3), **line}))
        return
    region = find_region(features, column - 1, (box[0], box[1], box[2], box[3]))
    for index, title in enumerate(titles):
        values = {"similarity": region.similarity, "share": region.share, "overlap": region.overlap}
        line = {key: round(float(value[index]), 3) for key, value in values.items()}
        typer.echo(json.dumps({"class": title, **line}))


@prior_commands.command("invert")
def invert_photo(
    photo: Annotated[Path, typer.Argument(help="The picture.")],
    output: Annotated[Path, typer.Option(help="The sheet's file, .png: the picture, what was found, other classes.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    steps: Annotated[int, typer.Option(min=0, max=5000, help="Of the optimisation; 0 takes the best start.")] = 150,
    encoder: Annotated[
        bool,
        typer.Option(help="Start from the encoder's code, where there is an encoder; else from sampled ones."),
    ] = True,
    truncation: Annotated[
        float, typer.Option(min=0.02, max=1, callback=finite, help="Codes are kept within it; less is more typical.")
    ] = 1.0,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Find the latent code and class mixture of any picture by optimisation, and render the code in other classes."""
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    from gpunit.prior.biggan import LatentCodes
    from gpunit.prior.classes import written_column
    from gpunit.prior.inversion import SIDE, invert

    loaded, columns = load_columns(prior, classes, device, download, mirror)
    seen = images.cut(images.open_picture(photo), max(SIDE, loaded.resolution))
    begun = time.perf_counter()
    with counting() as progress:
        show = reporter(progress, "Optimising")
        for state in invert(loaded, images.to_tensor(seen), steps, 10, None, truncation, seed, encoder):
            show(state.step, steps)
    seconds = time.perf_counter() - begun
    (row,) = loaded.grid(LatentCodes(state.code[None], truncation), columns)
    found = images.to_pictures(state.picture[None])
    sheet = images.sheet(
        [[seen, *found, *images.to_pictures(row)]], seen.width, ["photo", "found", *classes.split(",")]
    )
    files.save_png(sheet, output)
    written = written_column(state.column, loaded.class_names, len(loaded.layers))
    typer.echo(f"{output} written: {written}, feature distance {state.distance:.3f} after {seconds:.0f} s")


def read_box(text: str, option: str = "--place", lengths: tuple[int, ...] = (2, 4)) -> list[float]:
    """A place (left, top), or a box (left, top, right, bottom), as an option takes it.

    Raises:
        UsageError: for anything else.
    """
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError:
        parts = []
    ordered = len(parts) == 2 or all(low <= high for low, high in zip(parts[:2], parts[2:], strict=False))
    if len(parts) not in lengths or not ordered or not all(0 <= part <= 1 for part in parts):
        many = " or ".join({2: "two", 4: "four"}[length] for length in lengths)
        example = ",".join(["0.5,0.4", "0.7,0.6"][: lengths[0] // 2])
        raise UsageError(f"{option} takes {many} numbers from 0 to 1, such as {example}, not {text!r}.")
    return parts


def _axes(loaded: Prior, name: str) -> Axes:
    """The axes of a prior's features at 8x8, which the page shows too."""
    from gpunit.prior.directions import kept_axes
    from gpunit.prior.loading import fingerprint
    from gpunit.prior.table import last_within

    return kept_axes(loaded, fingerprint(name), last_within(loaded.layers))
