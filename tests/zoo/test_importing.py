"""Published files, made here of random weights in the published layout, and what becomes of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.files import digest
from gpunit.zoo import published
from gpunit.zoo.exporting import export_onnx
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.importing import convert_published, import_published
from gpunit.zoo.ledger import RECORD_NAME, has_agreed, record_agreement, record_sum
from gpunit.zoo.weights import ModelError
from tests.commands.test_translation import gpunit
from tests.conftest import blobs
from tests.test_parity import FOLDER, PICTURES, load_recipe

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def states() -> dict[str, State]:
    recipe = load_recipe()
    layout = recipe.read_layout(FOLDER / "layout.txt")
    return {
        name: published.as_tensors(recipe.make_state(layout[name]))
        for name in ("content_encoder", "generator", "sampler")
    }


@pytest.fixture(scope="module")
def files(states: dict[str, State], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """content_encoder.pt and dog2cat.pt as they are published."""
    folder = tmp_path_factory.mktemp("published")
    torch.save(states["content_encoder"], folder / "content_encoder.pt")
    torch.save({"g_ema": states["generator"], "sampler": states["sampler"]}, folder / "dog2cat.pt")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zoo, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.delenv("GPUNIT_MIRROR", raising=False)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def draws_the_recorded_pictures(translator: Translator) -> None:
    recipe = load_recipe()
    with np.load(FOLDER / "golden.npz") as golden, torch.inference_mode():
        networks = translator.networks
        content = networks.content_encoder(torch.from_numpy(recipe.make_image("content", 256, 2))[:1])
        gates = networks.generator.plan_skips(content)
        style = networks.style_encoder(torch.from_numpy(recipe.make_image("style", 256, 2)))[:1]
        drawn = networks.style_sampler(torch.from_numpy(recipe.make_latent(3)))[:1]
        for name, code in (("exemplar", style), ("latent", drawn)):
            picture = networks.generator.render(content.content, gates, code)
            assert np.abs(picture.numpy() - golden[name].astype(np.float32)).max() < PICTURES, name


def test_published_files_draw_the_recorded_pictures_straight_and_converted(files: Path, shelf: Path) -> None:
    draws_the_recorded_pictures(zoo.load_published(files / "dog2cat.pt", files / "content_encoder.pt", "cpu", "fp32"))
    assert list(shelf.iterdir()) == []
    assert not zoo.find("dog2cat").is_here
    for name in ("dog2cat.pt", "content_encoder.pt"):
        (shelf / name).symlink_to(files / name)
    assert zoo.find("dog2cat").is_here
    assert zoo.find("dog2cat").megabytes == (files / "dog2cat.pt").stat().st_size / 1e6
    assert zoo.fingerprint("dog2cat") == digest(shelf / "dog2cat.safetensors")
    draws_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))
    converted = {path.name: path.stat().st_mtime_ns for path in shelf.glob("*.safetensors")}
    assert sorted(converted) == ["content_encoder.safetensors", "dog2cat.safetensors"]
    for name in ("dog2cat.pt", "content_encoder.pt"):
        (shelf / name).unlink()
    draws_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))
    assert {path.name: path.stat().st_mtime_ns for path in shelf.glob("*.safetensors")} == converted
    assert not list(shelf.glob("*.pt"))


def test_onnx_graphs_of_a_published_file_draw_the_recorded_pictures(files: Path, tmp_path: Path) -> None:
    translator = zoo.load_published(files / "dog2cat.pt", files / "content_encoder.pt", "cpu", "fp32")
    export_onnx(translator, "dog2cat", tmp_path)
    recipe = load_recipe()
    graphs = {
        part: InferenceSession(str(tmp_path / f"dog2cat-{part}.onnx"), providers=["CPUExecutionProvider"])
        for part in ("content", "render", "style", "sample")
    }
    names = [slot.name for slot in graphs["content"].get_outputs()]
    answers = graphs["content"].run(None, {"picture": recipe.make_image("content", 256, 2)[:1]})
    planned = dict(zip(names, answers, strict=True))
    style = graphs["style"].run(None, {"picture": recipe.make_image("style", 256, 2)[:1]})[0]
    drawn = graphs["sample"].run(None, {"latent": recipe.make_latent(3)})[0][:1]
    with np.load(FOLDER / "golden.npz") as golden:
        for name, code in (("exemplar", style), ("latent", drawn)):
            picture = graphs["render"].run(None, {**planned, "style": code})[0]
            assert np.abs(picture - golden[name].astype(np.float32)).max() < 1e-3, name


def spoil(state: dict[str, Any], how: str) -> Any:
    """A copy of a published translator's file with one fault."""
    spoilt = {part: dict(tensors) for part, tensors in state.items()}
    name = "model.1.skiplayer.mask.weight"
    if how == "missing":
        del spoilt["g_ema"][name]
    elif how == "extra":
        spoilt["g_ema"]["model.9.weight"] = torch.zeros(1)
    elif how == "shape":
        spoilt["g_ema"][name] = spoilt["g_ema"][name][:-1]
    elif how == "sampler":
        spoilt["sampler"] = {}
    return spoilt


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", r"lacks skips\.16\.to_mask\.weight"),
        ("extra", r"unknown tensor .*9\.weight"),
        ("shape", r"another shape for skips\.16\.to_mask\.weight"),
        ("sampler", "lacks"),
    ],
)
def test_a_wrong_tensor_is_named(states: dict[str, State], tmp_path: Path, how: str, words: str) -> None:
    path = tmp_path / "dog2cat.pt"
    torch.save(spoil({"g_ema": states["generator"], "sampler": states["sampler"]}, how), path)
    with pytest.raises(ModelError, match=words):
        import_published(path, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


class Trap:
    """Unpickling it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_files_that_are_no_weights_are_explained_and_not_run(files: Path, tmp_path: Path) -> None:
    sprung, path = tmp_path / "sprung", tmp_path / "dog2cat.pt"
    whole = (files / "dog2cat.pt").read_bytes()
    for content, words in (
        (pickle.dumps({"g_ema": Trap(sprung), "sampler": {}}, protocol=2), "holds code"),
        (b"<!DOCTYPE html><html>Quota exceeded</html>", "web page"),
        (whole[: len(whole) // 2], "damaged"),
        (b"", "damaged"),
        (b"\0" * 1000, "damaged"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=words):
            convert_published(path)
    assert not sprung.exists()
    torch.save({"weights": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="no published GP-UNIT weights"):
        convert_published(path)
    with pytest.raises(ModelError, match="there is no file"):
        convert_published(tmp_path / "nowhere.pt")


def test_mixed_up_files_are_told_apart(files: Path) -> None:
    with pytest.raises(ModelError, match="holds the content encoder; give a published translator"):
        zoo.load_published(files / "content_encoder.pt", files / "content_encoder.pt")
    with pytest.raises(ModelError, match=r"holds a translator; give content_encoder\.pt"):
        zoo.load_published(files / "dog2cat.pt", files / "dog2cat.pt")


@pytest.fixture
def mirror(files: Path) -> Iterator[str]:
    """A server with the two published files, and a web page under the name of a third."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(files))

        def do_GET(self) -> None:
            if self.path == "/cat2dog.pt":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<html>Too many users have viewed this file</html>")
            elif self.path == "/bird2car.pt":
                self.path = "/content_encoder.pt"
                super().do_GET()
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_download_ends_in_a_model_that_draws(mirror: str, shelf: Path) -> None:
    seen: list[str] = []
    zoo.download("dog2cat", mirror, lambda file, done, total: seen.append(file))
    kept = ["content_encoder.safetensors", "dog2cat.safetensors", RECORD_NAME]
    assert sorted(path.name for path in shelf.iterdir()) == kept
    assert set(seen) == {"content_encoder.pt", "dog2cat.pt"}
    draws_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("cat2dog", DownloadError, "web page instead of the file"),
        ("dog2bird", DownloadError, "404"),
        ("bird2car", ModelError, "holds the content encoder"),
    ],
)
def test_a_failed_download_leaves_no_debris(
    mirror: str, shelf: Path, name: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        zoo.download(name, mirror)
    assert sorted(path.name for path in shelf.iterdir()) == ["content_encoder.safetensors", RECORD_NAME]


def test_a_changed_file_is_refused_at_load_and_at_the_next_download(mirror: str, shelf: Path) -> None:
    zoo.download("dog2cat", mirror)
    path = shelf / "dog2cat.safetensors"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ModelError, match="download dog2cat"):
        zoo.load("dog2cat")
    path.unlink()
    record_sum(shelf, "dog2cat.pt", "0" * 64)  # as if the mirror had held another file the first time
    with pytest.raises(DownloadError, match="downloaded first"):
        zoo.download("dog2cat", mirror)
    assert not path.exists()
    assert not list(shelf.glob("*.pt"))


