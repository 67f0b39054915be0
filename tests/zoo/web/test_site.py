"""What a page's folder holds; tests/browser/test_web_export.py opens one in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from gpunit import images, zoo
from gpunit.ui.texts import DOMAINS
from gpunit.zoo.web import WebExport, export_web, runtime
from gpunit.zoo.web.site import AXES, PAGE
from tests.conftest import blobs


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> WebExport:
    """A page with two models, and empty files for a runtime."""
    folder = tmp_path_factory.mktemp("web")
    files = {}
    for name in runtime.FILES:
        files[name] = folder / name
        files[name].touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "find_runtime", lambda given, report: files)
        return export_web(["to-cat", "to-dog"], folder / "page")


@pytest.fixture(scope="module")
def table(page: WebExport) -> dict[str, Any]:
    return dict(json.loads((page.folder / "models.json").read_text(encoding="utf-8")))


def run(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {slot.name: inputs[slot.name] for slot in session.get_inputs()}
    return dict(zip((slot.name for slot in session.get_outputs()), session.run(None, fed), strict=True))


def test_the_graphs_render_the_pictures_of_the_app(page: WebExport, table: dict[str, Any]) -> None:
    for model in table["models"]:
        translator = zoo.load(model["name"], "cpu", "fp32")
        files = {part: page.folder / name for part, name in model["files"].items()}
        latent = torch.randn(1, model["latent"], generator=torch.Generator().manual_seed(0))
        planned = run(files["encoder"], {"picture": images.to_tensor(images.cut(blobs(2), 128)).numpy()})
        planned |= run(files["plan"], planned) | run(files["sample"], {"latent": latent.numpy()})
        style = torch.from_numpy(planned["style"])
        wanted = translator.render_tensor(translator.plan(blobs(2)), style).numpy()
        assert np.abs(run(files["render"], planned)["picture"] - wanted).max() < 1e-3
        space = translator.style_space
        assert torch.equal(torch.tensor(model["mean"]), translator.mean_style()[0])
        assert torch.equal(torch.tensor(model["axes"]), space.axes[:AXES])
        assert torch.equal(torch.tensor(model["deviations"]), space.deviations[:AXES])


def test_models_share_their_content_encoder(page: WebExport, table: dict[str, Any]) -> None:
    first, second = (set(model["files"].values()) for model in table["models"])
    assert len(first & second) == 1
    assert {path.relative_to(page.folder).as_posix() for path in page.folder.glob("models/*")} == first | second
    assert page.first_bytes < page.all_bytes
    shared = sum((page.folder / name).stat().st_size for name in second - first)
    assert page.all_bytes - page.first_bytes == shared


def test_the_service_worker_names_every_file(page: WebExport, table: dict[str, Any]) -> None:
    text = (page.folder / "sw.js").read_text(encoding="utf-8")
    found = re.search(r"^const FILES = (\[.*\]);$", text, re.MULTILINE)
    assert found
    there = {path.relative_to(page.folder).as_posix() for path in page.folder.rglob("*") if path.is_file()}
    assert set(json.loads(found[1])) == there - {"sw.js", "NOTICE.txt"}
    assert re.search(r'^const VERSION = "[0-9a-f]{16}";$', text, re.MULTILINE)
    assert set(table["bytes"]) == {name for name in there if name.endswith((".wasm", ".onnx"))}


def test_nothing_is_asked_of_other_hosts_or_of_a_servers_root() -> None:
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://\S+", text), path.name
        assert not re.findall(r"""(?:src|href|import|from|fetch|register|new URL)[=( ]*["'`]/""", text), path.name


def test_the_notice_tells_of_weights_runtime_and_pictures(page: WebExport) -> None:
    notice = (page.folder / "NOTICE.txt").read_text(encoding="utf-8")
    for part in ("to-cat: non-commercial", "onnxruntime-web", "MIT", "Apache-2.0", "GPL-3", "dog-husky.jpg"):
        assert part in notice


def test_every_text_is_there_in_both_languages() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PAGE.iterdir())
    texts = (PAGE / "texts.js").read_text(encoding="utf-8")
    body = texts[texts.index("export const TEXTS") : texts.index("const remembered")]
    pairs = dict(re.findall(r'^  (\w+): \[\s*"([^"]+",\s+"[^"]+)"', body, re.MULTILINE))
    assert len(pairs) > 30
    assert len(pairs) == len(re.findall(r"^  \w+: \[", body, re.MULTILINE))
    asked = re.findall(r'data-(?:text|label)="(\w+)"', sources) + re.findall(r'\b(?:text|say)\("(\w+)"', sources)
    assert set(asked) - set(pairs) == set()
    for key, pair in pairs.items():
        english, chinese = re.split(r'",\s+"', pair)
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), key
    assert dict(re.findall(r'(\w+): "(\w+)"', texts[: texts.index("export const TEXTS")])) == DOMAINS


def test_what_cannot_be_had_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(zoo.ModelError, match="nothing"):
        export_web(["to-cat", "nothing"], tmp_path / "page")
    with pytest.raises(zoo.ModelError, match="missing is not there"):
        export_web(["to-cat"], tmp_path / "page", tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        export_web(["to-cat"], tmp_path / "page")
    assert (tmp_path / "page" / "mine.txt").read_text() == "mine"
