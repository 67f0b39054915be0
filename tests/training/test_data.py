from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gpunit.images import PictureError, read_batches
from gpunit.training import data
from gpunit.training.data import Limits, PairSet, PictureSet
from tests.conftest import blobs


def test_a_batch_depends_on_seed_step_and_purpose_alone(folders: Callable[..., list[Path]]) -> None:
    (folder,) = folders("cat")
    first, second = PictureSet(folder, 32), PictureSet(folder, 32)
    second.sample(3, seed=9, step=9)  # what was sampled before does not matter
    batch = first.sample(4, seed=1, step=2)
    assert torch.equal(batch, second.sample(4, seed=1, step=2))
    for other in ({"seed": 2, "step": 2}, {"seed": 1, "step": 3}, {"seed": 1, "step": 2, "purpose": "x"}):
        assert not torch.equal(batch, first.sample(4, **other))
    assert batch.shape == (4, 3, 32, 32)
    assert batch.abs().max() <= 1


def test_pictures_that_are_not_kept_are_the_same(
    folders: Callable[..., list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cat, dog = folders("cat", "dog")
    wanted = [PictureSet(folder, 32).sample(6, seed=1, step=2) for folder in (cat, dog)]
    monkeypatch.setattr(data, "_sets", weakref.WeakSet())
    monkeypatch.setattr(data, "KEPT_BYTES", 3 * 3 * 36**2)
    sets = [PictureSet(folder, 32) for folder in (cat, dog)]
    for _ in range(2):
        for pictures, batch in zip(sets, wanted, strict=True):
            assert torch.equal(pictures.sample(6, seed=1, step=2), batch)
    assert sum(pictures.kept_bytes for pictures in sets) == data.KEPT_BYTES
    assert sum(stack.nbytes for pictures in sets for stack in pictures._decoded.values()) == data.KEPT_BYTES


def test_pictures_that_lie_on_a_device_are_the_same(
    folders: Callable[..., list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (cat,) = folders("cat")
    wanted = PictureSet(cat, 32).sample(6, seed=1, step=2, turned=2)
    pictures = PictureSet(cat, 32)
    assert not pictures.keep_on(torch.device("cpu"))
    monkeypatch.setattr(data, "fits", lambda needed, device: True)
    assert pictures.keep_on(torch.device("cpu"))
    assert torch.equal(pictures.sample(6, seed=1, step=2, turned=2), wanted)


@pytest.mark.parametrize("way", ["decoded", "decoded by several threads", "on a device"])
def test_some_rows_of_a_batch_are_those_of_the_whole(
    way: str, pairs: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, maps = pairs
    cats = PictureSet(pictures / "cat", 32, label=3, maps=maps / "cat")
    both = PairSet(pictures, maps, ("cat", "dog"), 32)
    whole, whole_pairs = cats.sample_labelled(7, 1, 2, turned=3), both.sample_pairs(7, 1, 2, turned=3)
    if way == "on a device":
        monkeypatch.setattr(data, "fits", lambda needed, device: True)
        cats.keep_on(torch.device("cpu"))
    elif way == "decoded by several threads":
        cats, both = PictureSet(pictures / "cat", 32, label=3, maps=maps / "cat"), PairSet(*pairs, ("cat", "dog"), 32)
        cats.decode_in_threads()
        both.decode_in_threads()
    for rows in ([5, 0, 2], [1], range(7)):
        part = cats.sample_labelled(7, 1, 2, turned=3, rows=rows)
        part_pairs = both.sample_pairs(7, 1, 2, turned=3, rows=rows)
        for mine, all_rows in zip((part, *part_pairs), (whole, *whole_pairs), strict=True):
            for tensor, wanted in zip(mine.tensors, all_rows.tensors, strict=True):
                torch.testing.assert_close(tensor, wanted[list(rows)], rtol=0, atol=1e-6)


def test_the_limit_takes_the_first_pictures(folders: Callable[..., list[Path]]) -> None:
    (folder,) = folders("cat")
    assert [path.name for path in PictureSet(folder, 32, limit=2).paths] == ["00000.png", "00001.png"]


def test_a_limit_is_shared_by_subfolders_as_far_as_they_have_pictures(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    many, few = folders("10_cock", "11_goldfinch", count=4)
    for path in sorted(few.iterdir())[1:]:
        path.unlink()
    for limit, expected in ((2, (1, 1)), (3, (2, 1)), (9, (4, 1))):
        paths = PictureSet(many.parent, 32, limit=limit).paths
        assert tuple(sum(path.parent.name == each.name for path in paths) for each in (many, few)) == expected


def test_the_papers_crops_are_random_in_small_pictures_too(tmp_path: Path) -> None:
    blobs(0, 32, 32).save(tmp_path / "a.png")
    as_it_is, enlarged = PictureSet(tmp_path, 32), PictureSet(tmp_path, 32, enlarged=True)
    assert as_it_is.stack(0).shape == (3, 32, 32)
    assert enlarged.stack(0).shape == (3, 36, 36)


def test_a_few_pictures_are_read_from_all_over_a_folder(folders: Callable[..., list[Path]]) -> None:
    (folder,) = folders("cat", count=6)
    whole = torch.cat(list(read_batches(folder, 32)))
    assert torch.equal(torch.cat(list(read_batches(folder, 32, limit=3, batch=2))), whole[[0, 2, 4]])
    assert torch.equal(torch.cat(list(read_batches(folder, 32, limit=9))), whole)


@pytest.mark.parametrize(("side", "shown"), [(20, 32), (34, 34), (100, 36)])
def test_pictures_are_not_enlarged_beyond_the_crop(side: int, shown: int, tmp_path: Path) -> None:
    # Enlarged pictures are soft, and what D is shown for real is what G learns to render.
    noise = np.random.default_rng(0).integers(0, 256, (side, side + 9, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    pictures = PictureSet(tmp_path, 32)
    assert pictures.stack(0).shape == (3, shown, shown)
    assert pictures.sample(5, seed=0, step=0).shape == (5, 3, 32, 32)


def test_a_picture_of_the_crops_size_is_sampled_as_it_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    sampled = PictureSet(tmp_path, 32).sample(8, seed=0, step=0)
    picture = data.from_uint8(torch.from_numpy(noise).permute(2, 0, 1))
    assert all(torch.equal(each, picture) or torch.equal(each, picture.flip(2)) for each in sampled)


def test_an_empty_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="holds no pictures"):
        PictureSet(tmp_path, 32)


def test_a_pair_shares_crop_flip_and_turn_with_its_maps(tmp_path: Path) -> None:
    """Where both pictures and both maps of a code are one and the same ramp, they still are after augmentation."""
    ramp = Image.fromarray(np.tile(np.arange(96, dtype=np.uint8) * 2, (96, 1)))
    for kind in ("pictures", "maps"):
        for name in ("cat", "dog"):
            for code in range(3):
                path = tmp_path / kind / name / f"{code}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                ramp.save(path)
    pair_set = PairSet(tmp_path / "pictures", tmp_path / "maps", ("cat", "dog"), 64)
    first, second = pair_set.sample_pairs(6, seed=0, step=0, turned=3)
    assert torch.allclose(first.picture, second.picture)
    assert torch.allclose(first.picture[:, :1], first.shape)
    assert torch.allclose(second.picture[:, :1], second.shape)
    assert (first.label != second.label).all()


def test_every_ordered_pair_of_a_code_has_one_index(tmp_path: Path) -> None:
    names = {"face": (), "cat": (0, 1, 2), "dog": (0, 2), "bird": (2, 3)}
    for kind in ("pictures", "maps"):
        for name, codes in names.items():
            for code in codes:
                path = tmp_path / kind / name / f"{code}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (8, 8)).save(path)
    pair_set = PairSet(tmp_path / "pictures", tmp_path / "maps", tuple(names), 8)
    found = [pair_set.pair(index) for index in range(len(pair_set))]
    stems = [tuple(pair_set.sets[label].paths[i].stem for label, i in pair) for pair in found]
    assert all(a == b for a, b in stems)
    # A class without pairs keeps its place among the labels.
    wanted = [("0", 1, 2), ("0", 2, 1), *(("2", a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b)]
    assert sorted((stem, pair[0][0], pair[1][0]) for (stem, _), pair in zip(stems, found, strict=True)) == sorted(
        wanted
    )


def test_pictures_without_a_map_are_left_out(pairs: tuple[Path, Path]) -> None:
    pictures, maps = pairs
    (maps / "cat" / "00002.png").unlink()
    assert "00002.png" not in [path.name for path in PictureSet(pictures / "cat", 32, maps=maps / "cat").paths]
    with pytest.raises(PictureError, match="has its map there"):
        PictureSet(pictures / "cat", 32, maps=maps / "nowhere")


def test_limits_are_by_folder() -> None:
    limits = Limits(600, {"cat": 4000})
    assert (limits.of(Path("data/cat")), limits.of(Path("data/dog"))) == (4000, 600)
    assert Limits().of(Path("data/cat")) is None
