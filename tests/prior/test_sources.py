"""Pretrained BigGANs from a local server that plays the bucket, a mirror and the Hub."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytorch_pretrained_biggan import BigGAN

from gpunit.prior import sources, table
from gpunit.prior.loading import is_here, load_prior, save_biggan
from gpunit.prior.sources import fetch_pretrained, sources_of
from gpunit.prior.table import CONFIG_NAME, PRETRAINED, WEIGHTS_NAME, Pretrained
from gpunit.zoo.fetching import CancelledError, DownloadError
from gpunit.zoo.ledger import RECORD_NAME, recorded_sum

NAME = "biggan-deep-128"
HUB = "/osanseviero/BigGAN-deep-128/resolve/main/"


class Server(ThreadingHTTPServer):
    """Files by path; `cut` names a path whose first answer breaks off, and `begins` is where requests began."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut = ""
        self.begins: list[tuple[str, int]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        begin = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        if self.path.startswith(HUB):
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if with_body:
            self.server.begins.append((self.path, begin))
            sent = body[begin:]
            if self.server.cut == self.path:
                self.server.cut = ""
                sent = sent[: len(sent) // 2]
            self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that all sources ask, and an empty checkpoints folder; the tiny model has 64 px."""
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path / "shelf"))
    monkeypatch.delenv("GPUNIT_MIRROR", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    for addresses, file in (
        (sources.PRETRAINED_CONFIG_ARCHIVE_MAP, CONFIG_NAME),
        (sources.PRETRAINED_MODEL_ARCHIVE_MAP, WEIGHTS_NAME),
    ):
        monkeypatch.setitem(addresses, NAME, f"{server.address}/bucket/{NAME}-{file}")
    monkeypatch.setitem(PRETRAINED, NAME, Pretrained(64, 1, "osanseviero/BigGAN-deep-128"))
    monkeypatch.delitem(table.KNOWN_SUMS, (NAME, "hub", WEIGHTS_NAME))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def published(tiny_biggan: BigGAN, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("published")
    save_biggan(tiny_biggan, ["cat", "dog"], folder)
    return {file: (folder / file).read_bytes() for file in (CONFIG_NAME, WEIGHTS_NAME)}


def offer(server: Server, base: str, published: dict[str, bytes]) -> None:
    server.files |= {base + file: content for file, content in published.items()}


def left(shelf: Path) -> list[str]:
    return sorted(str(path.relative_to(shelf)) for path in shelf.rglob("*") if path.is_file())


WHOLE = [f"{NAME}/{CONFIG_NAME}", f"{NAME}/{WEIGHTS_NAME}", RECORD_NAME]


def test_it_comes_from_the_bucket_and_its_sums_are_recorded(
    server: Server, published: dict[str, bytes], tmp_path: Path
) -> None:
    offer(server, f"/bucket/{NAME}-", published)
    seen: list[tuple[int, int]] = []
    folder = fetch_pretrained(NAME, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(published[WEIGHTS_NAME]),) * 2
    assert left(tmp_path / "shelf") == WHOLE
    noted = recorded_sum(tmp_path / "shelf", f"{NAME}/{WEIGHTS_NAME} (bucket)")
    assert noted == hashlib.sha256(published[WEIGHTS_NAME]).hexdigest()
    assert is_here(NAME)
    assert load_prior(folder, "cpu").class_names == ("cat", "dog")
    asked = len(server.begins)
    assert fetch_pretrained(NAME) == folder
    assert len(server.begins) == asked, "what is here is not asked for"


@pytest.mark.parametrize("broken", ["gone", "damaged"])
def test_the_second_source_is_the_hub(server: Server, published: dict[str, bytes], tmp_path: Path, broken: str) -> None:
    if broken == "damaged":
        offer(server, f"/bucket/{NAME}-", published | {WEIGHTS_NAME: b"no weights"})
    offer(server, HUB, published)
    seen: list[tuple[int, int]] = []
    fetch_pretrained(NAME, lambda done, total: seen.append((done, total)))
    assert left(tmp_path / "shelf") == WHOLE
    assert seen[-1] == (len(published[WEIGHTS_NAME]),) * 2
    assert recorded_sum(tmp_path / "shelf", f"{NAME}/{WEIGHTS_NAME} (hub)")


@pytest.mark.parametrize("base", [f"/mirror/{NAME}/", f"/mirror/{NAME}-"])
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_mirror_is_asked_first(
    server: Server, published: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: str, by: str
) -> None:
    offer(server, base, published)
    offer(server, f"/bucket/{NAME}-", published)
    monkeypatch.setenv("GPUNIT_MIRROR", f"{server.address}/mirror" if by == "environment" else "")
    fetch_pretrained(NAME, mirror=f"{server.address}/mirror/" if by == "argument" else "")
    assert left(tmp_path / "shelf") == WHOLE
    assert {path for path, _ in server.begins} == {base + CONFIG_NAME, base + WEIGHTS_NAME}


def test_a_mirror_may_be_a_repository(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [source.key for source in sources_of(NAME, "owner/name")] == ["mirror", "mirror", "bucket", "hub"]
    assert [source.key for source in sources_of("biggan-deep-512")] == ["bucket"]


def test_a_cut_off_download_is_resumed(server: Server, published: dict[str, bytes], tmp_path: Path) -> None:
    offer(server, f"/bucket/{NAME}-", published)
    server.cut = f"/bucket/{NAME}-{WEIGHTS_NAME}"
    fetch_pretrained(NAME)
    begins = [begin for path, begin in server.begins if path.endswith(WEIGHTS_NAME)]
    assert begins == [0, len(published[WEIGHTS_NAME]) // 2]
    assert left(tmp_path / "shelf") == WHOLE


def test_a_wrong_sum_is_refused_and_leaves_nothing(
    server: Server, published: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, f"/bucket/{NAME}-", published)
    monkeypatch.setitem(table.KNOWN_SUMS, (NAME, "bucket", WEIGHTS_NAME), "0" * 64)
    with pytest.raises(DownloadError, match=r"sha256 .*; the Hub's osanseviero/BigGAN-deep-128") as error:
        fetch_pretrained(NAME)
    assert "\n" not in str(error.value)
    assert left(tmp_path / "shelf") == []
    assert not (tmp_path / "shelf" / NAME).exists()


def test_another_file_than_the_first_time_is_refused(
    server: Server, published: dict[str, bytes], tmp_path: Path
) -> None:
    offer(server, f"/bucket/{NAME}-", published)
    folder = fetch_pretrained(NAME)
    for path in folder.iterdir():
        path.unlink()
    offer(server, f"/bucket/{NAME}-", published | {CONFIG_NAME: published[CONFIG_NAME] + b"\n"})
    with pytest.raises(DownloadError, match="downloaded first"):
        fetch_pretrained(NAME)
    assert left(tmp_path / "shelf") == [RECORD_NAME]


def test_weights_of_another_size_are_refused(
    server: Server, published: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRETRAINED, NAME, Pretrained(128, 1))
    offer(server, f"/bucket/{NAME}-", published)
    with pytest.raises(DownloadError, match="64 px"):
        fetch_pretrained(NAME)
    assert left(tmp_path / "shelf") == []


def test_a_cancelled_download_goes_on_at_the_next_try(
    server: Server, published: dict[str, bytes], tmp_path: Path
) -> None:
    big = published | {WEIGHTS_NAME: published[WEIGHTS_NAME]}
    offer(server, f"/bucket/{NAME}-", big)

    def stop(done: int, total: int) -> None:
        raise CancelledError("The download was cancelled.")

    with pytest.raises(CancelledError):
        fetch_pretrained(NAME, stop)
    assert not is_here(NAME)
    assert [path for path, _ in server.begins if path.startswith(HUB)] == [], "no other source is asked"
    fetch_pretrained(NAME)
    begins = [begin for path, begin in server.begins if path.endswith(WEIGHTS_NAME)]
    assert begins[0] == 0
    assert begins[1] > 0
    assert left(tmp_path / "shelf") == WHOLE
