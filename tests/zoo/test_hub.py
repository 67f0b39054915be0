"""Translators on the Hub, against a stand-in that speaks as much of its protocol as huggingface_hub asks for."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.zoo import hub
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.hub import HubError
from gpunit.zoo.weights import ModelError, write_weights
from tests.conftest import blobs

TOKEN = "hf_stand_in"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class StandIn(ThreadingHTTPServer):
    """The Hub: repositories as dictionaries of files."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.requests = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_HEAD(self) -> None:
        self.resolve(sends=False)

    def do_GET(self) -> None:
        self.resolve(sends=True)

    def resolve(self, sends: bool) -> None:
        self.server.requests += 1
        asked = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
        if asked is None or asked[1] not in self.server.repositories:
            self.refuse(404, "RepoNotFound")
            return
        content = self.server.repositories[asked[1]].get(asked[3])
        if content is None:
            self.refuse(404, "EntryNotFound")
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if sends:
            self.wfile.write(content)

    def refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.server.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.refuse(401, "")
            return
        if self.path == "/api/validate-yaml":
            assert json.loads(body)["content"].startswith("---\n")
            self.answer({})
            return
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            self.server.repositories.setdefault(name, {})
            if asked.get("private") or asked.get("visibility") == "private":
                self.server.private.add(name)
            self.answer({"url": f"{self.server.address}/{name}", "name": name, "id": name})
            return
        repository = re.match(r"/api/models/([^/]+/[^/]+)/", self.path)
        assert repository is not None, self.path
        if "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self.answer({"files": files})
            return
        assert "/commit/" in self.path, self.path
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                assert line["value"]["encoding"] == "base64"
                content = base64.b64decode(line["value"]["content"])
                self.server.repositories[repository[1]][line["value"]["path"]] = content
        address = f"{self.server.address}/{repository[1]}/commit/{COMMIT}"
        self.answer({"success": True, "commitOid": COMMIT, "commitUrl": address, "hookOutput": ""})

    def answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    server = StandIn()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    yield server
    server.shutdown()
    server.server_close()


def render(translator: Translator) -> torch.Tensor:
    return translator.render_tensor(translator.plan(blobs(1)), translator.sample(2, seed=3))


def test_saved_and_loaded_it_draws_the_same_pictures_bit_for_bit(tmp_path: Path) -> None:
    folder = zoo.save_pretrained("to-cat", tmp_path / "to-cat")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README.md", "config.json", "content_encoder.safetensors", "model.safetensors")
    ]
    torch.testing.assert_close(
        render(zoo.from_pretrained(folder, "cpu", "fp32")), render(zoo.load("to-cat", "cpu", "fp32")), atol=0, rtol=0
    )
    with pytest.raises(FileExistsError):
        zoo.save_pretrained("to-cat", folder)
    (folder / "config.json").unlink()
    zoo.from_pretrained(folder, "cpu", "fp32")


def test_pushed_and_fetched_it_draws_the_same_pictures_and_works_offline(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = zoo.push_to_hub("to-cat", "me/my-cat", private=True, token=TOKEN)
    assert address.startswith(stand_in.address)
    assert stand_in.private == {"me/my-cat"}
    assert "me/my-cat" not in zoo.all_models()
    with pytest.raises(ModelError, match="gpunit download me/my-cat"):
        zoo.load("me/my-cat")
    seen: dict[str, tuple[int, int]] = {}
    hub.fetch("me/my-cat", lambda file, done, total: seen.update({file: (done, total)}))
    size = len(stand_in.repositories["me/my-cat"]["model.safetensors"])
    assert seen["model.safetensors"] == (size, size)
    asked = stand_in.requests
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    expected = render(zoo.load("to-cat", "cpu", "fp32"))
    for loaded in (zoo.from_pretrained("me/my-cat", "cpu", "fp32"), zoo.load("me/my-cat", "cpu", "fp32")):
        torch.testing.assert_close(render(loaded), expected, atol=0, rtol=0)
    spec = zoo.all_models()["me/my-cat"]
    assert (spec.target, spec.licence, spec.is_here) == ("cat", zoo.find("to-cat").licence, True)
    assert stand_in.requests == asked


def test_a_card_carries_the_hubs_fields_and_the_figures() -> None:
    figures = {"gap_closed": 0.9123, "diversity": 0.61, "fid": float("nan")}
    rows = [{"source": "dog", "net": "vgg16", **figures}]
    text = zoo.card("to-cat", {"model": "to-cat", "protocol": "offline", "rows": rows})
    data: Any = huggingface_hub.ModelCard(text).data
    assert (data.pipeline_tag, data.library_name, data.license) == ("image-to-image", "gpunit-explorer", "other")
    found = {result.metric_type: result.metric_value for result in data.eval_results}
    assert found == {"gap_closed": 0.9123, "diversity": 0.61}
    assert "| dog | vgg16 |" in text
    assert "non-commercial" in text
    with pytest.raises(ModelError, match="those of to-dog"):
        zoo.card("to-cat", {"model": "to-dog", "rows": rows})
    with pytest.raises(ModelError, match="holds none"):
        zoo.card("to-cat", {"model": "to-cat", "rows": []})


def test_what_the_hub_refuses_is_one_sentence(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HubError, match="sign in"):
        zoo.push_to_hub("to-cat", "me/my-cat", token="hf_wrong")
    with pytest.raises(HubError, match="owner/name"):
        zoo.push_to_hub("to-cat", "my-cat", token=TOKEN)
    with pytest.raises(HubError, match="authors"):
        zoo.push_to_hub("dog2cat", "me/dog2cat", token=TOKEN)
    with pytest.raises(DownloadError, match="no such repository"):
        zoo.from_pretrained("me/nothing")
    stand_in.repositories["me/text"] = {"README.md": b"hello"}
    with pytest.raises(ModelError, match=r"has no config\.json"):
        zoo.from_pretrained("me/text")
    with pytest.raises(ModelError, match="neither a folder nor"):
        zoo.from_pretrained(tmp_path / "nowhere")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="could not be reached"):
        zoo.from_pretrained("me/other")


@pytest.mark.parametrize("widths", [[8, 8, 8, 8, 2_000_000], [-1, 8, 8, 8, 8]])
def test_shapes_that_a_file_does_not_hold_are_not_built(tmp_path: Path, widths: list[int]) -> None:
    header = {"kind": "translator", "target": "cat", "params": {"generator": {"widths": widths}}}
    write_weights(tmp_path / "model.safetensors", {"style_bank": torch.zeros(2, 256)}, header)
    with pytest.raises(ModelError, match=r"shapes that its file does not hold|holds no translator"):
        zoo.from_pretrained(tmp_path)
