from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from gpunit.images import PictureError
from gpunit.networks.layout import layout_of
from gpunit.training.prior.windows import WindowSet, read_boxes

SIDE = 128


def scene(path: Path, left: float, top: float, size: float) -> str:
    """A white square on black, and its row of the table."""
    picture = Image.new("RGB", (SIDE, SIDE))
    box = [round(SIDE * edge) for edge in (left, top, left + size, top + size)]
    ImageDraw.Draw(picture).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill="white")
    picture.save(path)
    return f"{path.name},{','.join(str(edge / SIDE) for edge in box)}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Squares of many sizes at many places, with their boxes."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "square"
    folder.mkdir()
    rows = ["file,left,top,right,bottom\n"]
    for number in range(24):
        size = rng.uniform(0.25, 0.7)
        left, top = rng.uniform(0.05, 0.95 - size, 2)
        rows.append(scene(folder / f"{number:02d}.png", left, top, size))
    (tmp_path / "square.csv").write_text("".join(rows))
    return folder


def test_the_object_lies_where_the_layout_says(folder: Path) -> None:
    windows = WindowSet([folder], 64).sample(40, seed=3, step=0)
    layout = layout_of(windows.code)
    weight = (windows.picture.mean(1) + 1) / 2
    place = (torch.arange(64) + 0.5) / 64
    total = weight.sum((1, 2))
    across, down = (weight.sum(1) * place).sum(1) / total, (weight.sum(2) * place).sum(1) / total
    # A window may lose part of its object at its edge, which moves the centre of what is left.
    assert (across - layout.across).abs().median() < 0.01
    assert (down - layout.down).abs().median() < 0.01
    assert (total.sqrt() / 64 - layout.size).abs().median() < 0.02
    assert (across - layout.across).abs().quantile(0.8) < 0.03


def test_a_step_has_its_own_windows_and_always_the_same(folder: Path) -> None:
    pictures = WindowSet([folder, folder], 64)
    first, again, other = (pictures.sample(6, 1, step) for step in (5, 5, 6))
    assert torch.equal(first.picture, again.picture)
    assert not torch.equal(first.code, other.code)
    assert first.label.tolist() == [1, 0, 1, 0, 1, 0]
    assert first.picture.abs().max() <= 1


def test_layouts_are_normally_distributed_in_every_class(folder: Path) -> None:
    windows = WindowSet([folder, folder], 16).sample(1600, 0, 0)
    for label in (0, 1):
        code = windows.code[windows.label == label]
        assert code.mean(0).abs().max() < 0.12
        assert (code.std(0) - 1).abs().max() < 0.1


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("file,left,top,right\na.png,0,0,1\n", "no table of boxes"),
        ("file,left,top,right,bottom\na.png,0,0,one,1\n", "not a number"),
        ("file,left,top,right,bottom\na.png,0.5,0,0.4,1\n", "not inside the picture"),
        ("file,left,top,right,bottom\na.png,nan,0,0.4,1\n", "not inside the picture"),
    ],
)
def test_a_table_that_cannot_be_used_is_explained(tmp_path: Path, table: str, sentence: str) -> None:
    (tmp_path / "cat.csv").write_text(table)
    with pytest.raises(PictureError, match=sentence):
        read_boxes(tmp_path / "cat.csv")


def test_a_star_stands_for_pictures_without_a_row(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    scene(tmp_path / "cat" / "a.png", 0.2, 0.2, 0.1)
    (tmp_path / "cat.csv").write_text("file,left,top,right,bottom\n*,0.2,0.2,0.3,0.3\n")
    with pytest.raises(PictureError, match="smaller than"):
        WindowSet([tmp_path / "cat"], 64)
    (tmp_path / "cat.csv").unlink()
    assert len(WindowSet([tmp_path / "cat"], 64)) == 1  # the whole picture counts as the object
