"""The paper's choice of real pictures for stage I (section 3, "ImageNet291").

Pictures whose object is small are dropped; the others are ranked by how near their features are to the mean feature of
the pictures that a prior synthesized of the same class, and the nearest are kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gpunit import files, images
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.frozen.vgg import VGG16, VGG19Means
from gpunit.training.broken import leave_out
from gpunit.training.trainer import CPU

# Side of the squares that the network sees, and how many at a time.
_SIDE, _BATCH = 224, 32


class SelectionError(ValueError):
    """Pictures that cannot be chosen from as asked; the message says why and what to do, in one sentence."""


class Ranker(Protocol):
    """A frozen network whose pooled features rank pictures."""

    def pooled(self, picture: Tensor) -> Tensor:
        """Features (B, C) of pictures (B, 3, H, W) in [-1, 1]."""


RANKERS: dict[str, Callable[[], EfficientNetLite0 | VGG16 | VGG19Means]] = {
    "efficientnet-lite0": EfficientNetLite0,
    "vgg16": VGG16,
    "vgg19": VGG19Means,
}


@dataclass(frozen=True)
class SelectionSettings:
    """Which pictures are kept.

    Attributes:
        keep: of every class, so many at most.
        minimum_share: drop pictures whose object covers less than this share of them.
        minimum_side: drop pictures whose object has less pixels than a square of this side.
        net: the network that ranks, one of `RANKERS`; the paper's is vgg19.
        copies: whether pictures and maps are copied; else they are links to those that were chosen from.
    """

    keep: int = 600
    minimum_share: float = 0.05
    minimum_side: int = 0
    net: str = "efficientnet-lite0"
    copies: bool = False

    def __post_init__(self) -> None:
        if self.net not in RANKERS:
            raise SelectionError(f"there is no net {self.net!r}; choose from {', '.join(RANKERS)}.")


@dataclass(frozen=True)
class ClassSelection:
    """What became of the pictures of one class.

    Attributes:
        name: its folder's.
        pictures: how many there were.
        without_map: no object was found in these.
        small: the object of these is small.
        broken: these cannot be read.
        ranked: whether the others were ranked; a class that was not synthesized is not.
        chosen: the pictures that are kept, nearest first, and each one's map.
    """

    name: str
    pictures: int
    without_map: int
    small: int
    broken: int
    ranked: bool
    chosen: tuple[tuple[Path, Path], ...]


def select_pictures(
    real: Path,
    maps: Path,
    synthesized: Path,
    output: Path,
    settings: SelectionSettings,
    device: torch.device = CPU,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[ClassSelection]:
    """Choose real pictures, class by class, and write a folder of them and of their maps, whole or not at all.

    A batch of pictures is in memory at a time.  Classes that were not synthesized, such as faces, are not ranked: of
    them the first by name are kept.

    Args:
        real: one subfolder of pictures per class.
        maps: their shape maps, from `segment`.
        synthesized: pictures from `synthesize`, in subfolders of the same names.
        output: gets pictures/<class>/... and maps/<class>/..., and choice.json, which tells how they were chosen.
        settings: which pictures are kept.
        device: where features are computed.
        report: called with (pictures done, pictures in all).

    Raises:
        SelectionError: if `real` has no subfolders, none of them was synthesized, nothing is left, or `output` lies in
            it.
        FileExistsError: if `output` is there and not empty.
        PictureError: for a folder without pictures.
    """
    files.refuse_filled(output)
    if images.survey_folder(real).covers(output):
        raise SelectionError(f"{output} lies inside {real}; choose a folder outside of it.")
    classes = class_folders(real)
    if not any((synthesized / folder.name).is_dir() for folder in classes):
        raise SelectionError(
            f"{synthesized} has none of {real}'s subfolders ({classes[0].name}, ...); name them alike, as `synthesize` "
            "does."
        )
    net = RANKERS[settings.net]().to(device)
    of_class = {folder: images.list_pictures(folder) for folder in classes}
    total, done, chosen = sum(map(len, of_class.values())), 0, []
    for folder, paths in of_class.items():
        like = synthesized / folder.name
        wanted = _mean_feature(net, like, device) if like.is_dir() else None
        chosen.append(_select(folder, paths, maps / folder.name, wanted, net, settings, device))
        done += len(paths)
        report(done, total)
    if not any(each.chosen for each in chosen):
        raise SelectionError(
            f"no picture of {real} is left: {sum(c.without_map for c in chosen)} have no map in {maps}, and the object "
            f"of {sum(c.small for c in chosen)} is small; make maps with `segment`, or lower the minimum."
        )
    with files.folder_written_beside(output) as partial:
        for each in chosen:
            _write_class(each, real / each.name, partial, settings.copies)
        files.write_json(partial / "choice.json", _note(real, synthesized, settings, chosen))
    return chosen


def class_folders(root: Path) -> list[Path]:
    """The subfolders of a folder with one for each class, by name; hidden ones and those without pictures left out.

    Raises:
        SelectionError: if there are none.
        PictureError: if the folder is missing.
    """
    parents = {path.relative_to(root).parts[0] for path in images.survey_folder(root).pictures if path.parent != root}
    if not parents:
        raise SelectionError(f"{root} has no subfolders of pictures; give a folder with one for each class.")
    return [root / name for name in sorted(parents)]


def _select(
    folder: Path,
    paths: Sequence[Path],
    maps: Path,
    wanted: Tensor | None,
    net: Ranker,
    settings: SelectionSettings,
    device: torch.device,
) -> ClassSelection:
    """Choose among the pictures of one class; `wanted` is the feature (C,) that they are ranked by."""
    pairs = list(zip(paths, images.result_paths(folder, paths, maps), strict=True))
    located = [pair for pair in pairs if pair[1].is_file()]
    large = [pair for pair in located if _is_large(pair[1], settings)]
    if wanted is None:
        sound, chosen = large, large[: settings.keep]
    else:
        distances = _distances(net, [path for path, _ in large], wanted, device)
        sound = [pair for pair in large if pair[0] in distances]
        # Equally near ones in the order of their names.
        chosen = sorted(sound, key=lambda pair: distances[pair[0]])[: settings.keep]
    return ClassSelection(
        folder.name,
        len(pairs),
        len(pairs) - len(located),
        len(located) - len(large),
        len(large) - len(sound),
        wanted is not None,
        tuple(chosen),
    )


def _is_large(path: Path, settings: SelectionSettings) -> bool:
    """Whether the object of a map is large enough; the map has its picture's size."""
    shape = np.asarray(images.open_picture(path).convert("L")) > 127
    return shape.mean() >= settings.minimum_share and shape.sum() >= max(1, settings.minimum_side**2)


