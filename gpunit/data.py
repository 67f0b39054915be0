"""Training pictures: folders of pictures, and batches that depend on nothing but (seed, step).

A batch is drawn by a generator seeded from the seed, the step and the domain's name, so a run that is
stopped and resumed sees the very batches it would have seen (the idea is EDM2's, Karras et al. 2024).
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.images import cut, list_pictures, open_picture


def step_generator(seed: int, step: int, purpose: str) -> torch.Generator:
    """A CPU generator that depends on (seed, step, purpose) alone."""
    words = np.random.SeedSequence([seed, step, zlib.crc32(purpose.encode())]).generate_state(2, np.uint64)
    return torch.Generator().manual_seed(int(words[0] >> np.uint64(1)))


class PictureSet:
    """The pictures of one domain, decoded once and kept as bytes.

    Args:
        folder: searched recursively.
        size: side of the training crop; pictures are loaded a little larger (286 for 256) and cropped.
        limit: use at most this many pictures, the first by name.
        label: number that `draw` reports for every picture of this set.
    """

    def __init__(self, folder: str | os.PathLike[str], size: int, limit: int | None = None, label: int = 0) -> None:
        self.name = Path(folder).name
        self.paths = list_pictures(folder)[:limit]
        self.size = size
        self.load_size = round(size * 286 / 256)
        self.label = label
        self._decoded: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def picture(self, index: int) -> Tensor:
        """One whole picture, (3, load_size, load_size) uint8."""
        if index not in self._decoded:
            self._decoded[index] = load_bytes(self.paths[index], self.load_size)
        return self._decoded[index]

    def draw(self, count: int, seed: int, step: int, purpose: str = "", turned: int = 0) -> Tensor:
        """A random batch with random crops and flips, (count, 3, size, size) float32 in [-1, 1].

        Args:
            count: pictures in the batch.
            seed, step, purpose: what the draw depends on, and all it depends on.
            turned: how many of them, every other one, are also turned and zoomed into (see `turn_and_zoom`).
        """
        generator = step_generator(seed, step, f"{self.name}/{purpose}")
        indices = torch.randint(len(self), (count,), generator=generator).tolist()
        room = self.load_size - self.size + 1
        offsets = torch.randint(room, (count, 2), generator=generator).tolist()
        flips = torch.rand(count, generator=generator) < 0.5
        crops = []
        for index, (top, left), flip in zip(indices, offsets, flips.tolist(), strict=True):
            crop = self.picture(index)[:, top : top + self.size, left : left + self.size]
            crops.append(crop.flip(2) if flip else crop)
        batch = to_unit(torch.stack(crops))
        if turned:
            every_other = slice(0, 2 * turned, 2)
            batch[every_other] = turn_and_zoom(batch[every_other], generator)
        return batch


def turn_and_zoom(batch: Tensor, generator: torch.Generator, degrees: float = 14.0) -> Tensor:
    """Turn pictures (B, 3, S, S) by up to ±`degrees` and cut a random square out that shows no border.

    Aligned photographs (AFHQ's eyes are always at the same place) teach a generator that there is but one
    pose; turned ones teach it that the content map decides.
    """
    count = len(batch)
    angle, zoom, across, down = torch.rand(4, count, generator=generator)
    angle = (2 * angle - 1) * math.radians(degrees)
    reach = angle.cos() + angle.sin().abs()
    scale = (0.72 + 0.28 * zoom) / reach
    room = 1 - scale * reach
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = [torch.stack([cos, -sin, (2 * across - 1) * room], 1), torch.stack([sin, cos, (2 * down - 1) * room], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(-1, 1)


def load_bytes(path: Path, size: int) -> Tensor:
    """One picture file as (3, size, size) uint8, centre-cropped to a square."""
    picture = cut(open_picture(path), size)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def to_unit(batch: Tensor) -> Tensor:
    """uint8 -> float32 in [-1, 1]."""
    return batch.float() / 127.5 - 1


def draw_mixed(
    sets: Sequence[PictureSet], count: int, seed: int, step: int, purpose: str = ""
) -> tuple[Tensor, Tensor]:
    """A batch over several domains, each as often as the others: pictures and labels (count,).

    Where count is no multiple of the number of domains, the odd places go round with the step.
    """
    shares = [count // len(sets)] * len(sets)
    for odd in range(count % len(sets)):
        shares[(step + odd) % len(sets)] += 1
    pictures = [s.draw(share, seed, step, purpose) for s, share in zip(sets, shares, strict=True) if share]
    labels = [torch.full((share,), s.label) for s, share in zip(sets, shares, strict=True)]
    return torch.cat(pictures), torch.cat(labels)
