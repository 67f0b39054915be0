from __future__ import annotations

import torch

from gpunit.training.resident import ResidentStacks, fits


def test_crops_are_those_of_the_stacks() -> None:
    generator = torch.Generator().manual_seed(0)
    sides = [9, 12, 8]
    stacks = [torch.randint(256, (4, side, side), generator=generator).to(torch.uint8) for side in sides]
    resident = ResidentStacks(3, stacks.__getitem__, torch.device("cpu"))
    assert resident.sides == sides
    indices, corners, flips = [1, 0, 1, 2], [(0, 4), (1, 0), (3, 2), (0, 0)], [False, True, True, False]
    got = resident.crops(indices, corners, flips, size=8)
    for crop, index, (top, left), flip in zip(got, indices, corners, flips, strict=True):
        expected = stacks[index][:, top : top + 8, left : left + 8]
        assert torch.equal(crop, expected.flip(2) if flip else expected)


def test_pictures_stay_in_the_machines_memory_without_a_gpu() -> None:
    assert not fits(1, torch.device("cpu"))
