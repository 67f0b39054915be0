"""segment: shape maps of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunit import zoo
from gpunit.commands.shared import Device, UsageError, counting, reporter


def segment(
    data: Annotated[Path, typer.Argument(help="Folder of pictures; subfolders are kept.")],
    output: Annotated[Path, typer.Option(help="Folder for the maps, one PNG per picture; existing ones are kept.")],
    method: Annotated[
        str, typer.Option(help="htc (instance maps, as in the paper) or class-activation (substitute, no download).")
    ],
    group: Annotated[str, typer.Option(help="htc: which objects; dog, animal, bird or vehicle.")] = "animal",
    checkpoint: Annotated[Path | None, typer.Option(help="htc: the detector's weights.")] = None,
    download: Annotated[bool, typer.Option("--download", help="htc: fetch the detector's weights.")] = False,
    crop: Annotated[bool, typer.Option("--crop", help="htc: also write the square around the object.")] = False,
    device: Device = "auto",
) -> None:
    """Shape maps of every picture of a folder, for `distill`."""
    from gpunit.segmentation import folders, htc, methods

    if method not in methods.METHODS:
        raise UsageError(f"there is no method {method!r}; choose from {', '.join(methods.METHODS)}.")
    with counting() as progress:
        if download and method == "htc" and checkpoint is None:
            checkpoint = htc.download_htc(zoo.checkpoints_folder(), report=reporter(progress, "Downloading HTC"))
        find = methods.shape_finder(method, checkpoint=checkpoint, group=group, device=device)
        empty = folders.segment_folder(
            data,
            output / "maps" if crop else output,
            find,
            cropped=output / "pictures" if crop else None,
            report=reporter(progress, "Shape maps"),
        )
    for path in empty:
        typer.echo(f"nothing found in {path}")
    typer.echo(f"maps in {output}")
