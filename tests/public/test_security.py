"""What a public page must not do, tried on the running app."""

from __future__ import annotations

import json
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import torch
from gradio.utils import is_allowed_file

from gpunit import zoo
from gpunit.images import MAX_BYTES
from gpunit.ui.server.serving import blocked_paths
from gpunit.zoo import weights
from gpunit.zoo.published import import_published
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.public.conftest import ROOT, App
from tests.zoo.conftest import Trap

SECRET = "the contents of a file that is nobody's business"


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.png"
    path.write_text(SECRET)
    return path


def raw_get(app: App, target: str) -> bytes:
    """The whole answer to a GET of exactly this target: clients tidy dots away before they send them."""
    host, port = app.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def spellings(path: Path, upload_folder: Path) -> Iterator[str]:
    """Ways to ask for a file by its path."""
    up = "../" * 12
    plain = str(path).lstrip("/")
    yield f"/gradio_api/file=/{plain}"
    yield f"/gradio_api/file={quote('/' + plain, safe='')}"
    yield f"/gradio_api/file={upload_folder}/{up}{plain}"
    yield f"/gradio_api/file={quote(str(upload_folder) + '/' + up + plain, safe='')}"
    yield f"/gradio_api/file={up}{plain}"
    yield f"/gradio_api/file=file:///{plain}"
    yield f"/gradio_api/file/{plain}"
    yield f"/file=/{plain}"
    yield f"/static/{up}{plain}"
    yield f"/assets/{quote(up + plain, safe='')}"
    yield f"/svelte/{up}{plain}"
    yield f"/gradio_api/custom_component/x/client/component/{up}{plain}"
    yield f"/{up}{plain}"
    yield f"/gradio_api/stream/a/b/c/{quote(up + plain, safe='')}"


def uploaded(app: App, name: str, content: bytes) -> Path:
    answer = httpx.post(f"{app.address}/gradio_api/upload", files={"files": (name, content)})
    answer.raise_for_status()
    return Path(answer.json()[0])


def test_no_request_reads_a_file_from_outside(app: App, secret: Path) -> None:
    folder = uploaded(app, "mine.txt", b"mine").parent
    assert raw_get(app, f"/gradio_api/file={folder}/mine.txt").endswith(b"mine")  # what is served can be seen
    wanted = {secret: SECRET.encode(), ROOT / "app.py": b"import", Path("/etc/passwd"): b"root:"}
    for path, content in wanted.items():
        for target in spellings(path, folder):
            answer = raw_get(app, target)
            assert content not in answer, target
            assert status(answer) in (403, 404, 405), target
    for name in ("to-cat.safetensors", "prior-small/pytorch_model.bin"):
        assert status(raw_get(app, f"/gradio_api/file={zoo.checkpoints_folder() / name}")) == 403


