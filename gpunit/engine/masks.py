"""The masks m of the dynamic skips: reductions, heatmaps, sparsity, export, and regions painted by hand.

m = tanh(relu(W_m ∘ [ĥ, f_E])) depends on the content picture alone (section 4.1): a plan holds it once, and every
style is rendered with the same masks.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import matplotlib.colors
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gpunit.engine.translator import Plan

COLORMAPS = ("viridis", "magma", "inferno", "cividis", "turbo", "gray")
STRONGEST = 8

_SHEET_CELL = 64


def masks_of(plan: Plan) -> dict[int, Tensor]:
    """The masks of a plan by their size S, coarse to fine: (C, S, S) float32 in [0, 1) on the CPU."""
    return {size: gate.mask[0].float().cpu() for size, gate in plan.gates.items()}


def channel_means(mask: Tensor) -> Tensor:
    """Mean of every channel of a mask (C, S, S) over its pixels: (C,) in [0, 1)."""
    return mask.mean((1, 2))


def ranking(mask: Tensor) -> list[int]:
    """The channels of a mask (C, S, S) in the order of falling mean; equal ones keep their order.

    Examples:
        >>> ranking(torch.tensor([0.1, 0.7, 0.7])[:, None, None])
        [1, 2, 0]
    """
    return channel_means(mask).argsort(descending=True, stable=True).tolist()


def mean_map(mask: Tensor) -> Tensor:
    """Mean over all channels: (C, S, S) -> (S, S)."""
    return mask.mean(0)


def strongest_map(mask: Tensor, count: int = STRONGEST) -> Tensor:
    """Mean over the `count` channels of the largest mean, or over all if there are fewer: (C, S, S) -> (S, S).

    Raises:
        ValueError: for a count below 1.
    """
    if count < 1:
        raise ValueError(f"{count} channels cannot be averaged; take at least 1.")
    return mask[ranking(mask)[:count]].mean(0)


def zero_share(mask: Tensor) -> float:
    """Share of a mask's entries that are exactly 0, where the generator's own feature passes unchanged.

    Examples:
        >>> zero_share(torch.tensor([[[0.0, 0.5], [0.0, 0.0]]]))
        0.75
    """
    return (mask == 0).float().mean().item()


def histogram(mask: Tensor, bins: int = 20) -> list[float]:
    """Shares of a mask's entries above 0 in equal bins of [0, 1]; zeros if there are none.

    Examples:
        >>> histogram(torch.tensor([0.0, 0.1, 0.2, 0.9, 0.95]), bins=2)
        [0.5, 0.5]
    """
    counts = torch.histc(mask[mask > 0], bins, 0.0, 1.0)
    return (counts / counts.sum().clamp(min=1)).tolist()


def heatmap(values: Tensor, size: int, colormap: str = "viridis", top: float = 1.0) -> Image.Image:
    """A map (H, W) as a picture: 0 has the colormap's first colour, `top` and above have its last.

    Args:
        values: (H, W), at least 0.
        size: width of the picture in pixels; enlarged without smoothing.
        colormap: one of `COLORMAPS`.
        top: the value of the last colour, above 0.

    Raises:
        ValueError: for an unknown colormap.
    """
    coloured = _colormap(colormap)((values / top).clamp(0, 1).numpy(), bytes=True)[..., :3]
    height, width = values.shape
    picture = Image.fromarray(np.ascontiguousarray(coloured))
    return picture.resize((size, size * height // width), Image.Resampling.NEAREST)


def colour_stops(colormap: str, count: int = 9) -> list[str]:
    """Equally spaced colours of a colormap as "#rrggbb", first to last.

    Examples:
        >>> colour_stops("gray", 3)
        ['#000000', '#808080', '#ffffff']

    Raises:
        ValueError: for an unknown colormap.
    """
    return [matplotlib.colors.to_hex(colour) for colour in _colormap(colormap)(np.linspace(0, 1, count))]


def overlay(picture: Image.Image, heat: Image.Image, opacity: float) -> Image.Image:
    """A heatmap blended over its picture: opacity 0 shows the picture alone, 1 the heatmap alone."""
    return Image.blend(picture.resize(heat.size, Image.Resampling.LANCZOS), heat, min(max(opacity, 0.0), 1.0))


def painted_cells(painted: NDArray[np.bool_], size: int) -> Tensor:
    """Which cells of a mask a painted region touches: those with any painted pixel, so that thin strokes count.

    Args:
        painted: (H, W), True where painted; H and W at least `size`.
        size: S, the mask's side.

    Returns:
        (1, 1, S, S) bool.
    """
    return F.adaptive_max_pool2d(torch.from_numpy(painted.astype(np.float32))[None, None], size) > 0


def mask_scales(plan: Plan, scales: Sequence[float], painted: NDArray[np.bool_] | None = None) -> list[float | Tensor]:
    """The `mask_scale` of `Translator.render`: each skip's strength, but 0 where painted.

    Args:
        plan: the plan to render.
        scales: strength of each skip, at least 0, coarse to fine.
        painted: (H, W) region without skips, H and W at least the size of the finest mask.

    Returns:
        For each skip its strength; with a painted region (1, 1, S, S) on the plan's device and in its dtype.

    Raises:
        ValueError: if there are not as many strengths as skips.
    """
    gates = list(plan.gates.items())
    if len(scales) != len(gates):
        raise ValueError(f"{len(gates)} layers have a skip, but {len(scales)} strengths were given.")
    if painted is None or not painted.any():
        return list(scales)
    # In the mask's dtype: in a wider one, the scaled mask would no longer have the dtype of the features it blends.
    return [
        (~painted_cells(painted, size)).to(gate.mask.device, gate.mask.dtype) * scale
        for (size, gate), scale in zip(gates, scales, strict=True)
    ]


def save_arrays(plan: Plan, path: str | os.PathLike[str]) -> None:
    """Write all masks as NPZ, (C, S, S) float32 each, named after their size: `mask_16`, `mask_32`."""
    arrays = {f"mask_{size}": mask.numpy() for size, mask in masks_of(plan).items()}
    with Path(path).open("wb") as file:  # given a path, numpy would append ".npz"
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def save_pictures(plan: Plan, path: str | os.PathLike[str], colormap: str = "viridis", size: int = 512) -> None:
    """Write a ZIP of PNG heatmaps: of each mask the mean, the mean of the strongest channels, and all channels.

    The sheet of all channels has 16 a row in their own order, coloured from 0 to 1.  The means are coloured from 0 to
    their largest value, which stands in the file's name.

    Raises:
        ValueError: for an unknown colormap.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for layer, mask in masks_of(plan).items():
            named = {"mean": mean_map(mask), f"strongest-{STRONGEST}": strongest_map(mask)}
            pictures = {
                f"{name}-0-to-{top_of(values):.3f}": heatmap(values, size, colormap, top_of(values))
                for name, values in named.items()
            }
            tiled = _tile(mask)
            pictures["all-channels-0-to-1"] = heatmap(tiled, _SHEET_CELL * tiled.shape[1] // layer, colormap)
            for name, picture in pictures.items():
                with archive.open(f"mask-{layer}-{name}.png", "w") as file:
                    picture.save(file, format="PNG")


def top_of(values: Tensor) -> float:
    """The largest value of a map, as the end of its colour scale; 1 for a map that is 0 everywhere."""
    return values.max().item() or 1.0


def _tile(mask: Tensor, columns: int = 16) -> Tensor:
    """Channels (C, S, S) side by side, row after row; the last row is filled up with zeros."""
    channels, side, _ = mask.shape
    rows = -(-channels // columns)
    padded = torch.cat([mask, mask.new_zeros(rows * columns - channels, side, side)])
    return padded.unflatten(0, (rows, columns)).permute(0, 2, 1, 3).reshape(rows * side, columns * side)


def _colormap(name: str) -> matplotlib.colors.Colormap:
    if name not in COLORMAPS:
        raise ValueError(f"there is no colormap {name!r}; choose from {', '.join(COLORMAPS)}.")
    return matplotlib.colormaps[name]
