"""One picture that cannot be read costs no step."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.images import PictureError
from gpunit.training.broken import sound
from gpunit.training.data import PairSet, PictureSet
from gpunit.training.prior.windows import WindowSet


def cut_off(path: Path) -> None:
    """Leave the header and half of the pixels."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_what_is_no_picture_is_found_at_the_start_and_named(
    folders: Callable[..., list[Path]], caplog: pytest.LogCaptureFixture
) -> None:
    (cat,) = folders("cat", count=4)
    (cat / "00001.png").write_bytes(b"<html>not found</html>")
    (cat / "00002.png").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        pictures = PictureSet(cat, 32)
    assert [path.name for path in pictures.paths] == ["00000.png", "00003.png"]
    assert [record.message.split(":")[0] for record in caplog.records] == [f"{cat}/0000{i}.png" for i in (1, 2)]
    assert all(record.message.endswith("It is left out.") for record in caplog.records)
    for path in cat.iterdir():
        path.write_bytes(b"")
    with pytest.raises(PictureError, match="not a picture"):
        sound(sorted(cat.iterdir()))


def test_a_picture_that_was_cut_off_gives_its_place_to_the_next_one(
    folders: Callable[..., list[Path]], caplog: pytest.LogCaptureFixture
) -> None:
    (cat,) = folders("cat", count=3)
    cut_off(cat / "00001.png")
    pictures = PictureSet(cat, 32)
    wanted = [pictures.stack(0), pictures.stack(2)]
    with caplog.at_level(logging.WARNING):
        for step in range(4):
            batch = pictures.sample(6, seed=0, step=step)
            assert batch.shape == (6, 3, 32, 32)
    assert len(caplog.records) == 1, "named once"
    assert pictures._next_whole(1)[0] == 2
    assert torch.equal(pictures._next_whole(1)[1], wanted[1])
    again = PictureSet(cat, 32)
    assert torch.equal(again.sample(6, seed=0, step=3), batch), "a resumed run sees the same"


def test_pictures_that_are_all_cut_off_or_gone_end_the_run(folders: Callable[..., list[Path]]) -> None:
    (cat,) = folders("cat", count=2)
    pictures = PictureSet(cat, 32)
    (cat / "00000.png").unlink()
    with pytest.raises(PictureError, match="no such file"):
        pictures.sample(8, seed=0, step=0)
    cut_off(cat / "00001.png")
    whole = PictureSet(cat, 32)
    with pytest.raises(PictureError, match="damaged"):
        whole.sample(8, seed=0, step=0)


def test_a_pair_with_a_cut_off_picture_or_map_is_left_out(pairs: tuple[Path, Path]) -> None:
    folder, maps = pairs
    cut_off(folder / "cat" / "00001.png")
    cut_off(maps / "dog" / "00004.png")
    found = PairSet(folder, maps, ("cat", "dog"), 32)
    for step in range(6):
        _, indices = found.sample_stacks(8, seed=0, step=step)
        stems = {found.sets[label].paths[place].stem for index in indices for label, place in found.pair(index)}
        assert not stems & {"00001", "00004"}


def test_windows_are_cut_from_the_other_pictures(folders: Callable[..., list[Path]]) -> None:
    (cat,) = folders("cat", count=3)
    cut_off(cat / "00001.png")
    assert len(WindowSet([cat], 32)) == 2
    for path in cat.iterdir():
        path.write_bytes(b"")
    with pytest.raises(PictureError, match="no picture can be read"):
        WindowSet([cat], 32)
