"""segment: shape maps of pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from gpunit import zoo
from gpunit.commands.shared import Device, UsageError, counting, own_device, reporter
from gpunit.engine.batch import Share


def segment(
    data: Annotated[Path, typer.Argument(help="Folder of pictures, of one kind or of many; subfolders are kept.")],
    output: Annotated[Path, typer.Option(help="Folder for the maps, one PNG per picture; existing ones are kept.")],
    method: Annotated[
        str,
        typer.Option(
            help="htc (instance maps, as in the paper), mask-rcnn (torchvision's), salient (an .onnx file of IS-Net or "
            "U²-Net: what stands out, of any class) or class-activation (substitute, no download)."
        ),
    ],
    group: Annotated[
        str | None,
        typer.Option(
            help="htc, mask-rcnn: which objects, in all folders: dog, animal, bird, vehicle or person; by default each "
            "folder's name tells it (151_dog, horse, car, face)."
        ),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", "--checkpoint", help="The network's file, .pth or .onnx.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="htc, mask-rcnn: fetch the weights where they are not here.")
    ] = False,
    mirror: Annotated[
        str,
        typer.Option(help="Folder address or Hugging Face repository (owner/name) that --download asks first."),
    ] = "",
    crop: Annotated[
        bool, typer.Option("--crop", help="Also write the square around the object; not with class-activation.")
    ] = False,
    scale: Annotated[
        int | None,
        typer.Option(
            min=64,
            max=2048,
            help="Side that pictures are enlarged or reduced to first: htc, mask-rcnn the shorter one, by default 800 "
            "(less is faster where pictures are small); salient what its file takes, by default 1024.",
        ),
    ] = None,
    device: Device = "auto",
) -> None:
    """Shape maps of every picture of a folder, for `distill` and `choose`.

    One picture is in memory at a time.  Under `accelerate launch` or torchrun the processes share the pictures.
    """
    from gpunit.segmentation import folders, instances, methods

    if method not in methods.METHODS:
        raise UsageError(f"there is no method {method!r}; choose from {', '.join(methods.METHODS)}.")
    _refuse_options_of_others(method, weights, download, scale, crop)
    groups: Callable[[Path], str] = lambda path: group or ""  # noqa: E731
    if group is not None:
        instances.group_labels(group)  # refuses a mistyped group before anything is loaded
    elif method in methods.DETECTING:
        groups = folders.groups_by_folder(data).__getitem__
    share = Share.of(os.environ)
    with counting(shown=share.index == 0) as progress:
        if download and weights is None:
            weights = _download(method, mirror, progress)
        empty = folders.segment_folder(
            data,
            output / "maps" if crop else output,
            methods.shape_finder(method, weights=weights, scale=scale, device=own_device(device, share)),
            groups,
            cropped=output / "pictures" if crop else None,
            report=reporter(progress, "Shape maps"),
            share=share,
        )
    for path in empty:
        typer.echo(f"nothing found in {path}")
    if share.index == 0:
        typer.echo(f"maps in {output}")


def _refuse_options_of_others(method: str, weights: Path | None, download: bool, scale: int | None, crop: bool) -> None:
    """Stop where an option is for another method, and would be passed over."""
    if method == "class-activation" and (weights or download or scale or crop):
        raise UsageError(
            "class-activation takes no --weights, --download, --scale or --crop; leave them out, or choose another "
            "--method."
        )
    if method == "salient" and download:
        raise UsageError("nothing is downloaded for salient; name an .onnx file with --weights.")


def _download(method: str, mirror: str, progress: Progress) -> Path:
    """Fetch the weights of a method, unless they are here."""
    folder, show = zoo.checkpoints_folder(), reporter(progress, f"Downloading {method}'s weights")
    if method == "htc":
        from gpunit.segmentation.htc import download_htc

        return download_htc(folder, mirror=mirror, report=show)
    from gpunit.segmentation.mask_rcnn import download_mask_rcnn

    return download_mask_rcnn(folder, mirror, show)
