"""A Hugging Face Space: the folder that is uploaded, and the app started in it as the host does."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
import yaml
from gradio_client import Client, handle_file
from packaging.requirements import Requirement
from PIL import Image
from typer.testing import CliRunner

from gpunit import zoo
from gpunit.__main__ import app
from gpunit.zoo import space
from gpunit.zoo.weights import ModelError
from tests.public.conftest import ROOT, start_app
from tests.public.test_hosting import SPACE_KEYS

ABSENT = ("mmdet", "mmcv", "mmengine", "cv2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return space.write(tmp_path_factory.mktemp("host") / "space", "owner/explorer", ["owner/to-cat"])


def settings_of(folder: Path) -> dict[str, object]:
    found = re.match(r"---\n(.*?)\n---\n", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return dict(yaml.safe_load(found[1]))


def test_its_settings_are_the_repositorys_and_what_depends_on_its_name(folder: Path) -> None:
    own, repository = settings_of(folder), settings_of(ROOT)
    assert own.keys() <= SPACE_KEYS
    assert repository.items() <= own.items()
    assert own["models"] == ["owner/to-cat"]
    assert own["preload_from_hub"] == ["owner/to-cat config.json,content_encoder.safetensors,model.safetensors"]
    address = str(own["thumbnail"])
    assert address.startswith("https://huggingface.co/spaces/owner/explorer/resolve/main/")
    with Image.open(folder / address.partition("/main/")[2]) as picture:
        assert picture.width >= 1200


def test_it_asks_for_what_the_app_needs_and_for_no_detector(folder: Path) -> None:
    def named(path: Path) -> set[str]:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        return {Requirement(line).name for line in lines}

    assert named(ROOT / "requirements.txt") - named(folder / "requirements.txt") == {"mmdet", "mmcv-lite", "mmengine"}
    assert named(folder / "requirements.txt") <= named(ROOT / "requirements.txt")


def test_it_holds_no_download_and_no_trace_of_running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    for name in (
        "app.py", "LICENSE", "README.md", "requirements.txt", "pre-requirements.txt", "gpunit/a.py",
        "gpunit/__pycache__/a.pyc", "assets/README.md", "assets/examples/cat.jpg", "assets/screenshot.png",
        "checkpoints/to-cat.safetensors", "checkpoints/mine2.safetensors", "checkpoints/dog2cat.safetensors",
        "checkpoints/dog2cat.pt", "checkpoints/.dog2cat.pt.1.part", "checkpoints/downloads.json",
        "checkpoints/biggan-deep-128/config.json", "tests/test_a.py", ".git/config",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "README.md").write_text("---\ntitle: Explorer\n---\n")
    monkeypatch.setattr("gpunit.settings.ROOT", root)
    written = space.write(tmp_path / "space")
    assert {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()} == {
        "app.py", "LICENSE", "README.md", "requirements.txt", "pre-requirements.txt", "gpunit/a.py",
        "assets/README.md", "assets/examples/cat.jpg", "checkpoints/to-cat.safetensors",
        "checkpoints/mine2.safetensors",
    }  # fmt: skip


def test_what_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'explorer' is no name on the Hugging Face Hub; give one as owner/name"):
        space.write(tmp_path / "space", "explorer")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    answer = CliRunner().invoke(app, ["space", str(tmp_path / "full")])
    assert isinstance(answer.exception, FileExistsError)
    monkeypatch.setattr("gpunit.settings.ROOT", tmp_path)
    with pytest.raises(ModelError, match="from a checkout"):
        space.write(tmp_path / "space")


def test_it_starts_and_translates_as_the_host_starts_it(folder: Path, tmp_path: Path) -> None:
    """In its own folder, with its own command and the host's variables, without the packages that it leaves out."""
    blocking = tmp_path / "site"
    blocking.mkdir()
    (blocking / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({ABSENT!r}))\n")
    home = tmp_path / "home"
    home.mkdir()
    running = start_app(
        tmp_path, work=folder, program=folder / "app.py", SYSTEM="spaces", SPACE_ID="owner/explorer",
        GRADIO_SERVER_NAME="0.0.0.0", HOME=str(home), PYTHONPATH=str(blocking),
    )  # fmt: skip
    try:
        assert "to-cat" in httpx.get(f"{running.address}/health").json()["models"]
        client = Client(running.address, verbose=False, download_files=str(tmp_path / "answers"))
        photo = handle_file(folder / "assets" / "examples" / "dog-fox.jpg")
        pictures, *_ = client.predict(photo, "to-cat", count=1, api_name="/translate")
        with Image.open(pictures[0]["image"]) as picture:
            assert picture.size == (zoo.find("to-cat").resolution,) * 2
    finally:
        assert running.stop() == 0, running.log.read_text()
    # Before that Gradio misses `spaces`, which the host installs, for reloading changed code.
    assert "Traceback" not in running.log.read_text().partition("Running on")[2]