def _distances(net: Ranker, paths: Sequence[Path], wanted: Tensor, device: torch.device) -> dict[Path, float]:
    """How far the features of pictures are from a wanted one; those that cannot be read are named and left out."""
    found: dict[Path, float] = {}
    for some, batch in _readable(paths):
        with torch.inference_mode():
            apart = (net.pooled(batch.to(device)).cpu() - wanted).square().sum(1).sqrt()
        found.update(zip(some, apart.tolist(), strict=True))
    return found


def _readable(paths: Sequence[Path]) -> Iterator[tuple[list[Path], Tensor]]:
    """Pictures (B, 3, S, S) in [-1, 1] and their paths, a batch at a time, without those that cannot be read."""
    for start in range(0, len(paths), _BATCH):
        some, squares = [], []
        for path in paths[start : start + _BATCH]:
            try:
                squares.append(images.load_square(path, _SIDE))
                some.append(path)
            except images.PictureError as error:
                leave_out(error)
        if some:
            yield some, images.from_uint8(torch.stack(squares))


@torch.inference_mode()
def _mean_feature(net: Ranker, folder: Path, device: torch.device) -> Tensor:
    """The mean feature (C,) of the pictures of a folder."""
    total, count = torch.zeros(()), 0
    for some, batch in _readable(images.list_pictures(folder)):
        total, count = total + net.pooled(batch.to(device)).sum(0).double().cpu(), count + len(some)
    if not count:
        raise SelectionError(f"{folder} holds no picture that can be read; synthesize the class anew.")
    return (total / count).float()


def _write_class(selection: ClassSelection, folder: Path, output: Path, copies: bool) -> None:
    """Copies of, or links to, the chosen pictures of a class and their maps."""
    paths = sorted(path for path, _ in selection.chosen)
    map_of = dict(selection.chosen)
    # Named anew: which names a map's depends on has changed.
    results = images.result_paths(folder, paths, output / "maps" / selection.name)
    for path, result in zip(paths, results, strict=True):
        _put(path, output / "pictures" / selection.name / path.relative_to(folder), copies)
        _put(map_of[path], result, copies)


def _put(source: Path, path: Path, copies: bool) -> None:
    """A copy of a file, or a link to it where the system makes links."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not copies:
        try:
            path.symlink_to(source.resolve())
            return
        except OSError:  # some file systems have no links; whatever else is wrong, a copy tells it
            path.unlink(missing_ok=True)
    shutil.copyfile(source, path)


def _note(
    real: Path, synthesized: Path, settings: SelectionSettings, chosen: Sequence[ClassSelection]
) -> dict[str, object]:
    """How the pictures of a folder were chosen."""
    counts = ("pictures", "without_map", "small", "broken", "ranked")
    classes = [
        {name: getattr(each, name) for name in ("name", *counts)} | {"kept": len(each.chosen)} for each in chosen
    ]
    return {"real": str(real), "like": str(synthesized), **vars(settings), "classes": classes}
