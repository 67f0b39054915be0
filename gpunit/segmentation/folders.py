"""Shape maps of the pictures of a folder, and on demand the pictures cut to their objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image
from torch import Tensor

from gpunit import files, images
from gpunit.engine.batch import ALL, Share
from gpunit.segmentation.instances import COCO_GROUPS, path_group
from gpunit.segmentation.shapes import Finder, SegmentationError, Shape, object_crop


def segment_folder(
    folder: Path,
    output: Path,
    find: Finder,
    groups: Callable[[Path], str] = lambda path: "",
    cropped: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
    share: Share = ALL,
) -> list[Path]:
    """Write the shape map of every picture of a folder and its subfolders; resumes where it was stopped.

    Args:
        folder: the pictures.
        output: maps go here, under the paths of `images.result_paths`, as 8-bit greyscale PNG: 255 is the object.
        find: from `methods.shape_finder`.
        groups: of a picture's path, the group that `find` looks for; see `groups_by_folder`.
        cropped: if given, every picture is cut to its `object_crop`, its map is cut likewise, and the cut picture
            is written here under the same relative path, as PNG.
        report: called with (pictures done, pictures in the share).
        share: which of the pictures are this process's.

    Returns:
        The pictures in which nothing was found; they get no map, and the next run tries them again.

    Raises:
        PictureError: if the folder is missing, holds no pictures, or one of them is damaged.
        SegmentationError: if results would lie among the pictures, or for `cropped` with a method that gives no
            boxes.
    """
    covered = images.survey_folder(folder).covers
    for results in (output, *([cropped] if cropped else [])):
        if covered(results):
            raise SegmentationError(f"{results} lies inside {folder}; choose a folder outside of it for the results.")
    paths = images.list_pictures(folder)
    planned = list(zip(paths, images.result_paths(folder, paths, output), strict=True))[share.index :: share.count]
    empty = []
    for done, (path, result) in enumerate(planned, start=1):
        # The map is written last, so that its presence says that the picture is done.
        if not result.exists():
            picture = images.open_picture(path)
            shape = find(picture, groups(path))
            if shape is None:
                empty.append(path)
            else:
                grey = map_picture(shape.map)
                if cropped:
                    square = _square(shape, picture)
                    files.save_png(picture.crop(square), cropped / result.relative_to(output))
                    grey = grey.crop(square)
                files.save_png(grey, result)
        report(done, len(planned))
    return empty


def groups_by_folder(folder: Path) -> dict[Path, str]:
    """The group of every picture of a folder, by its path: what its nearest folder tells that tells one.

    Raises:
        PictureError: if the folder is missing or holds no pictures.
        SegmentationError: if pictures lie in folders whose names tell no group.
    """
    root = folder.resolve().name
    groups = {path: path_group(Path(root) / path.relative_to(folder)) for path in images.list_pictures(folder)}
    untold = sorted({path.parent for path, group in groups.items() if group is None})
    if untold:
        more = f" and {len(untold) - 1} more" if len(untold) > 1 else ""
        raise SegmentationError(
            f"{untold[0]}{more}: the name does not tell what the pictures show; name it like 151_dog or horse, or say "
            f"it for all pictures with --group ({', '.join(COCO_GROUPS)})."
        )
    return {path: group for path, group in groups.items() if group is not None}


def _square(shape: Shape, picture: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the square around the object."""
    if shape.box is None:
        raise SegmentationError("this method gives no boxes to crop by; crop with --method htc, mask-rcnn or salient.")
    left, top, side = object_crop(shape.box, *picture.size)
    return left, top, left + side, top + side


def map_picture(shape: Tensor) -> Image.Image:
    """Shape map (1, H, W) in [-1, 1] -> 8-bit greyscale picture."""
    return images.to_pictures(shape[None].expand(-1, 3, -1, -1))[0].convert("L")
