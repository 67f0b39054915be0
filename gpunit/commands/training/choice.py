"""choose: the real pictures that stage I learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunit.commands.shared import Device, counting, finite, reporter


def choose(
    real: Annotated[Path, typer.Argument(help="Real pictures, one subfolder per class.")],
    maps: Annotated[Path, typer.Option(help="Their shape maps from `segment`.")],
    like: Annotated[
        Path, typer.Option(help="Pictures from `synthesize`, whose subfolders have the names of the real ones.")
    ],
    output: Annotated[Path, typer.Option(help="New folder: pictures/CLASS and maps/CLASS, for `distill`.")],
    keep: Annotated[int, typer.Option(min=1, help="Of every class, so many: those most like its pairs.")] = 600,
    minimum_share: Annotated[
        float,
        typer.Option(min=0, max=1, callback=finite, help="Drop pictures whose object covers less than this share."),
    ] = 0.05,
    minimum_side: Annotated[
        int, typer.Option(min=0, help="Drop pictures whose object has less pixels than a square of this side.")
    ] = 0,
    net: Annotated[
        str,
        typer.Option(help="Whose features tell likeness: efficientnet-lite0, vgg16 or the paper's vgg19."),
    ] = "efficientnet-lite0",
    copy: Annotated[bool, typer.Option("--copy", help="Copy pictures and maps instead of linking to them.")] = False,
    device: Device = "auto",
) -> None:
    """Choose real pictures as the paper does: drop small objects, rank by likeness to the pairs, keep so many.

    A batch of 32 pictures is in memory at a time.
    """
    from gpunit.engine.device import pick_device
    from gpunit.training.selection import SelectionSettings, select_pictures

    settings = SelectionSettings(keep, minimum_share, minimum_side, net, copy)
    with counting() as progress:
        chosen = select_pictures(
            real, maps, like, output, settings, pick_device(device), reporter(progress, "Looking at pictures")
        )
    for each in chosen:
        dropped = (("without a map", each.without_map), ("small", each.small), ("broken", each.broken))
        why = ", ".join(f"{count} {what}" for what, count in dropped if count)
        unranked = "" if each.ranked else "; the first by name, as none were synthesized"
        typer.echo(f"{each.name}: {len(each.chosen)} of {each.pictures}{f' ({why})' if why else ''}{unranked}")
    typer.echo(f"{sum(len(each.chosen) for each in chosen)} pictures in {output}")
