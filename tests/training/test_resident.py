from __future__ import annotations

import weakref

import pytest
import torch

from gpunit.training import resident
from gpunit.training.resident import ResidentStacks, fits


def test_crops_are_those_of_the_stacks() -> None:
    generator = torch.Generator().manual_seed(0)
    sides = [9, 12, 8]
    stacks = [torch.randint(256, (4, side, side), generator=generator).to(torch.uint8) for side in sides]
    on_device = ResidentStacks(3, stacks.__getitem__, torch.device("cpu"))
    assert on_device.sides == sides
    indices, corners, flips = [1, 0, 1, 2], [(0, 4), (1, 0), (3, 2), (0, 0)], [False, True, True, False]
    got = on_device.crops(indices, corners, flips, size=8)
    for crop, index, (top, left), flip in zip(got, indices, corners, flips, strict=True):
        expected = stacks[index][:, top : top + 8, left : left + 8]
        assert torch.equal(crop, expected.flip(2) if flip else expected)


def test_pictures_stay_in_the_machines_memory_without_a_gpu() -> None:
    assert not fits(1, torch.device("cpu"))


def test_all_sets_together_take_a_quarter_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    device, memory = torch.device("cuda"), 100_000
    kept: list[ResidentStacks] = []
    monkeypatch.setattr(resident, "_living", weakref.WeakSet())

    def free(device: torch.device) -> tuple[int, int]:
        return memory - sum(each.nbytes for each in kept), memory

    monkeypatch.setattr(torch.cuda, "mem_get_info", free)
    needed = 3 * 16**2
    while fits(needed, device) and len(kept) < 100:
        kept.append(ResidentStacks(1, lambda index: torch.zeros(3, 16, 16, dtype=torch.uint8), torch.device("cpu")))
    assert len(kept) == memory // 4 // needed
    assert not fits(1, torch.device("cpu"))
