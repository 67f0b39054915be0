"""prior agreement, prior correspondence: what a prior's classes share, in numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import torch
import torch.nn.functional as F
import typer
from rich.table import Table

from gpunit import files, images, zoo
from gpunit.commands.explorer import Truncation, prior_commands
from gpunit.commands.prior import Classes, Download, Mirror, PriorName, load_with_bar
from gpunit.commands.shared import OTHER_OUTPUT, Device, Seed, UsageError, counting, listed, print_table, reporter
from gpunit.imagenet import PAPER_CLASSES

if TYPE_CHECKING:
    from torch import Tensor

    from gpunit.evaluation.agreement import Agreement

_SEEN = 128  # what E_c sees, in pixels


@prior_commands.command("agreement")
def measure_agreement(
    output: Annotated[Path, typer.Option(help="The picture, .png: a matrix of contents beside one of features.")],
    prior: PriorName = "prior-small",
    classes: Annotated[
        str | None,
        typer.Option(help="Names, numbers or mixtures, separated by commas; or `paper`, its 291.", callback=listed),
    ] = None,
    spread: Annotated[int, typer.Option(min=2, help="Without --classes: so many, spread over all.")] = 200,
    codes: Annotated[int, typer.Option(min=2, max=1000, help="Latent codes, each rendered as every class.")] = 24,
    content_encoder: Annotated[str, typer.Option(help="E_c.")] = zoo.SMALL_CONTENT_ENCODER,
    figures: Annotated[Path | None, typer.Option(help="Write the numbers to this JSON file.")] = None,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Measure how far every two classes agree for one latent code, and order them by similarity.

    0: the class leaves no trace; 1: two classes of one code differ as much as two codes.  Contents are E_c's, features
    the generator's at 8x8.
    """
    for path in filter(None, (output, figures)):
        files.refuse_existing(path, advice=OTHER_OUTPUT)
    from gpunit.evaluation import agreement
    from gpunit.prior.classes import shown_name

    asked = list(map(str, PAPER_CLASSES)) if classes == "paper" else classes.split(",") if classes else []
    encoder = zoo.load_content_encoder(zoo.stored(f"{content_encoder}.safetensors"), "small").eval()
    loaded = load_with_bar(prior, device, download, asked, mirror)
    encoder = encoder.to(loaded.device)
    names = asked or [str(number) for number in agreement.spread_classes(spread, len(loaded.class_names))]
    columns = loaded.columns(names)
    titles = [shown_name(column, loaded.class_names, 30) for column in columns]

    @torch.inference_mode()
    def contents_of(pictures: Tensor) -> Tensor:
        seen = F.interpolate(pictures.to(loaded.device), (_SEEN, _SEEN), mode="bilinear", antialias=True)
        return encoder(seen).content.cpu()

    with counting() as progress:
        show = reporter(progress, "Rendering pictures")
        for state in agreement.measure_agreement(loaded, columns, loaded.latents(codes, seed, truncation), contents_of):
            show(state.done, state.total)
    _write_agreement(state, titles, output, figures, prior)


def _write_agreement(state: Agreement, titles: list[str], output: Path, figures: Path | None, prior: str) -> None:
    from gpunit.evaluation.agreement import as_pictures, cluster, typical

    assert state.content is not None
    assert state.features is not None
    mean = (state.content + state.features) / 2
    found = cluster(mean)
    if figures:
        ordered = {
            name: [[round(value, 4) for value in row] for row in matrix[found.order][:, found.order].tolist()]
            for name, matrix in (("content", state.content), ("features", state.features))
        }
        groups = [[titles[number] for number in group] for group in found.groups]
        files.write_json(figures, {"prior": prior, "codes": state.codes, "groups": groups, **ordered})
    both = [drawn.picture for drawn in as_pictures(state, titles, found)]
    files.save_png(images.side_by_side(both), output)
    for number, group in enumerate(found.groups if len(found.groups) > 1 else [], start=1):
        shown = ", ".join(titles[member] for member in typical(group, mean))
        typer.echo(f"group {number}: {len(group)} classes, such as {shown}")
    off = len(titles) * (len(titles) - 1)
    for name, matrix in (("contents", state.content), ("features", state.features)):
        typer.echo(f"{name} of one code across classes, in units of different codes: {float(matrix.sum()) / off:.3f}")
    typer.echo(f"{output} written")


@prior_commands.command("correspondence")
def measure_correspondence(
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    codes: Annotated[int, typer.Option(min=2, max=1000, help="Latent codes, each rendered as every class.")] = 24,
    places: Annotated[int, typer.Option(min=1, max=1000, help="Places looked for in every picture.")] = 24,
    output: Annotated[Path | None, typer.Option(help="Write the numbers to this JSON file.")] = None,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Measure how often each layer finds a place of an object inside the object of another class.

    Points are percentage points above what the same position finds.  Objects are found by class activation.
    """
    if output:
        files.refuse_existing(output, advice=OTHER_OUTPUT)
    from gpunit.evaluation import correspondence
    from gpunit.networks.frozen.efficientnet import EfficientNetLite0
    from gpunit.segmentation.class_activation import maps_of_rendered

    names = classes.split(",")
    if len(names) < 2:
        raise UsageError("correspondence is measured between classes; give two at least, such as --classes cat,dog.")
    loaded = load_with_bar(prior, device, download, names, mirror)
    classifier = EfficientNetLite0().to(loaded.device)

    def masks_of(pictures: Tensor) -> Tensor:
        return maps_of_rendered(classifier, pictures, loaded.device)

    latents, rows = loaded.latents(codes, seed, truncation), []
    columns = loaded.columns(names)
    with counting() as progress:
        show = reporter(progress, "Latent codes")
        for rows in correspondence.measure_correspondence(loaded, columns, latents, masks_of, places, seed):
            show(rows[0].codes, codes)
    if not rows:
        raise UsageError("no object was found in any picture; choose other --classes or a lower --truncation.")
    if output:
        lines = [{**vars(row), "points": row.points} for row in rows]
        files.write_json(output, {"prior": prior, "classes": names, "truncation": truncation, "layers": lines})
    table = Table("layer", "map", "inside the object", "same position", "points above", title=prior)
    for row in rows:
        points = f"{row.points:+.1f} ± {100 * row.error:.1f}"
        table.add_row(str(row.number), f"{row.size}x{row.size}", f"{row.matched:.1%}", f"{row.same:.1%}", points)
    print_table(table, 100)
