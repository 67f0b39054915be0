from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import torch

from gpunit.networks.distiller import reverse_gradient
from gpunit.training.augment import recolour, shift_and_tone
from gpunit.training.distillation import distill
from gpunit.training.state import load_checkpoint
from tests.conftest import TINY_DISTILLATION


def test_stopping_and_resuming_changes_nothing(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog")
    whole = distill(data, TINY_DISTILLATION, tmp_path / "whole", steps=4, seed=3, save_every=2)
    # A run cut off after its second step leaves the checkpoint of that step and nothing of what followed.
    cut_off = load_checkpoint_at(data, tmp_path / "parts", step=2)
    resumed = distill(data, TINY_DISTILLATION, cut_off.parent, steps=4, seed=3, save_every=2)
    expected, got = load_checkpoint(whole), load_checkpoint(resumed)
    assert got["step"] == expected["step"] == 4
    for name, tensor in expected["networks"].items():
        assert torch.equal(tensor, got["networks"][name]), name


def load_checkpoint_at(data: list[Path], run: Path, step: int) -> Path:
    class CutOffError(Exception):
        pass

    lines = []

    def stop(line: dict[str, float]) -> None:
        lines.append(line)
        if len(lines) == 2:  # the second line is reported before its checkpoint is written
            raise CutOffError

    with contextlib.suppress(CutOffError):
        distill(data, TINY_DISTILLATION, run, steps=4, seed=3, save_every=step, report=stop)
    assert load_checkpoint(run / "checkpoint.pt")["step"] == step
    return run / "checkpoint.pt"


def test_reverse_gradient() -> None:
    x = torch.tensor([2.0, -3.0], requires_grad=True)
    y = reverse_gradient(x)
    assert torch.equal(y, x)
    y.sum().backward()
    assert torch.equal(x.grad, torch.tensor([-1.0, -1.0]))


def test_recolouring_keeps_the_layout() -> None:
    """An edge stays where it is, whatever happens to the colours on its sides."""
    torch.manual_seed(0)
    picture = torch.full((16, 3, 32, 32), -0.5)
    picture[..., 16:] = 0.5
    recoloured = recolour(picture)
    assert recoloured.abs().max() <= 1
    across = recoloured.mean(dim=(1, 2)).diff(dim=1).abs()
    contrasting = across.amax(dim=1) > 0.05
    assert contrasting.sum() > 8
    assert ((across[contrasting].argmax(dim=1) - 15).abs() <= 2).all()
    assert (recoloured - picture).abs().mean() > 0.1


def test_counterparts_are_augmented_alike() -> None:
    torch.manual_seed(0)
    picture = torch.rand(4, 3, 16, 16)
    first, second = shift_and_tone([picture, picture.clone()], shift=3)
    assert torch.equal(first, second)
    assert not torch.equal(first, picture)
