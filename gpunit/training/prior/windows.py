"""Windows onto pictures whose objects have boxes, cut so that the object lies where a layout code puts it.

A layout is drawn first, z ~ N(0, I) (see `networks.layout`), then a picture of the class that can show it best, then
the window is cut.  So real pictures come with the code of their layout, which has the same distribution in all classes.
What a window shows beyond its picture is mirrored, and the softer the further away.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.images import PictureError, list_pictures, load_square
from gpunit.networks.layout import LAYOUT_DIM, Layout, layout_of
from gpunit.seeds import step_generator
from gpunit.training.broken import leave_out
from gpunit.training.trainer import CPU

# Left, upper, right and lower edge as shares of the side, of pictures that no row of the table names.
WHOLE = (0.04, 0.06, 0.96, 0.96)
ANY = "*"

_SIDE = 128  # of the pictures that are kept
_SMALLEST_OBJECT = 22  # in pixels: smaller ones would be enlarged to a blur
_WINDOWS = (46, 240)  # sides in pixels
_CANDIDATES = 10
_STRIP = 10  # in pixels: nothing deeper inside is mirrored, so that no second eye appears
_LEVELS = 5

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Windows:
    """A batch of windows.

    Attributes:
        picture: (B, 3, S, S) in [-1, 1].
        label: (B,) classes.
        code: (B, 3) the layout codes.
    """

    picture: Tensor
    label: Tensor
    code: Tensor


def read_boxes(path: Path) -> dict[str, Box]:
    """The boxes of a table with the columns file, left, top, right, bottom; file `*` stands for all others.

    Raises:
        PictureError: if the table cannot be read, or a box has no area inside the picture.
    """
    boxes: dict[str, Box] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                left, top, right, bottom = (float(row[edge]) for edge in ("left", "top", "right", "bottom"))
                if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
                    raise PictureError(f"{path}: the box of {row['file']} is not inside the picture; correct its row.")
                boxes[row["file"]] = (left, top, right, bottom)
    except (OSError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise PictureError(
            f"{path} is no table of boxes ({error}); its columns are file, left, top, right, bottom."
        ) from None
    except ValueError as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{path}: an edge is not a number ({error}); correct its row.") from None
    return boxes


class WindowSet:
    """The pictures of all classes, decoded once onto a device, and the windows cut from them.

    Args:
        folders: one folder of pictures per class, in the order of the labels; the boxes of `cat/` are in `cat.csv`
            beside it.  Pictures without a box count as filled by their object (`WHOLE`).
        size: side of the windows in pixels.
        device: where the pictures lie, 48 kB each.

    Raises:
        PictureError: for a folder without pictures whose object is large enough, or a table that cannot be read.
    """

    def __init__(self, folders: Sequence[Path], size: int, device: torch.device = CPU) -> None:
        self.size = size
        self.classes = len(folders)
        pictures: list[Tensor] = []
        boxes: list[Tensor] = []
        self._starts = [0]
        for folder in folders:
            table = folder.with_name(f"{folder.name}.csv")
            known = read_boxes(table) if table.is_file() else {}
            paths = list_pictures(folder)
            edges = _SIDE * torch.tensor([known.get(path.name, known.get(ANY, WHOLE)) for path in paths])
            order = _sizes(edges).argsort()
            order = order[_sizes(edges)[order] > _SMALLEST_OBJECT]
            if not len(order):
                raise PictureError(f"{folder}: every object is smaller than {_SMALLEST_OBJECT} of {_SIDE} pixels.")
            decoded = {index: picture for index in order.tolist() if (picture := _decoded(paths[index])) is not None}
            if not decoded:
                raise PictureError(f"{folder}: no picture can be read; save them as PNG or JPEG.")
            pictures += decoded.values()
            boxes.append(edges[list(decoded)])
            self._starts.append(len(pictures))
        self._pictures = torch.stack(pictures).to(device)
        self._edges = torch.cat(boxes)
        self._object_size = _sizes(self._edges)

    def __len__(self) -> int:
        return len(self._pictures)

    def sample(self, count: int, seed: int, step: int, purpose: str = "", rows: Sequence[int] | None = None) -> Windows:
        """Windows of all classes in turn, from (seed, step, purpose) alone.

        Args:
            count: number of windows of the whole batch.
            seed, step, purpose: see `seeds.step_generator`.
            rows: those of them that are cut, in this order; all of them by default.
        """
        generator = step_generator(seed, step, f"windows/{purpose}")
        label = (torch.arange(count) + step) % self.classes
        code = torch.randn(count, LAYOUT_DIM, generator=generator).clamp(-3.2, 3.2)
        choice = self._choose(label, layout_of(code), generator)
        mine = slice(None) if rows is None else list(rows)
        chosen = _Choice(*(column[mine] for column in vars(choice).values()))
        return Windows(self._cut(chosen), label[mine], code[mine])

    def _choose(self, label: Tensor, layout: Layout, generator: torch.Generator) -> _Choice:
        """A picture for every layout: of ten at random, likely the one that has most of the window and is sharp."""
        low, high = self._range(label, layout.size)
        count = len(label)
        share = torch.rand(count, _CANDIDATES, generator=generator)
        pick = torch.minimum(low[:, None] + (share * (high - low)[:, None]).long(), high[:, None] - 1)
        flip = torch.rand(count, _CANDIDATES, generator=generator) < 0.5
        left, top, right, bottom = self._edges[pick].unbind(-1)
        left, right = torch.where(flip, _SIDE - right, left), torch.where(flip, _SIDE - left, right)
        side = self._object_size[pick] / layout.size[:, None]
        x = (left + right) / 2 - layout.across[:, None] * side
        y = (top + bottom) / 2 - layout.down[:, None] * side
        outside = 1 - _overlap(x, side) * _overlap(y, side)
        lost = _beyond(left - x, side) + _beyond(right - x, side) + _beyond(top - y, side) + _beyond(bottom - y, side)
        enlarged = (self.size / side).log().clamp_min(0)
        score = -4 * outside - 6 * enlarged - 25 * (lost / side - 0.04).clamp_min(0)
        noise = -torch.log(-torch.log(torch.rand(count, _CANDIDATES, generator=generator).clamp(1e-6, 1 - 1e-6)))
        best = (score + noise).argmax(dim=1, keepdim=True)
        return _Choice(*(each.gather(1, best).squeeze(1) for each in (pick, flip, x, y, side)))

    def _range(self, label: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
        """The first and one beyond the last picture of each class whose window would have a good size."""
        low, high = torch.empty_like(label), torch.empty_like(label)
        for number in range(self.classes):
            chosen, (start, end) = label == number, self._starts[number : number + 2]
            sizes = self._object_size[start:end]
            first = torch.searchsorted(sizes, _WINDOWS[0] * size[chosen]).clamp_max(end - start - 1)
            last = torch.searchsorted(sizes, _WINDOWS[1] * size[chosen])
            low[chosen], high[chosen] = start + first, start + torch.maximum(last, first + 1)
        return low, high

    def _cut(self, choice: _Choice) -> Tensor:
        """Pictures (B, 3, S, S) in [-1, 1], averaged over 2x2 samples per pixel so that reducing does not alias."""
        device = self._pictures.device
        pick, flip, left, top, side = (each.to(device) for each in vars(choice).values())
        source = self._pictures[pick].float() / 127.5 - 1
        count = 2 * self.size
        share = (torch.arange(count, device=device) + 0.5) / count
        x, y = (edge[:, None] + share * side[:, None] for edge in (left, top))
        distance = torch.maximum(_outside(x)[:, None, :], _outside(y)[:, :, None])
        x, y = _mirrored(x), _mirrored(y)
        x = torch.where(flip[:, None], _SIDE - x, x)
        grid = torch.stack([x[:, None, :].expand(-1, count, -1), y[:, :, None].expand(-1, -1, count)], 3)
        level = torch.log2(1 + distance / 3).clamp(0, _LEVELS - 1)
        return F.avg_pool2d(_softened(source, grid * (2 / _SIDE) - 1, level), 2).clamp(-1, 1)


def _decoded(path: Path) -> Tensor | None:
    """The square of a picture; None for one that cannot be read, which is named."""
    try:
        return load_square(path, _SIDE)
    except PictureError as error:
        leave_out(error)
        return None


@dataclass(frozen=True)
class _Choice:
    """Which picture (B,), whether mirrored, and the window's left and upper edge and side in its pixels."""

    pick: Tensor
    flip: Tensor
    left: Tensor
    top: Tensor
    side: Tensor