def test_agreeing_is_remembered_and_a_damaged_record_is_explained(tmp_path: Path) -> None:
    assert not has_agreed(tmp_path, "terms")
    record_agreement(tmp_path, "terms")
    record_sum(tmp_path, "a.pt", "12")
    assert has_agreed(tmp_path, "terms")
    assert not has_agreed(tmp_path, "other terms")
    assert [path.name for path in tmp_path.iterdir()] == [RECORD_NAME]
    for damaged in ("{", "[]", '{"agreed": 3, "sha256": {}}'):
        (tmp_path / RECORD_NAME).write_text(damaged)
        with pytest.raises(ModelError, match="delete it"):
            has_agreed(tmp_path, "terms")


def test_what_is_not_published_cannot_be_downloaded(shelf: Path) -> None:
    with pytest.raises(ModelError, match="not a published model"):
        zoo.download("to-cat")
    with pytest.raises(ModelError, match="download it first"):
        zoo.load("dog2cat")


def test_the_commands(files: Path, tmp_path: Path) -> None:
    blobs(1).save(tmp_path / "photo.png")
    model = ("--model", files / "dog2cat.pt", "--content-encoder", files / "content_encoder.pt")
    answer = gpunit("translate", tmp_path / "photo.png", *model, "--count", "1", "--output", tmp_path / "out")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "out" / "photo-01.png").is_file()
    answer = gpunit("download", "dog2cat")  # no answer to the question about the licence
    assert answer.returncode == 2
    assert "S-Lab" in answer.stderr
    assert "--accept-licence" in answer.stderr
    listed = gpunit("models").stdout
    assert listed.count("S-Lab") == 17
