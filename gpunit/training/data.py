"""Training pictures: folders of pictures, and batches that depend on (seed, step) alone.

A batch is sampled by a generator seeded with the seed, the step and the domain's name, so a run that is stopped and
resumed sees the same batches as one that was never stopped (the idea is EDM2's, Karras et al. 2024).
"""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from gpunit.images import PictureError, from_uint8, list_pictures, load_square, open_picture, result_paths, to_square
from gpunit.seeds import step_generator
from gpunit.training.augment import random_turns, turn
from gpunit.training.broken import BrokenPictureError, leave_out, sound
from gpunit.training.resident import WORKERS, ResidentStacks, fits


@dataclass(frozen=True)
class Labelled:
    """Pictures (B, 3, S, S) in [-1, 1] with labels (B,) and instance maps (B, 1, S, S) in [-1, 1]."""

    picture: Tensor
    label: Tensor
    shape: Tensor

    def __len__(self) -> int:
        return len(self.picture)

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures, labels and maps."""
        return self.picture, self.label, self.shape

    def to(self, device: torch.device) -> Labelled:
        """The same batch on a device."""
        return Labelled(*(tensor.to(device) for tensor in self.tensors))


def join(parts: Sequence[Labelled]) -> Labelled:
    """Several batches as one."""
    return Labelled(*(torch.cat(tensors) for tensors in zip(*(part.tensors for part in parts), strict=True)))


@dataclass(frozen=True)
class Limits:
    """How many pictures of a folder are used, the first by name.

    Attributes:
        everywhere: of every folder that is not named; None for all.
        by_name: of the folders with these names.
    """

    everywhere: int | None = None
    by_name: Mapping[str, int] = field(default_factory=dict)

    def of(self, folder: Path) -> int | None:
        """The limit of one folder; None if it has none."""
        return self.by_name.get(folder.name, self.everywhere)


NO_LIMITS = Limits()


class _Source(ABC):
    """A source of batches: stacks of channels that share every crop, flip and turn.

    Args:
        name: enters the seed of every batch.
        size: side of the training crop.  Pictures are loaded a little larger (286 for 256) and cropped.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.load_size = round(size * 286 / 256)
        self._device: torch.device | None = None
        self._decoding: Callable[..., Iterable[tuple[int, Tensor]]] = map

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def stack(self, index: int) -> Tensor:
        """All channels of one sample, (C, S, S) uint8, S from `size` to `load_size`."""

    def sample_stacks(
        self, count: int, seed: int, step: int, purpose: str = "", turned: int = 0, rows: Sequence[int] | None = None
    ) -> tuple[Tensor, list[int]]:
        """A random batch with random crops and flips, (B, C, size, size) float32 in [-1, 1], and its indices.

        Args:
            count: pictures in the whole batch.
            seed, step, purpose: the batch depends on these alone.
            turned: so many of them, evenly spread, are also turned and zoomed into (see `random_turns`).
            rows: those of the batch that are decoded, in this order; all of them by default.

        A picture that cannot be decoded is named once, and the next one takes its place.
        """
        generator = step_generator(seed, step, f"{self.name}/{purpose}")
        indices = torch.randint(len(self), (count,), generator=generator).tolist()
        offsets = torch.rand(count, 2, generator=generator).tolist()
        flips = (torch.rand(count, generator=generator) < 0.5).tolist()
        turns = random_turns(turned, generator) if turned else None
        rows = range(count) if rows is None else rows
        crops, indices = self._crop(*([column[row] for row in rows] for column in (indices, offsets, flips)))
        batch = from_uint8(self._sent(crops))
        if turns is not None:
            places = {number * count // turned: number for number in range(turned)}
            mine = [(here, places[row]) for here, row in enumerate(rows) if row in places]
            here, numbers = (list(column) for column in zip(*mine, strict=True)) if mine else ([], [])
            batch[here] = turn(batch[here], turns[numbers])
        return batch, indices

    def _crop(self, indices: list[int], offsets: list[list[float]], flips: list[bool]) -> tuple[Tensor, list[int]]:
        """Squares (count, C, size, size) uint8 of some samples, and the indices of those that were taken.

        Args:
            indices: of the samples.
            offsets: place of each square, from upper and left edge (0) to lower and right edge (1).
            flips: whether each square is mirrored.
        """
        whole = list(self._decoding(self._next_whole, indices))
        crops = []
        for (_, stack), offset, flip in zip(whole, offsets, flips, strict=True):
            top, left = self._corner(offset, stack.shape[-1])
            crop = stack[:, top : top + self.size, left : left + self.size]
            crops.append(crop.flip(2) if flip else crop)
        return torch.stack(crops), [index for index, _ in whole]

    def decode_in_threads(self) -> None:
        """From now on, several threads decode the pictures of a batch."""
        self._decoding = ThreadPoolExecutor(WORKERS).map

    def deliver_to(self, device: torch.device) -> None:
        """From now on, batches are decoded by several threads and sent to a GPU as bytes while it computes."""
        if device.type == "cuda":
            self.decode_in_threads()
            self._device = device

    def _sent(self, crops: Tensor) -> Tensor:
        if self._device is None or crops.device == self._device:
            return crops
        return crops.pin_memory().to(self._device, non_blocking=True)

    def _corner(self, offset: list[float], side: int) -> tuple[int, int]:
        """Upper and left edge of the square that lies at an offset in a stack of a side."""
        top, left = (int(share * (side - self.size + 1)) for share in offset)
        return top, left

    def _next_whole(self, index: int) -> tuple[int, Tensor]:
        """The first sample from an index on that can be decoded, and its channels."""
        for following in range(index, index + len(self)):
            try:
                return following % len(self), self.stack(following % len(self))
            except BrokenPictureError as error:
                broken = error
        raise broken


def _first_of_every_folder(paths: Sequence[Path], limit: int | None) -> list[bool]:
    """Which of some pictures are among the first `limit`, counted in turn over the folders that they lie in."""
    seen: dict[Path, int] = {}
    rank = []  # within its folder
    for path in paths:
        seen[path.parent] = seen.get(path.parent, -1) + 1
        rank.append(seen[path.parent])
    taken = set(sorted(range(len(paths)), key=lambda index: (rank[index], index))[:limit])
    return [index in taken for index in range(len(paths))]


# Bytes of decoded pictures that all sets together keep; the paper's 291 classes for stage I would take 114 GB.
KEPT_BYTES = 8 * 2**30
_sets: weakref.WeakSet[PictureSet] = weakref.WeakSet()
_keeping = Lock()  # several threads may decode


class PictureSet(_Source):
    """The pictures of one domain, decoded once and kept as bytes while `KEPT_BYTES` suffice, else decoded every time.

    Args:
        folder: searched recursively.
        size: side of the training crop.
        limit: use at most this many pictures, the first by name; equally many of every subfolder, as far as they
            have them.
        label: the label that `sample_mixed` reports for every picture of this set.
        maps: folder with an instance map for every picture, where `segment` writes it (`result_paths`).  The map
            becomes the fourth channel; pictures without a map are left out.
        enlarged: whether pictures that are smaller than what is loaded are enlarged to it, as published, so that every
            crop is a random one.  Without, they are enlarged only as far as the crop needs it: a discriminator that
            sees enlarged pictures asks for blur.

    Raises:
        PictureError: if a folder holds no picture that can be read, or no picture has a map.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        size: int,
        limit: int | None = None,
        label: int = 0,
        maps: str | os.PathLike[str] | None = None,
        enlarged: bool = False,
    ) -> None:
        super().__init__(Path(folder).name, size)
        self._smallest = self.load_size if enlarged else size
        self.paths = list_pictures(folder)
        self.label = label
        self.maps: list[Path] = []
        if maps is not None:
            shapes = result_paths(folder, self.paths, maps)
            located = [(path, shape) for path, shape in zip(self.paths, shapes, strict=True) if shape.is_file()]
            if not located:
                raise PictureError(f"{maps}: no picture of {folder} has its map there; make them with `segment`.")
            self.paths, self.maps = [list(column) for column in zip(*located, strict=True)]
        taken = _first_of_every_folder(self.paths, limit)
        self.paths, self.maps = list(compress(self.paths, taken)), list(compress(self.maps, taken))
        kept = sound(self.paths)
        self.paths, self.maps = list(compress(self.paths, kept)), list(compress(self.maps, kept))
        self._broken: set[int] = set()
        self._decoded: dict[int, Tensor] = {}
        self.kept_bytes = 0  # of `_decoded`
        self._resident: ResidentStacks | None = None
        _sets.add(self)

    def __len__(self) -> int:
        return len(self.paths)

    def stack(self, index: int) -> Tensor:
        """One whole picture, (3 or 4, S, S) uint8: its largest square, as it is to be loaded."""
        if index in self._decoded:
            return self._decoded[index]
        try:
            picture = self._decode(index)
        except PictureError as error:
            if not self.paths[index].is_file():  # a disk that is gone must not be trained around
                raise
            if index not in self._broken:
                leave_out(error)
            self._broken.add(index)
            raise BrokenPictureError(str(error)) from None
        with _keeping:
            if index not in self._decoded and sum(e.kept_bytes for e in _sets) + picture.nbytes <= KEPT_BYTES:
                self._decoded[index] = picture
                self.kept_bytes += picture.nbytes
        return picture

    def keep_on(self, device: torch.device) -> bool:
        """Decode all pictures onto a GPU, to be cropped and flipped there, if they fit; whether they do.

        Where they do not, batches are delivered to it.
        """
        channels = 4 if self.maps else 3
        if fits(len(self) * channels * self.load_size**2, device):
            self._resident = ResidentStacks(len(self), lambda index: self._next_whole(index)[1], device)
            self._decoded.clear()
            self.kept_bytes = 0
        else:
            self.deliver_to(device)
        return self._resident is not None

    def _crop(self, indices: list[int], offsets: list[list[float]], flips: list[bool]) -> tuple[Tensor, list[int]]:
        resident = self._resident
        if resident is None:
            return super()._crop(indices, offsets, flips)
        corners = [self._corner(o, resident.sides[i]) for i, o in zip(indices, offsets, strict=True)]
        return resident.crops(indices, corners, flips, self.size), indices

    def _decode(self, index: int) -> Tensor:
        photo = open_picture(self.paths[index])
        side = min(max(min(photo.size), self._smallest), self.load_size)
        picture = to_square(photo, side)
        return torch.cat([picture, load_square(self.maps[index], side)[:1]]) if self.maps else picture

    def sample(self, count: int, seed: int, step: int, purpose: str = "", turned: int = 0) -> Tensor:
        """A batch of pictures without their maps, (count, 3, size, size); see `sample_stacks`."""
        return self.sample_stacks(count, seed, step, purpose, turned)[0][:, :3]

    def sample_labelled(
        self, count: int, seed: int, step: int, purpose: str = "", turned: int = 0, rows: Sequence[int] | None = None
    ) -> Labelled:
        """A batch of pictures with their maps and this set's label; see `sample_stacks`."""
        batch, indices = self.sample_stacks(count, seed, step, purpose, turned, rows)
        return Labelled(batch[:, :3], torch.full((len(indices),), self.label), batch[:, 3:])


class PairSet(_Source):
    """Pairs of pictures that share a layout: two classes rendered from one latent code, under equal file names.

    Args:
        folder: one subfolder per class; a class without one (faces, which BigGAN does not know) is in no pair.
        maps: the pictures' instance maps, under the same relative names.
        classes: the subfolders, in the order of their labels.
        size: side of the training crop.

    Raises:
        PictureError: if no name has both pictures and maps in two classes.
    """

    def __init__(
        self, folder: str | os.PathLike[str], maps: str | os.PathLike[str], classes: Sequence[str], size: int
    ) -> None:
        super().__init__(f"{Path(folder).name}-pairs", size)
        self.sets = {
            label: PictureSet(Path(folder) / name, size, label=label, maps=Path(maps) / name)
            for label, name in enumerate(classes)
            if (Path(folder) / name).is_dir()
        }
        found: dict[str, list[tuple[int, int]]] = {}
        for label, pictures in self.sets.items():
            for index, path in enumerate(pictures.paths):
                found.setdefault(path.stem, []).append((label, index))
        self.codes = [places for _, places in sorted(found.items()) if len(places) > 1]
        if not self.codes:
            raise PictureError(f"{folder}: no file name occurs in two of {', '.join(classes)}; make pairs first.")
        # Every ordered pair of every code has an index.
        self._ends = np.cumsum([len(places) * (len(places) - 1) for places in self.codes])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def pair(self, index: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """(label, index within the class) of the two pictures of a pair."""
        code = int(np.searchsorted(self._ends, index, side="right"))
        places = self.codes[code]
        first, second = divmod(int(self._ends[code]) - 1 - index, len(places) - 1)
        return places[first], places[second + (second >= first)]

    def stack(self, index: int) -> Tensor:
        """Picture, map, picture, map: (8, S, S) uint8."""
        stacks = [self.sets[label].stack(i) for label, i in self.pair(index)]
        if stacks[0].shape != stacks[1].shape:
            paths = [str(self.sets[label].paths[i]) for label, i in self.pair(index)]
            raise PictureError(f"{paths[0]} and {paths[1]} differ in size; make both pictures of a pair by one prior.")
        return torch.cat(stacks)

    def sample_pairs(
        self, count: int, seed: int, step: int, purpose: str = "", turned: int = 0, rows: Sequence[int] | None = None
    ) -> tuple[Labelled, Labelled]:
        """Two batches; the pictures of a pair, and their maps, share one crop, one flip and one turn."""
        batch, indices = self.sample_stacks(count, seed, step, purpose, turned, rows)
        labels = torch.tensor([[label for label, _ in self.pair(index)] for index in indices])
        first, second = (
            Labelled(part[:, :3], labels[:, i], part[:, 3:]) for i, part in enumerate(batch.split(4, dim=1))
        )
        return first, second