def test_a_link_in_the_served_folder_leads_nowhere(app: App, secret: Path) -> None:
    folder = uploaded(app, "mine.txt", b"mine").parent
    for link, target in ((folder / "link.png", secret), (folder / "linked", secret.parent)):
        link.symlink_to(target)
    try:
        for name in ("link.png", "linked/secret.png"):
            answer = raw_get(app, f"/gradio_api/file={folder / name}")
            assert status(answer) == 403
            assert SECRET.encode() not in answer
    finally:
        for name in ("link.png", "linked"):
            (folder / name).unlink()


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "..\\..\\evil.png", "a/b/evil.png", "evil\0.png", ".."]
)
def test_an_uploads_name_cannot_leave_its_folder(app: App, name: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: image/png\r\n\r\nevil\r\n--x--\r\n'
    )
    answer = httpx.post(
        f"{app.address}/gradio_api/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    inside = list(app.temporary.glob("gpunit-page-*"))
    assert len(inside) == 1
    if answer.status_code == 200:
        (stored,) = answer.json()
        assert Path(stored).resolve().is_relative_to(inside[0].resolve())
    assert not list(app.temporary.glob("*evil*"))
    assert not Path("/etc/evil.png").exists()


@pytest.mark.parametrize("kind", ["declared", "undeclared"])
def test_an_oversized_upload_is_refused_and_leaves_nothing(app: App, kind: str) -> None:
    before = {path for path in app.temporary.rglob("*") if path.is_file()}
    content = bytes(MAX_BYTES + 2**20)

    def pieces() -> Iterator[bytes]:  # sent in chunks, without a length
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for start in range(0, len(content), 2**20):
            yield content[start : start + 2**20]
        yield b"\r\n--x--\r\n"

    if kind == "declared":
        answer = httpx.post(f"{app.address}/gradio_api/upload", files={"files": ("a.png", content)}, timeout=60)
    else:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = httpx.post(f"{app.address}/gradio_api/upload", content=pieces(), headers=headers, timeout=60)
    assert answer.status_code == 413
    assert "smaller" in answer.text or "maximum allowed size" in answer.text
    left = {path for path in app.temporary.rglob("*") if path.is_file() and path.stat().st_size > 2**20}
    assert left <= before


def test_many_files_in_one_upload_count_together(app: App) -> None:
    files = [("files", (f"{number}.png", bytes(MAX_BYTES // 4))) for number in range(6)]
    assert httpx.post(f"{app.address}/gradio_api/upload", files=files, timeout=60).status_code == 413


def test_a_job_of_many_bytes_is_refused(app: App) -> None:
    body = json.dumps({"data": ["x" * (MAX_BYTES * 2)]})
    answer = httpx.post(f"{app.address}/gradio_api/call/preview", content=body, timeout=60)
    assert answer.status_code == 413
    assert "smaller" in answer.json()["detail"]


@pytest.mark.parametrize(
    "target",
    [
        "/gradio_api/proxy=http://127.0.0.1:9/",
        "/gradio_api/file=http://127.0.0.1:9/a.png",
        "/gradio_api/file=HTTPS://example.com/a.png",
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/process_recording",
        "/gradio_api/runs",
        "/gradio_api/run-history/records",
        "/monitoring",
        "/monitoring/summary",
        f"/assets/{'a' * 3000}",
        f"/static/{'a' * 300}/b",
        f"/gradio_api/file=/tmp/{'a' * 3000}.png",
    ],
)
def test_what_the_page_does_not_use_is_closed(app: App, target: str) -> None:
    assert status(raw_get(app, target)) in (403, 404)


def test_other_sites_cannot_use_a_visitors_own_page(app: App) -> None:
    """A page on another site may not read what a browser gets from an app on the visitor's machine."""
    answer = httpx.get(f"{app.address}/config", headers={"Origin": "https://evil.example", "Host": "127.0.0.1"})
    assert answer.headers.get("access-control-allow-origin") not in ("*", "https://evil.example")


def test_the_queue_cannot_be_bypassed(app: App) -> None:
    answer = httpx.post(f"{app.address}/gradio_api/run/translate", json={"data": []})
    assert answer.status_code == 404


def listening_addresses(pid: int) -> set[str]:
    """Local addresses, in hexadecimal, on which a process listens."""
    nodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            nodes.add(str(link.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in nodes:
                found.add(fields[1].split(":")[0])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_the_app_listens_on_this_machine_alone_until_told_otherwise(app: App) -> None:
    assert listening_addresses(app.process.pid) == {"0100007F"}


def test_an_opened_folder_leaves_weights_and_code_shut() -> None:
    """Whatever GRADIO_ALLOWED_PATHS opens."""

    def is_open(path: Path) -> bool:
        return is_allowed_file(path, blocked_paths(), [ROOT], [])[0]

    assert is_open(ROOT / "LICENSE")
    for path in (zoo.checkpoints_folder() / "to-cat.safetensors", ROOT / "app.py", ROOT / "gpunit" / "settings.py"):
        assert path.is_file()
        assert not is_open(path)


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_code_in_weights_is_not_run(tmp_path: Path, kind: str) -> None:
    path, mark = tmp_path / "dog2cat.pt", tmp_path / "ran"
    state = {"g_ema": {}, "sampler": Trap(mark)}
    if kind == "torch":
        torch.save(state, path)
    else:
        path.write_bytes(pickle.dumps(state))
    for load in (weights.read_pickle, lambda p: import_published(p, tmp_path), lambda p: zoo.load_published(p, p)):
        with pytest.raises(ModelError, match="holds code"):
            load(path)
    assert not mark.exists()
    torch.load(path, weights_only=False) if kind == "torch" else pickle.loads(path.read_bytes())
    assert mark.exists()  # it would have been


def test_a_visitor_gets_no_file_of_another_visitors_by_guessing(app: App) -> None:
    """Folders of uploads are named by what is in them: who does not have the picture cannot name it."""
    stored = uploaded(app, "mine.png", blobs(5).tobytes())
    assert len(stored.parent.name) >= 64
    assert status(raw_get(app, f"/gradio_api/file={stored.parent}")) == 403
    assert status(raw_get(app, f"/gradio_api/file={stored.parent.parent}")) == 403
