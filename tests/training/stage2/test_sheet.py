from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gpunit.networks.dynamic_skip import SkipGate
from gpunit.training.stage2.sheet import mask_columns
from gpunit.training.stage2.small import SmallTrainer
from tests.conftest import TINY_SMALL
from tests.training.stage2.test_trainer import encoder


def gate(mask: torch.Tensor) -> SkipGate:
    return SkipGate(mask, mask, mask, mask)


def test_each_layer_shows_where_it_is_open_and_how_many_channels_are() -> None:
    coarse, fine = torch.zeros(2, 4, 16, 16), torch.zeros(2, 4, 32, 32)
    coarse[1, 2, :, :8] = 0.5  # one of four channels, in the left half of the second picture
    columns = mask_columns({16: gate(coarse), 32: gate(fine)}, 64)
    assert [column.heading for column in columns] == ["16: 25% open", "32: 0% open"]
    assert [cell.size for column in columns for cell in column.cells] == [(64, 64)] * 4
    shut, half_open = (np.asarray(cell, np.int16) for cell in columns[0].cells)
    assert (shut == shut[0, 0]).all()
    assert (half_open[:, 40:] == shut[0, 0]).all()
    assert (half_open[:, :24] != shut[0, 0]).any(-1).all()


def test_masks_stand_beside_the_pictures_of_a_run_with_skips() -> None:
    pictures = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    sheets = {}
    for use_skips in (True, False):
        trainer = SmallTrainer(replace(TINY_SMALL, use_skips=use_skips, coarse=0), encoder())
        sheets[use_skips] = trainer.sheet(*pictures)
    # Source, two exemplars, one without skips; two layers.
    cell = 64 + 4
    assert sheets[False].size == (4 * cell + 4, 3 * cell + 4)
    assert sheets[True].width == 6 * cell + 4
    assert sheets[True].height > sheets[False].height  # headings


def test_without_skips_there_is_no_column() -> None:
    assert mask_columns({}, 64) == []
