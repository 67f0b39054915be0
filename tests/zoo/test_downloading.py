"""Published translators from a mirror or from files that the user put among the checkpoints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.files import digest
from gpunit.networks.frozen.arcface import IdentityNet
from gpunit.zoo import downloading
from gpunit.zoo.fetching import CancelledError, DownloadError
from gpunit.zoo.ledger import RECORD_NAME, record_sum
from gpunit.zoo.weights import ModelError


def test_published_files_render_the_recorded_pictures_straight_and_converted(
    published_files: Path, empty_shelf: Path, renders_the_recorded_pictures: Callable[[Translator], None]
) -> None:
    paths = published_files / "dog2cat.pt", published_files / "content_encoder.pt"
    renders_the_recorded_pictures(zoo.load_published(*paths, "cpu", "fp32"))
    assert list(empty_shelf.iterdir()) == []
    assert not zoo.find("dog2cat").is_here
    for name in ("dog2cat.pt", "content_encoder.pt"):
        (empty_shelf / name).symlink_to(published_files / name)
    assert zoo.find("dog2cat").is_here
    assert zoo.find("dog2cat").megabytes == (published_files / "dog2cat.pt").stat().st_size / 1e6
    assert zoo.fingerprint("dog2cat") == digest(empty_shelf / "dog2cat.safetensors")
    renders_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))
    converted = {path.name: path.stat().st_mtime_ns for path in empty_shelf.glob("*.safetensors")}
    assert sorted(converted) == ["content_encoder.safetensors", "dog2cat.safetensors"]
    for name in ("dog2cat.pt", "content_encoder.pt"):
        (empty_shelf / name).unlink()
    renders_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))
    assert {path.name: path.stat().st_mtime_ns for path in empty_shelf.glob("*.safetensors")} == converted
    assert not list(empty_shelf.glob("*.pt"))


@pytest.fixture(autouse=True)
def drive(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Google Drive, which is never asked in earnest: it refuses, and the ids that it was asked for are noted."""
    asked: list[str] = []

    def refuse(file_id: str, path: Path, report: object) -> None:
        asked.append(file_id)
        raise DownloadError(f"{path.name}: Google Drive did not give the file; try again later.")

    monkeypatch.setattr(downloading, "fetch_from_drive", refuse)
    return asked


@pytest.fixture
def mirror(published_files: Path) -> Iterator[str]:
    """A server with the two published files, and a web page under the name of a third."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(published_files))

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


def test_a_download_ends_in_a_model_that_renders(
    mirror: str, empty_shelf: Path, renders_the_recorded_pictures: Callable[[Translator], None]
) -> None:
    seen: list[str] = []
    zoo.download("dog2cat", mirror, lambda file, done, total: seen.append(file))
    kept = ["content_encoder.safetensors", "dog2cat.safetensors", RECORD_NAME]
    assert sorted(path.name for path in empty_shelf.iterdir()) == kept
    assert set(seen) == {"content_encoder.pt", "dog2cat.pt"}
    renders_the_recorded_pictures(zoo.load("dog2cat", "cpu", "fp32"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("cat2dog", "web page instead of the file"), ("dog2bird", "404"), ("bird2car", "holds the content encoder")],
)
def test_a_failed_download_tells_what_each_source_answered_and_leaves_no_debris(
    mirror: str, drive: list[str], empty_shelf: Path, name: str, words: str
) -> None:
    with pytest.raises(DownloadError, match=rf"{mirror}: [^;]*{words}.*; Google Drive: .*--mirror.*by hand"):
        zoo.download(name, mirror)
    assert drive == [zoo.DRIVE_IDS[name]]
    assert sorted(path.name for path in empty_shelf.iterdir()) == ["content_encoder.safetensors", RECORD_NAME]


def test_a_changed_file_is_refused_at_load_and_at_the_next_download(mirror: str, empty_shelf: Path) -> None:
    zoo.download("dog2cat", mirror)
    path = empty_shelf / "dog2cat.safetensors"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ModelError, match="download dog2cat"):
        zoo.load("dog2cat")
    path.unlink()
    record_sum(empty_shelf, "dog2cat.pt", "0" * 64)  # as if the mirror had held another file the first time
    with pytest.raises(DownloadError, match="downloaded first"):
        zoo.download("dog2cat", mirror)
    assert not path.exists()
    assert not list(empty_shelf.glob("*.pt"))


def test_a_source_that_fails_gives_way_to_the_next(
    mirror: str, published_files: Path, empty_shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror without the file, and Drive, which has it: mirrors stand first, by flag or by environment."""

    def give(file_id: str, path: Path, report: object) -> None:
        shutil.copyfile(published_files / path.name, path)

    monkeypatch.setattr(downloading, "fetch_from_drive", give)
    monkeypatch.setenv("GPUNIT_MIRROR", f"{mirror}/nowhere")
    zoo.download("dog2cat")
    assert zoo.find("dog2cat").is_here


def test_a_download_that_its_user_ends_asks_no_further_source(mirror: str, drive: list[str], empty_shelf: Path) -> None:
    def end(file: str, done: int, total: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        zoo.download("dog2cat", mirror, end)
    assert drive == []


def test_arcface_comes_from_a_mirror_or_its_copy_and_is_checked(
    empty_shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "arcface.pth"
    torch.save(IdentityNet().state_dict(), file)
    asked: list[tuple[str, str]] = []

    def give(repository: str, name: str, path: Path, report: object) -> str:
        asked.append((repository, name))
        shutil.copyfile(file, path)
        return digest(path)

    monkeypatch.setattr(downloading, "fetch_from_hub", give)
    with pytest.raises(DownloadError, match=r"me/faces: the file's sha256 is .*lithiumice/ArcFace_PyTorch: "):
        zoo.download_identity_net("me/faces")
    assert asked == [
        ("me/faces", zoo.IDENTITY_NET),
        ("lithiumice/ArcFace_PyTorch", "InsightFace_Pytorch+model_ir_se50.pth"),
    ]
    assert list(empty_shelf.iterdir()) == []
    monkeypatch.setattr(downloading, "_IDENTITY_SUM", digest(file))
    assert zoo.download_identity_net().read_bytes() == file.read_bytes()


def test_what_is_not_published_cannot_be_downloaded(empty_shelf: Path) -> None:
    with pytest.raises(ModelError, match="not a published model"):
        zoo.download("to-cat")
    with pytest.raises(ModelError, match="download it first"):
        zoo.load("dog2cat")
