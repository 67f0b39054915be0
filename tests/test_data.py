from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.data import PictureSet, draw_mixed, step_generator, turn_and_zoom
from gpunit.images import PictureError


def test_a_batch_depends_on_seed_step_and_purpose_alone(folders: Callable[..., list[Path]]) -> None:
    (folder,) = folders("cat")
    first, second = PictureSet(folder, 32), PictureSet(folder, 32)
    second.draw(3, seed=9, step=9)  # what was drawn before does not matter
    batch = first.draw(4, seed=1, step=2)
    assert torch.equal(batch, second.draw(4, seed=1, step=2))
    for other in ({"seed": 2, "step": 2}, {"seed": 1, "step": 3}, {"seed": 1, "step": 2, "purpose": "x"}):
        assert not torch.equal(batch, first.draw(4, **other))
    assert batch.shape == (4, 3, 32, 32)
    assert batch.abs().max() <= 1


def test_domains_are_drawn_equally_often(folders: Callable[..., list[Path]]) -> None:
    sets = [PictureSet(folder, 32, label=i) for i, folder in enumerate(folders("dog", "bird", "car"))]
    counts = torch.zeros(3)
    for step in range(30):
        pictures, labels = draw_mixed(sets, 8, seed=0, step=step)
        assert len(pictures) == len(labels) == 8
        counts += labels.bincount(minlength=3)
    assert torch.equal(counts, torch.full((3,), 80.0))


def test_the_limit_takes_the_first_pictures(folders: Callable[..., list[Path]]) -> None:
    (folder,) = folders("cat")
    assert [path.name for path in PictureSet(folder, 32, limit=2).paths] == ["00000.png", "00001.png"]


def test_an_empty_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="holds no pictures"):
        PictureSet(tmp_path, 32)


def test_turned_pictures_never_show_what_is_outside() -> None:
    """Each pixel's value is its coordinate: reflection at a border would fold it, so differences would change sign."""
    ramp = torch.linspace(-1, 1, 64).expand(64, 3, 64, 64)
    turned = turn_and_zoom(ramp, step_generator(0, 0, "test"))
    across = turned.diff(dim=3)[..., 1:-1, 1:-1]
    assert across.min() > 0
    assert not torch.allclose(turned, ramp, atol=0.05)
