from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gpunit.training import selection
from gpunit.training.data import PictureSet
from gpunit.training.selection import SelectionError, SelectionSettings, select_pictures


class Brightness(nn.Module):
    """Ranks by how bright pictures are."""

    def pooled(self, picture: Tensor) -> Tensor:
        return picture.mean(dim=(2, 3))


@pytest.fixture(autouse=True)
def _net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(selection.RANKERS, "vgg16", Brightness)


def grey(path: Path, level: int, share: float | None = 0.5, side: int = 40) -> None:
    """A grey picture, and its map: the upper part of it is the object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (level, level, level)).save(path)
    if share is not None:
        shape = Image.new("L", (side, side))
        shape.paste(255, (0, 0, side, round(side * share)))
        target = Path(str(path.parent).replace("real", "maps")) / f"{path.stem}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shape.save(target)


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Real pictures of a class from dark to bright, their maps, and synthesized ones that are of level 100."""
    for number, level in enumerate((0, 90, 105, 180, 250)):
        grey(tmp_path / "real" / "151_dog" / f"{number}.jpg", level)
    grey(tmp_path / "real" / "151_dog" / "small.png", 100, share=0.1)
    grey(tmp_path / "real" / "151_dog" / "tiny.png", 100, side=10)
    grey(tmp_path / "real" / "151_dog" / "unseen.png", 100, share=None)
    for number, level in enumerate((0, 100, 200)):
        grey(tmp_path / "real" / "face" / f"{number}.png", level)
    for number, level in enumerate((95, 105)):
        grey(tmp_path / "pairs" / "151_dog" / f"{number}.png", level, share=None)
    return tmp_path / "real", tmp_path / "maps", tmp_path / "pairs"


SETTINGS = SelectionSettings(keep=2, minimum_share=0.2, minimum_side=12, net="vgg16")


def test_large_objects_that_are_nearest_to_the_synthesized_are_kept(
    trees: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "chosen"
    dogs, faces = select_pictures(*trees, output, SETTINGS)
    assert (dogs.pictures, dogs.without_map, dogs.small, dogs.broken, dogs.ranked) == (8, 1, 2, 0, True)
    assert [path.name for path, _ in dogs.chosen] == ["2.jpg", "1.jpg"]
    assert not faces.ranked
    assert [path.name for path, _ in faces.chosen] == ["0.png", "1.png"]
    written = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    assert written == [
        "choice.json",
        "maps/151_dog/1.png",
        "maps/151_dog/2.png",
        "maps/face/0.png",
        "maps/face/1.png",
        "pictures/151_dog/1.jpg",
        "pictures/151_dog/2.jpg",
        "pictures/face/0.png",
        "pictures/face/1.png",
    ]
    assert json.loads((output / "choice.json").read_text())["classes"][0]["kept"] == 2
    assert (output / "pictures" / "151_dog" / "1.jpg").is_symlink()
    assert not list(tmp_path.glob(".*"))


def test_training_finds_the_maps_of_what_was_chosen(trees: tuple[Path, Path, Path], tmp_path: Path) -> None:
    real, maps, pairs = trees
    # Two pictures share a name, so their maps have the suffix; one of them is chosen.
    (maps / "151_dog" / "1.png").rename(maps / "151_dog" / "1.jpg.png")
    Image.new("RGB", (40, 40)).save(real / "151_dog" / "1.png")
    Image.new("L", (40, 40)).save(maps / "151_dog" / "1.png.png")
    output = tmp_path / "chosen"
    dogs, _ = select_pictures(real, maps, pairs, output, SETTINGS)
    assert [path.name for path, _ in dogs.chosen] == ["2.jpg", "1.jpg"]
    found = PictureSet(output / "pictures" / "151_dog", 32, maps=output / "maps" / "151_dog")
    assert len(found) == 2
    assert len(found.sample_labelled(2, 0, 0)) == 2


def test_copies_do_not_need_what_they_are_of(trees: tuple[Path, Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "chosen"
    settings = SelectionSettings(keep=1, net="vgg16", copies=True)
    ((path, _),) = select_pictures(*trees, output, settings)[0].chosen
    assert not any(each.is_symlink() for each in output.rglob("*"))
    assert (output / "pictures" / "151_dog" / path.name).read_bytes() == path.read_bytes()


def test_a_folder_that_is_there_is_not_mixed_with_the_choice(trees: tuple[Path, Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "chosen"
    output.mkdir()
    select_pictures(*trees, output, SETTINGS)  # an empty one is filled
    before = sorted(output.rglob("*"))
    with pytest.raises(FileExistsError, match="exists already"):
        select_pictures(*trees, output, SETTINGS)
    assert sorted(output.rglob("*")) == before
    with pytest.raises(SelectionError, match="lies inside"):
        select_pictures(*trees, trees[0] / "chosen", SETTINGS)


def test_a_broken_picture_is_left_out(
    trees: tuple[Path, Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = trees[0] / "151_dog" / "2.jpg"
    path.write_bytes(path.read_bytes()[:200])
    dogs, _ = select_pictures(*trees, tmp_path / "chosen", SETTINGS)
    assert dogs.broken == 1
    assert [path.name for path, _ in dogs.chosen] == ["1.jpg", "3.jpg"]
    assert "2.jpg" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda real, maps, pairs: (real / "151_dog", maps, pairs), "has no subfolders"),
        (lambda real, maps, pairs: (real, maps, pairs / "151_dog"), "none of .*subfolders"),
        (lambda real, maps, pairs: (real, maps / "none", pairs), "11 have no map"),
    ],
)
def test_what_cannot_be_chosen_from_is_explained(
    trees: tuple[Path, Path, Path], tmp_path: Path, change: Callable[..., tuple[Path, Path, Path]], words: str
) -> None:
    with pytest.raises(SelectionError, match=words):
        select_pictures(*change(*trees), tmp_path / "chosen", SETTINGS)
    assert not (tmp_path / "chosen").exists()
    with pytest.raises(SelectionError, match="no net 'eye'"):
        SelectionSettings(net="eye")


def test_every_ranker_has_pooled_features() -> None:
    torch.manual_seed(0)
    feature = selection.RANKERS["efficientnet-lite0"]().pooled(torch.rand(2, 3, 64, 64) * 2 - 1)
    assert feature.shape == (2, 1280)
