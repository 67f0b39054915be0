from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from gpunit import images, zoo
from gpunit.engine.translator import Translator
from gpunit.zoo import exporting, graphs
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.test_parity import FOLDER, load_recipe


def run(path: Path, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return dict(zip((slot.name for slot in session.get_outputs()), session.run(None, inputs), strict=True))


def test_onnx_graphs_translate_without_torch(tiny: Translator, tmp_path: Path) -> None:
    exported = {graph.path.name: graph for graph in exporting.export_onnx(tiny, "mine", tmp_path)}
    assert sorted(exported) == sorted(f"mine-{part}.onnx" for part in ("content", "render", "style", "sample"))
    assert all(0 <= graph.difference < 1e-4 for graph in exported.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(exported)
    picture = images.to_tensor(images.cut(blobs(3), tiny.resolution))
    plan = tiny.plan(blobs(3))
    planned = run(tmp_path / "mine-content.onnx", picture=picture.numpy())
    for count in (1, 2, 5):  # any number of styles at once
        latent = torch.randn(count, tiny.networks.style_sampler.params.latent_dim, generator=torch.Generator())
        style = run(tmp_path / "mine-sample.onnx", latent=latent.numpy())["style"]
        drawn = run(tmp_path / "mine-render.onnx", **planned, style=style)["picture"]
        assert np.abs(drawn - tiny.render_tensor(plan, torch.from_numpy(style)).numpy()).max() < 1e-3
    style = run(tmp_path / "mine-style.onnx", picture=picture.numpy())["style"]
    assert np.abs(style - tiny.style_of(blobs(3)).numpy()).max() < 1e-3


def test_nothing_is_overwritten_and_a_wrong_graph_is_not_kept(
    tiny: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine-style.onnx").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        exporting.export_onnx(tiny, "mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine-style.onnx"]
    assert (tmp_path / "mine-style.onnx").read_text() == "mine"
    monkeypatch.setattr(graphs, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="differs from PyTorch"):
        exporting.export_onnx(tiny, "other", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine-style.onnx"]


def test_exported_safetensors_load_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = zoo.load("to-cat", "cpu", "fp32")
    paths = exporting.export_safetensors("to-cat", tmp_path / "out")
    assert [path.suffix for path in paths] == [".safetensors"] * 2
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path / "out"))
    there = zoo.load("to-cat", "cpu", "fp32")
    drawn = [each.render_tensor(each.plan(blobs(1)), each.sample(1, 5)) for each in (here, there)]
    assert torch.equal(*drawn)
    with pytest.raises(FileExistsError, match="exists already"):
        exporting.export_safetensors("to-cat", tmp_path / "out")


def test_onnx_graphs_of_a_published_file_render_the_recorded_pictures(published_files: Path, tmp_path: Path) -> None:
    translator = zoo.load_published(
        published_files / "dog2cat.pt", published_files / "content_encoder.pt", "cpu", "fp32"
    )
    exporting.export_onnx(translator, "dog2cat", tmp_path)
    recipe = load_recipe()
    sessions = {
        part: onnxruntime.InferenceSession(str(tmp_path / f"dog2cat-{part}.onnx"), providers=["CPUExecutionProvider"])
        for part in ("content", "render", "style", "sample")
    }
    names = [slot.name for slot in sessions["content"].get_outputs()]
    answers = sessions["content"].run(None, {"picture": recipe.make_image("content", 256, 2)[:1]})
    planned = dict(zip(names, answers, strict=True))
    style = sessions["style"].run(None, {"picture": recipe.make_image("style", 256, 2)[:1]})[0]
    drawn = sessions["sample"].run(None, {"latent": recipe.make_latent(3)})[0][:1]
    with np.load(FOLDER / "golden.npz") as golden:
        for name, code in (("exemplar", style), ("latent", drawn)):
            picture = sessions["render"].run(None, {**planned, "style": code})[0]
            assert np.abs(picture - golden[name].astype(np.float32)).max() < 1e-3, name


def test_a_full_disk_names_the_file_that_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", refuse)
    with pytest.raises(OSError, match="No space left") as caught:
        exporting.export_safetensors("to-cat", tmp_path)
    assert caught.value.filename == str(tmp_path / "to-cat.safetensors")
    assert list(tmp_path.iterdir()) == []
