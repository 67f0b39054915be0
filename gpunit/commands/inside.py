"""prior activations, prior units, prior switch: what the units of a prior's layers respond to, and what they cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpunit import files, images
from gpunit.commands.explorer import Row, Truncation, read_box
from gpunit.commands.prior import Classes, Download, Mirror, PriorName, load_columns
from gpunit.commands.shared import OTHER_OUTPUT, Device, Seed, UsageError, counting, reporter

if TYPE_CHECKING:
    from torch import Tensor

Layer = Annotated[int, typer.Option(min=0, help="The generator's layer, counted from 0.")]


def render_activations(
    output: Annotated[Path, typer.Option(help="The sheet's file, .png: pictures with their heatmaps below.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    layer: Layer = 3,
    unit: Annotated[
        int | None, typer.Option(min=0, help="One of the layer's units; by default the root mean square of all.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=64, help="Latent codes.")] = 2,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Render how active a layer of the generator is in every place of its pictures, all on one scale."""
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    import torch

    from gpunit.engine import masks
    from gpunit.prior.classes import shown_name
    from gpunit.prior.units import activations

    loaded, columns = load_columns(prior, classes, device, download, mirror)
    latents = loaded.latents(rows, seed, truncation)
    grid = loaded.grid(latents, columns)
    one = type(latents)
    maps = torch.stack(
        [
            activations(loaded, one(code.expand(len(columns), -1), truncation), columns, layer, unit)
            for code in latents.codes
        ]
    )
    maps -= maps.min()
    side, top = max(128, loaded.resolution), masks.top_of(maps)
    lines = []
    for pictures, heats in zip(map(images.to_pictures, grid), maps, strict=True):
        heated = [masks.heatmap(heat, side, "inferno", top) for heat in heats]
        lines += [pictures, [masks.overlay(*pair, 0.6) for pair in zip(pictures, heated, strict=True)]]
    files.save_png(images.sheet(lines, side, [shown_name(each, loaded.class_names) for each in columns]), output)
    typer.echo(f"{output} written")


def rank_units(
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    layer: Layer = 3,
    count: Annotated[int, typer.Option(min=1, max=4096, help="How many units are printed.")] = 12,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Rank a layer's units by how well they follow the object (GAN Dissection); prints JSON.

    The object's mask is found by class activation, with EfficientNet-Lite0.
    """
    from gpunit.networks.frozen.efficientnet import EfficientNetLite0
    from gpunit.prior.units import dissect
    from gpunit.segmentation.class_activation import maps_of_rendered

    loaded, columns = load_columns(prior, classes, device, download, mirror)
    classifier = EfficientNetLite0().to(loaded.device)

    def find_masks(pictures: Tensor) -> Tensor:
        return maps_of_rendered(classifier, pictures, loaded.device)

    with counting() as progress:
        show = reporter(progress, "Comparing units with masks")
        found = dissect(loaded, layer, columns, find_masks, seed, truncation, show)
    for unit in found.ranking()[:count]:
        numbers = {"overlap": found.overlaps[unit], "threshold": found.thresholds[unit]}
        line = {"unit": unit, **{key: round(float(value), 4) for key, value in numbers.items()}}
        typer.echo(json.dumps({**line, "chance": round(found.chance, 4)}))


def switch_units(
    units: Annotated[str, typer.Argument(help="Their numbers, with commas between them.")],
    output: Annotated[Path, typer.Option(help="The sheet's file, .png: before and after.")],
    prior: PriorName = "prior-small",
    classes: Classes = "cat,dog,bird,car",
    layer: Layer = 3,
    level: Annotated[str, typer.Option(help="off, held at a low level, or on, at a high one.")] = "off",
    region: Annotated[str, typer.Option(help="Left,top,right,bottom, from 0 to 1.")] = "0,0,1,1",
    row: Row = 1,
    truncation: Truncation = 0.7,
    seed: Seed = 0,
    download: Download = False,
    mirror: Mirror = "",
    device: Device = "auto",
) -> None:
    """Switch units of a layer off or on, in a region, in every class at once."""
    files.refuse_existing(output, advice=OTHER_OUTPUT)
    import numpy as np

    from gpunit.prior.classes import shown_name
    from gpunit.prior.units import find_levels, read_units, switch

    if level not in ("off", "on"):
        raise UsageError(f"--level is off or on, not {level!r}.")
    box, wanted = read_box(region, "--region", (4,)), read_units(units)
    loaded, columns = load_columns(prior, classes, device, download, mirror)
    side = max(128, loaded.resolution)
    left, top, right, bottom = (round(part * side) for part in box)
    inside = np.zeros((side, side), bool)
    inside[top:bottom, left:right] = True
    edit = switch(find_levels(loaded, layer, columns, truncation=truncation), wanted, level == "on", inside)
    latents = loaded.named_latents([(seed, row - 1)], truncation)
    lines = [images.to_pictures(loaded.grid(latents, columns, change)[0]) for change in (None, edit)]
    files.save_png(images.sheet(lines, side, [shown_name(each, loaded.class_names) for each in columns]), output)
    typer.echo(f"{output} written")
