"""What a sheet shows of the dynamic skips: where each layer keeps the source's features, and how many channels do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from gpunit.engine import masks
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.skip_health import mask_figures


@dataclass(frozen=True)
class MaskColumn:
    """A column of a sheet.

    Attributes:
        heading: the layer's size, and its share of open channels.
        cells: one heatmap for each source.
    """

    heading: str
    cells: list[Image.Image]


def mask_columns(gates: Mapping[int, SkipGate], side: int) -> list[MaskColumn]:
    """For each layer, the mean of the strongest channels of every source's mask; none for a run without skips.

    Args:
        gates: of B sources, by size.
        side: of the heatmaps, in pixels.
    """
    found = {size: gate.mask.float().cpu() for size, gate in gates.items()}
    opened, _ = mask_figures(found)
    columns = []
    for size, mask in found.items():
        # As bright as the strongest place of the column: masks of a young run are faint.
        maps = [masks.strongest_map(each) for each in mask]
        top = max(float(each.max()) for each in maps) or 1.0
        columns.append(
            MaskColumn(f"{size}: {opened[size]:.0%} open", [masks.heatmap(each, side, top=top) for each in maps])
        )
    return columns
