"""The release of onnxruntime-web: found, downloaded once, and never another one."""

from __future__ import annotations

import functools
import hashlib
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gpunit.files import digest
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.web import runtime
from gpunit.zoo.web.runtime import RuntimeFile, find_runtime
from gpunit.zoo.weights import ModelError

CONTENTS = {"ort.mjs": b"export {};", "ort.wasm": b"\0asm" * 1000}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a small release, which is the pinned one, in place of the real one; nothing is cached."""
    dist = tmp_path / "unpacked" / "package" / "dist"
    dist.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (dist / name).write_bytes(content)
    archive = tmp_path / "host" / "release.tgz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "unpacked" / "package", "package")
    files = {f"own-{name}": RuntimeFile(name, hashlib.sha256(body).hexdigest()) for name, body in CONTENTS.items()}
    monkeypatch.setattr(runtime, "FILES", files)
    monkeypatch.setattr(runtime, "ARCHIVE_SHA256", digest(archive))
    monkeypatch.setattr(runtime, "ADDRESSES", ("http://127.0.0.1:9/release.tgz",))
    monkeypatch.setenv("GPUNIT_CACHE", str(tmp_path / "cache"))
    return archive


@pytest.fixture
def host(release: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server that has the archive."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(release.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(runtime, "ADDRESSES", (f"http://127.0.0.1:{server.server_address[1]}/release.tgz",))
    yield server
    server.shutdown()
    server.server_close()


def contents(found: dict[str, Path]) -> dict[str, bytes]:
    return {name.removeprefix("own-"): path.read_bytes() for name, path in found.items()}


def test_it_is_taken_from_an_archive_or_a_folder_as_npm_leaves_them(release: Path) -> None:
    unpacked = release.parent.parent / "unpacked"
    for given in (release, unpacked, unpacked / "package", unpacked / "package" / "dist"):
        assert contents(find_runtime(given)) == CONTENTS


def test_it_is_downloaded_once(host: ThreadingHTTPServer) -> None:
    told: list[tuple[int, int]] = []
    first = find_runtime(report=lambda done, total: told.append((done, total)))
    assert contents(first) == CONTENTS
    assert told[-1][0] == told[-1][1] > 0
    host.shutdown()
    host.server_close()
    assert find_runtime() == first
    assert {path.name for path in next(iter(first.values())).parent.iterdir()} == set(CONTENTS)


def test_without_a_network_it_says_how_to_get_it(release: Path) -> None:
    with pytest.raises(DownloadError, match=r"npm pack onnxruntime-web@.*--runtime"):
        find_runtime()


def test_what_is_not_that_release_is_refused_in_a_sentence(release: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tgz"
    other.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"other.tgz is not the archive of onnxruntime-web .*--runtime"):
        find_runtime(other)
    with pytest.raises(ModelError, match=r"missing.tgz is not there"):
        find_runtime(tmp_path / "missing.tgz")
    dist = tmp_path / "unpacked" / "package" / "dist"
    (dist / "ort.mjs").write_text("changed")
    with pytest.raises(ModelError, match=r"ort.mjs is not of onnxruntime-web"):
        find_runtime(dist)
    (dist / "ort.mjs").unlink()
    with pytest.raises(ModelError, match=r"has no ort.mjs"):
        find_runtime(dist)


def test_a_kept_file_that_is_damaged_is_fetched_again(host: ThreadingHTTPServer) -> None:
    path = find_runtime()["own-ort.wasm"]
    path.write_bytes(b"cut off")
    assert contents(find_runtime()) == CONTENTS