def _sizes(edges: Tensor) -> Tensor:
    """The objects' sizes in pixels, from their boxes (N, 4): between the longer side and the mean of both."""
    wide, high = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
    return torch.sqrt(torch.maximum(wide, high) * torch.sqrt(wide * high))


def _overlap(start: Tensor, side: Tensor) -> Tensor:
    """The share of a span that lies inside the picture."""
    return ((start + side).clamp_max(_SIDE) - start.clamp_min(0)).clamp_min(0) / side


def _beyond(place: Tensor, side: Tensor) -> Tensor:
    """How far a place lies outside of 0 to side."""
    return (-place).clamp_min(0) + (place - side).clamp_min(0)


def _outside(place: Tensor) -> Tensor:
    return _beyond(place, torch.full_like(place, _SIDE))


def _mirrored(place: Tensor) -> Tensor:
    """Places outside of the picture, led back into a strip along its edge."""
    depth = _STRIP * (1 - torch.exp(-_outside(place) / _STRIP))
    return torch.where(place < 0, depth, torch.where(place > _SIDE, _SIDE - depth, place))


def _softened(source: Tensor, grid: Tensor, level: Tensor) -> Tensor:
    """Samples of pictures at a grid, blended between ever softer versions of them by `level` from 0 to 4."""
    result = torch.zeros(len(source), 3, *grid.shape[1:3], device=source.device)
    softer = source
    for number in range(_LEVELS):
        weight = (1 - (level - number).abs()).clamp_min(0)[:, None]
        mode = "bilinear" if number < 2 else "bicubic"  # enlarged bilinearly, few pixels would show their grid
        result += weight * F.grid_sample(softer, grid, mode=mode, padding_mode="border", align_corners=False)
        if number < _LEVELS - 2:
            softer = F.avg_pool2d(softer, 2)
        if 0 < number < _LEVELS - 1:
            softer = F.avg_pool2d(F.pad(softer, (1, 1, 1, 1), mode="replicate"), 3, 1)
    return result
