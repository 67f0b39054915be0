from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gpunit.zoo.fetching import DownloadError, fetch, fetch_from_any, fetch_from_drive, fetch_with_retries

CONTENT = bytes(range(256)) * 4000
SUM = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Remembers where each request began, and lets a stalled answer go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.begins: list[int] = []
        self.release = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Plays the servers one meets; the path says which."""

    server: Server

    def do_GET(self) -> None:
        begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if "Range" in self.headers else 0
        self.server.begins.append(begin)
        kind = self.path.strip("/")
        if kind == "gone":
            self.send_error(404)
            return
        if kind == "quota":
            self.answer(200, b"<html>Quota exceeded</html>", "text/html; charset=utf-8")
        elif kind == "deaf":  # knows no ranges
            self.answer(200, CONTENT)
        elif kind == "cut" and not begin:
            self.answer(200, CONTENT, sent=300_000)
        elif kind == "stalls":
            self.answer(200, CONTENT, sent=1000)
            self.server.release.wait(5)
        else:
            self.answer(206 if begin else 200, CONTENT[begin:])

    def answer(self, status: int, body: bytes, kind: str = "application/octet-stream", sent: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def address(server: Server) -> Callable[[str], str]:
    return lambda kind: f"http://127.0.0.1:{server.server_port}/{kind}"


def test_a_file_comes_whole_and_reports_its_progress(address: Callable[[str], str], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = tmp_path / "new" / "weights.bin"
    assert fetch(address("fine"), path, lambda done, total: seen.append((done, total)), sha256=SUM[:8]) == SUM
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert [p.name for p in path.parent.iterdir()] == ["weights.bin"]


def test_a_cut_off_download_is_resumed(address: Callable[[str], str], server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with pytest.raises(DownloadError, match="resumed"):
        fetch(address("cut"), path)
    assert not path.exists()
    assert fetch(address("cut"), path) == SUM
    assert server.begins == [0, 300_000]
    assert [p.name for p in tmp_path.iterdir()] == ["weights.bin"]


def test_a_retry_goes_on_where_it_broke_off(address: Callable[[str], str], server: Server, tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    assert fetch_with_retries(address("cut"), path, lambda done, total: None) == SUM
    assert server.begins == [0, 300_000]
    server.begins.clear()
    with pytest.raises(DownloadError, match="404"):
        fetch_with_retries(address("gone"), tmp_path / "other.bin", lambda done, total: None)
    assert server.begins == [0]  # what the server refuses is not asked for again


@pytest.mark.parametrize(("body", "words"), [(b"<html>Quota exceeded</html>", "web page"), (None, "did not give")])
def test_drive_refusals_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes | None, words: str
) -> None:
    def download(output: str, **_: object) -> str | None:
        if body is None:
            return None
        Path(output).write_bytes(body)
        return output

    monkeypatch.setattr("gdown.download", download)
    with pytest.raises(DownloadError, match=words):
        fetch_from_drive("id", tmp_path / "dog2cat.pt", lambda done, total: None)
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_ranges_sends_all_again(address: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with pytest.raises(DownloadError):
        fetch(address("cut"), path)
    assert fetch(address("deaf"), path) == SUM


@pytest.mark.parametrize(
    ("kind", "words"), [("quota", "web page instead of the file"), ("gone", "404"), ("stalls", "broke off")]
)
def test_failures_are_explained(address: Callable[[str], str], tmp_path: Path, kind: str, words: str) -> None:
    with pytest.raises(DownloadError, match=words) as error:
        fetch(address(kind), tmp_path / "weights.bin", timeout=0.5)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "weights.bin").exists()


def test_a_wrong_sum_leaves_nothing(address: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="sha256"):
        fetch(address("fine"), tmp_path / "weights.bin", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_no_server_at_all(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="check the connection"):
        fetch("http://127.0.0.1:9/weights.bin", tmp_path / "weights.bin", timeout=0.5)


def test_the_first_host_that_has_the_file_gives_it(
    address: Callable[[str], str], server: Server, tmp_path: Path
) -> None:
    path, right = tmp_path / "weights.bin", SUM
    addresses = [address(kind) for kind in ("gone", "quota", "fine", "deaf")]
    assert fetch_from_any(addresses, path, sha256=right[:8]) == right
    assert path.read_bytes() == CONTENT
    assert len(server.begins) == 3
    path.unlink()
    with pytest.raises(DownloadError, match=r"any of its hosts.*--mirror.*127\.0\.0\.1.*404") as error:
        fetch_from_any([addresses[0], addresses[2]], path, sha256="0" * 8)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
