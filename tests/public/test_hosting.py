"""What hosts ask for: a Space's layout, a container's, health, a clean end, no home to write to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import threading
import time
import tomllib
import types
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
import yaml
from gradio import networking
from gradio_client import Client
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from gpunit import settings, zoo
from gpunit.settings import SettingError
from gpunit.ui.events import DEVICE_QUEUE, LONG_QUEUE
from gpunit.ui.models import Models
from gpunit.ui.page import build_page
from gpunit.ui.server import zero_gpu
from gpunit.ui.server.serving import Server
from tests.public.conftest import ROOT, start_app

# The keys of a Space's README, as the hub documents them (hub docs, "Spaces Configuration Reference").
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
SPACE_KEYS = {
    "title", "emoji", "colorFrom", "colorTo", "sdk", "python_version", "sdk_version", "suggested_hardware",
    "suggested_storage", "app_file", "app_build_command", "app_port", "base_path", "fullWidth", "header",
    "short_description", "models", "datasets", "tags", "thumbnail", "pinned", "hf_oauth", "hf_oauth_scopes",
    "hf_oauth_expiration_minutes", "hf_oauth_authorized_org", "disable_embedding", "startup_duration_timeout",
    "custom_headers", "preload_from_hub", "license", "license_name", "license_link",
}  # fmt: skip


def front_matter() -> dict[str, Any]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert found is not None, "README.md must begin with the Space's settings"
    return dict(yaml.safe_load(found[1]))


def test_the_readme_begins_with_a_spaces_settings() -> None:
    settings = front_matter()
    assert settings.keys() <= SPACE_KEYS
    assert settings["sdk"] == "gradio"
    assert settings["colorFrom"] in COLOURS
    assert settings["colorTo"] in COLOURS
    assert len(settings["short_description"]) <= 60
    assert settings["license"] == "other"  # code and weights have terms of their own
    assert (ROOT / settings["license_link"]).is_file()
    assert isinstance(settings["python_version"], str)  # YAML would read 3.10 as 3.1
    assert (ROOT / settings["app_file"]).is_file()


# What ZeroGPU takes, as its page of the hub's documentation says (August 2026).
ZERO_GPU_PYTHONS = ("3.10.13", "3.12.12")
ZERO_GPU_TORCH = SpecifierSet(">=2.8,<2.12")


def test_a_space_with_zero_gpu_takes_the_python_and_the_torch_that_are_asked_for() -> None:
    python = front_matter()["python_version"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert python in ZERO_GPU_PYTHONS
    assert python in SpecifierSet(project["requires-python"])

    def wanted(name: str) -> dict[str, SpecifierSet]:
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
        return {each.name: each.specifier for each in map(Requirement, filter(None, lines))}

    first, later = wanted("pre-requirements.txt"), wanted("requirements.txt")
    versions = [f"2.{minor}.{patch}" for minor in range(30) for patch in (0, 1)]
    taken = [version for version in versions if version in first["torch"]]
    assert taken
    assert all(version in ZERO_GPU_TORCH and version in later["torch"] for version in taken)
    # torchvision 0.N belongs to torch 2.(N - 15).
    visions = [version for version in (f"0.{minor + 15}.0" for minor in range(30)) if version in first["torchvision"]]
    assert [f"2.{int(version.split('.')[1]) - 15}.0" for version in visions] == [v for v in taken if v.endswith(".0")]


def test_a_space_gets_the_gradio_that_the_requirements_allow() -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    wanted = {requirement.name: requirement for requirement in map(Requirement, filter(None, lines))}
    assert front_matter()["sdk_version"] in wanted["gradio"].specifier
    assert "spaces" not in wanted  # the Space brings it, where its hardware lends GPUs
    assert not any(line.startswith("-") for line in lines)  # no options that a Space's build would not know


def test_only_the_prior_needs_large_file_storage_and_the_guide_says_how() -> None:
    """The Hub's git refuses files above 10 MiB, `hf upload` does not."""
    folder = zoo.checkpoints_folder()
    large = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.stat().st_size > 10 * 2**20}
    assert large <= {"prior-small/pytorch_model.bin"}
    assert "hf upload" in (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_dockerfile_is_sound() -> None:
    parsed = instructions()
    known = {"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "CMD"}
    assert {name for name, _ in parsed} <= known
    assert parsed[0][0] == "FROM"
    by_name = dict(parsed)
    assert by_name["USER"] == "1000"
    command = yaml.safe_load(by_name["CMD"])
    assert command[0] == "python"
    assert (ROOT / command[1]).is_file()
    variables = dict(pair.split("=", 1) for pair in shlex.split(by_name["ENV"]))
    assert variables["GRADIO_SERVER_PORT"] == by_name["EXPOSE"]
    assert f":{by_name['EXPOSE']}/health" in by_name["HEALTHCHECK"]
    assert "ProxyHandler({})" in by_name["HEALTHCHECK"]  # a proxy knows nothing of this machine
    names = [name for name, _ in parsed]
    assert names.index("USER") < names.index("CMD")
    copied = [rest.split()[:-1] for name, rest in parsed if name == "COPY"]
    assert all((ROOT / path).exists() for paths in copied for path in paths)
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for needed in ("app.py", "gpunit", "assets", "checkpoints", "requirements.txt", "LICENSE", "README.md"):
        assert needed not in ignored
        assert (ROOT / needed).exists()


def test_every_environment_variable_is_in_the_table() -> None:
    code = [ROOT / "app.py", *(ROOT / "gpunit").rglob("*.py")]
    found = {name for path in code for name in re.findall(r"GPUNIT_[A-Z_]+", path.read_text())}
    assert found == set(settings.VARIABLES)
    assert all(name in settings.described() for name in settings.VARIABLES)


@pytest.mark.parametrize("value", ["0", "-3", "many", "1.5", "١"])
def test_a_wrong_setting_is_explained(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("GPUNIT_QUEUE_SIZE", value)
    with pytest.raises(SettingError, match="GPUNIT_QUEUE_SIZE must be a whole number"):
        settings.number("GPUNIT_QUEUE_SIZE")


def test_the_app_runs_where_nothing_but_its_temporary_folder_can_be_written(tmp_path: Path) -> None:
    cache, home, work = (tmp_path / name for name in ("hub", "home", "work"))
    for folder in (cache, home, work):
        folder.mkdir()
        folder.chmod(0o555)
    before = []
    if os.geteuid() == 0:  # whom no permission stops, until he gives that up
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv (util-linux) where root runs the tests")
        before = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"]
    app = start_app(tmp_path, before, work, HOME=str(home), HF_HOME=str(cache), GPUNIT_SHUTDOWN_SECONDS="20")
    health = httpx.get(f"{app.address}/health").json()
    assert health["status"] == "ok"
    assert "to-cat" in health["models"]
    client = Client(app.address, verbose=False, download_files=str(tmp_path / "answers"))
    job = client.submit(prior_name="prior-small", classes=["cat", "dog"], api_name="/correspond")
    while not httpx.get(f"{app.address}/health").json()["running"]:
        assert not job.done(), job.outputs()
    # It is asked to end with a job in hand: that job's answer still comes.
    code = app.stop()
    assert code == 0, app.log.read_text()
    assert [Path(path).read_bytes()[:4] for path in job.result(timeout=60)] == [b"\x89PNG"] * 2
    assert not [path for folder in (cache, home, work) for path in folder.iterdir()]
    assert list(app.temporary.glob("gpunit-*")) == []
    assert "Traceback" not in app.log.read_text()


class Slow:
    """A page with one action that ends when it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, seconds: int = 20) -> None:
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
        monkeypatch.setenv("GPUNIT_SHUTDOWN_SECONDS", str(seconds))
        monkeypatch.setenv("GPUNIT_JOBS_PER_VISITOR", "3")
        self.begun, self.go = threading.Event(), threading.Event()

        def wait() -> str:
            self.begun.set()
            self.go.wait(30)
            return "done"

        with gr.Blocks(analytics_enabled=False) as page:
            gr.Button().click(wait, None, gr.Textbox(), api_name="wait", concurrency_limit=1)
        self.server = Server(page)
        self.client = Client(page.local_url, verbose=False)


def test_a_stop_takes_no_new_work_and_finishes_what_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Slow(monkeypatch, tmp_path)
    jobs = [slow.client.submit(api_name="/wait") for _ in range(2)]
    assert slow.begun.wait(20)
    while slow.server.jobs.count() < 2:
        time.sleep(0.01)
    finished: list[bool] = []
    stopping = threading.Thread(target=lambda: finished.append(slow.server.stop()))
    stopping.start()
    while slow.server.gate.is_open:
        time.sleep(0.01)
    health = httpx.get(f"{slow.server.page.local_url}health")
    assert (health.status_code, health.json()["status"]) == (503, "stopping")
    refused = httpx.post(f"{slow.server.page.local_url}gradio_api/call/wait", json={"data": []})
    assert refused.status_code == 503
    assert "try again in a minute" in refused.json()["detail"]
    slow.go.set()
    stopping.join(30)
    assert finished == [True]
    assert [job.result(timeout=10) for job in jobs] == ["done", "done"]


def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Slow(monkeypatch, tmp_path, seconds=1)
    slow.client.submit(api_name="/wait")
    assert slow.begun.wait(20)
    assert slow.server.stop() is False
    slow.go.set()


def test_one_visitor_cannot_fill_the_queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Slow(monkeypatch, tmp_path)
    address = f"{slow.server.page.local_url}gradio_api/queue/join"

    def join(session: str) -> httpx.Response:
        return httpx.post(address, json={"data": [], "fn_index": 0, "session_hash": session})

    assert [join("one").status_code for _ in range(3)] == [200] * 3
    fourth = join("one")
    assert fourth.status_code == 503
    assert "wait until some are done" in fourth.json()["detail"]
    assert join("two").status_code == 200
    slow.go.set()
    slow.server.stop()


def test_what_no_one_asks_for_is_swept_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = tmp_path / ("b" * 64) / "example.jpg"
    example.parent.mkdir()
    example.write_bytes(b"x")  # while the page is built
    slow = Slow(monkeypatch, tmp_path)
    left, kept, old = tmp_path / "tmpleft", tmp_path / ("a" * 64) / "kept.png", tmp_path / ("a" * 64) / "old.png"
    kept.parent.mkdir(exist_ok=True)
    for path in (left, kept, old):
        path.write_bytes(b"x")
    for path in (example, old):
        os.utime(path, (1, 1))
    slow.server.page.upload_file_set.add(str(old))
    slow.server.sweep(kept_seconds=100)
    assert left.is_file()
    assert not old.exists()
    assert not slow.server.page.upload_file_set  # or it would grow for ever
    slow.server.sweep(kept_seconds=-1)
    assert not left.exists()
    assert kept.is_file()
    assert example.is_file()
    slow.server.stop()


def test_nothing_is_told_to_anyone() -> None:
    page = build_page(Models("cpu"))
    assert page.analytics_enabled is False


def test_gpus_lent_by_the_call_are_asked_for_by_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[Any, int] = {}

    def lend(duration: int) -> Any:
        def wrap(function: Any) -> Any:
            asked[function] = duration
            return function

        return wrap

    placed: list[str] = []

    class Noting(Models):
        def get(self, name: str) -> Any:
            placed.append(name)

        def prior(self, name: str) -> Any:
            placed.append(name)

        def shapes(self) -> Any:
            placed.append("shapes")

    models = Noting("cpu")
    page = build_page(models)
    assert zero_gpu.lend_gpu(page, models) is page
    assert not asked
    assert not placed
    monkeypatch.setenv(zero_gpu.SWITCH, "true")
    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=lend))
    zero_gpu.lend_gpu(page, models)
    queues = (DEVICE_QUEUE, LONG_QUEUE)
    computing = {function.fn for function in page.fns.values() if function.concurrency_id in queues}
    assert asked.keys() == computing
    names = {function.api_name: function.fn for function in page.fns.values()}
    assert asked[names["animate_styles"]] > asked[names["translate"]]
    assert set(zero_gpu.LONGER) <= {str(name) for name in names}
    assert {"to-cat", "prior-small", "shapes"} <= set(placed)  # before the first call


def test_the_page_starts_on_machines_that_take_long_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Gradio asks the page of itself, waits three seconds, and wants `share=True` if that was too little."""
    monkeypatch.setattr(networking, "url_ok", lambda url: False)
    slow = Slow(monkeypatch, tmp_path)
    slow.go.set()
    assert slow.client.predict(api_name="/wait") == "done"
    slow.server.stop()


def test_no_variable_opens_a_way_around_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MCP tools take addresses, which the server would fetch for whoever asks."""
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    slow = Slow(monkeypatch, tmp_path)
    for path in ("mcp", "mcp/", "mcp/sse", "mcp/schema"):
        assert httpx.get(f"{slow.server.page.local_url}gradio_api/{path}").status_code == 404
    assert slow.server.page.mcp_server is False
    slow.go.set()
    slow.server.stop()
