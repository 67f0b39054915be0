from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from gpunit import images
from gpunit.engine.batch import Share
from gpunit.segmentation.folders import groups_by_folder, map_picture, segment_folder
from gpunit.segmentation.instances import instance_map
from gpunit.segmentation.shapes import SegmentationError, Shape, object_crop
from gpunit.training.data import PictureSet
from tests.conftest import blobs


def test_a_mask_becomes_a_map_and_a_grey_picture() -> None:
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[1:3, 2:5] = True
    shape = instance_map(mask)
    assert shape.shape == (1, 4, 6)
    assert torch.equal(shape > 0, mask[None])
    assert shape.unique().tolist() == [-1, 1]
    picture = map_picture(shape)
    assert picture.mode == "L"
    assert picture.size == (6, 4)
    assert sorted(set(picture.tobytes())) == [0, 255]
    assert torch.equal(images.to_tensor(picture)[0, :1], shape)


def find_top_half(picture: Image.Image, group: str = "") -> Shape:
    mask = torch.zeros(picture.height, picture.width, dtype=torch.bool)
    mask[: picture.height // 2] = True
    return Shape(instance_map(mask), (0.0, 0.0, float(picture.width // 2), picture.height / 2))


def test_the_maps_are_the_same_whatever_the_number_of_processes(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    (cats, _) = folders("cat", "dog", count=3)
    segment_folder(cats.parent, tmp_path / "one", find_top_half)
    for index in range(4):
        segment_folder(cats.parent, tmp_path / "four", find_top_half, share=Share(index, 4))
        assert len(list((tmp_path / "four").rglob("*.png"))) == [2, 4, 5, 6][index]
    one, four = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.png")}
        for name in ("one", "four")
    )
    assert one == four
    assert len(one) == 6


def test_maps_are_written_once(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    (cats, dogs) = folders("cat", "dog", count=2)
    output, seen = tmp_path / "maps", []

    def find(picture: Image.Image, group: str) -> Shape | None:
        seen.append(picture)
        return None if len(seen) == 2 else find_top_half(picture)

    told: list[tuple[int, int]] = []
    empty = segment_folder(cats.parent, output, find, report=lambda *line: told.append(line))
    assert empty == [cats / "00001.png"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    written = sorted(path for path in output.rglob("*") if path.is_file())
    assert [path.relative_to(output) for path in written] == [
        Path("cat/00000.png"),
        Path("dog/00000.png"),
        Path("dog/00001.png"),
    ]
    with Image.open(written[0]) as shape:
        assert (shape.mode, shape.size, shape.getextrema()) == ("L", (96, 96), (0, 255))
    stamps = [path.stat().st_mtime_ns for path in written]
    assert segment_folder(cats.parent, output, find) == []  # the empty one is looked at again
    assert len(seen) == 5
    assert [path.stat().st_mtime_ns for path in written] == stamps
    assert len(list(dogs.iterdir())) == 2


def test_cropped_pictures_lie_beside_their_maps(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    (cats,) = folders("cat", count=1)
    maps, cropped = tmp_path / "maps", tmp_path / "cropped"
    segment_folder(cats, maps, find_top_half, cropped=cropped)
    picture, shape = (images.open_picture(folder / "00000.png") for folder in (cropped, maps))
    left, top, side = object_crop((0, 0, 48, 48), 96, 96)
    assert picture.size == shape.size == (side, side)
    original = images.open_picture(cats / "00000.png").crop((left, top, left + side, top + side))
    assert picture.tobytes() == original.tobytes()
    with pytest.raises(SegmentationError, match="gives no boxes"):
        segment_folder(
            cats, tmp_path / "b", lambda picture, group: Shape(find_top_half(picture).map), cropped=tmp_path / "c"
        )


def test_one_call_looks_for_each_folders_own_kind(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dogs, *_ = folders("151_dog", "436_vehicle", "horse", "face", count=1)
    (tmp_path / "data" / "horse" / "old").mkdir()
    blobs(7).save(tmp_path / "data" / "horse" / "old" / "a.png")
    sought = {}

    def find(picture: Image.Image, group: str) -> Shape:
        sought[picture.tobytes()] = group
        return find_top_half(picture)

    groups = groups_by_folder(dogs.parent)
    assert segment_folder(dogs.parent, tmp_path / "maps", find, groups.__getitem__) == []
    assert sought == {images.open_picture(path).tobytes(): group for path, group in groups.items()}
    assert list(groups.values()) == ["dog", "vehicle", "person", "animal", "animal"]
    assert set(groups_by_folder(dogs).values()) == {"dog"}  # the folder itself tells it too


def test_folders_that_tell_no_group_are_named_before_anything_is_looked_for(
    folders: Callable[..., list[Path]],
) -> None:
    dogs, *_ = folders("dog", "holiday", "party", count=1)
    with pytest.raises(SegmentationError, match=r"holiday and 1 more: .*--group"):
        groups_by_folder(dogs.parent)


def test_results_never_lie_among_the_pictures(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    (cats,) = folders("cat", count=1)
    with pytest.raises(SegmentationError, match="lies inside"):
        segment_folder(cats, cats / "maps", find_top_half)
    linked = tmp_path / "linked"
    linked.mkdir()
    (cats / "link").symlink_to(linked)
    with pytest.raises(SegmentationError, match="lies inside"):
        segment_folder(cats, linked / "maps", find_top_half)


def test_pictures_that_share_a_name_get_maps_of_their_own_that_training_finds(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    (cats,) = folders("cat", count=1)
    blobs(5).save(cats / "00000.jpg")
    blobs(6).save(cats / f"{'猫' * 83}.png")
    segment_folder(cats.parent, tmp_path / "maps", find_top_half)
    pictures = PictureSet(cats, 32, maps=tmp_path / "maps" / "cat")
    assert len(pictures) == len(set(pictures.maps)) == 3
