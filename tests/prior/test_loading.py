from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from pytorch_pretrained_biggan.model import PRETRAINED_CONFIG_ARCHIVE_MAP, PRETRAINED_MODEL_ARCHIVE_MAP

from gpunit.networks.code_encoder import CodeEncoder
from gpunit.prior import loading
from gpunit.prior.classes import PriorError
from gpunit.prior.loading import load_prior, save_biggan
from gpunit.zoo.weights import ModelError
from tests.conftest import TINY_PRIOR
from tests.zoo.conftest import Trap


@pytest.fixture(scope="module")
def folder(tiny_biggan: BigGAN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prior")
    save_biggan(tiny_biggan, ["cat", "dog"], path, CodeEncoder(TINY_PRIOR.encoder))
    return path


def test_missing_and_foreign_tensors_are_named(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text((folder / "config.json").read_text())
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    left = state.pop("embeddings.weight")
    torch.save(state, broken / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"lacks embeddings\.weight"):
        load_prior(broken)
    torch.save({**state, "embeddings.weight": left.T.clone()}, broken / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"another shape for embeddings\.weight"):
        load_prior(broken)


def test_code_in_a_weights_file_does_not_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    sprung = tmp_path / "sprung"
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(ModelError, match="damaged or holds code"):
        load_prior(tmp_path)
    assert not sprung.exists()


def test_what_is_not_here_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loading, "PYTORCH_PRETRAINED_BIGGAN_CACHE", tmp_path)
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))
    with pytest.raises(PriorError, match="neither a folder"):
        load_prior("biggan-of-unicorns")
    with pytest.raises(PriorError, match="download it first"):
        load_prior("biggan-deep-128")


def test_the_library_cache_is_read_without_a_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "PYTORCH_PRETRAINED_BIGGAN_CACHE", tmp_path)
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path / "nothing"))
    files = ((PRETRAINED_CONFIG_ARCHIVE_MAP, "config.json"), (PRETRAINED_MODEL_ARCHIVE_MAP, "pytorch_model.bin"))
    for number, (addresses, name) in enumerate(files):
        (tmp_path / f"cached{number}").write_bytes((folder / name).read_bytes())
        note = {"url": addresses["biggan-deep-256"], "etag": None}
        (tmp_path / f"cached{number}.json").write_text(json.dumps(note))
    assert loading.is_here("biggan-deep-256")
    assert not loading.is_here("biggan-deep-128")
    assert load_prior("biggan-deep-256", "cpu").class_names == ("cat", "dog")


def test_a_failed_write_leaves_the_earlier_model(
    folder: Path, tiny_biggan: BigGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_biggan(tiny_biggan, ["cat", "dog"], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="full"):
        save_biggan(tiny_biggan, ["bird", "car"], tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
