"""The examples for programs and agents run as they stand, and give the pictures that the page gives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from tests.public.conftest import ROOT, App
from tests.test_docs import blocks

PAGE = "docs/clients.md"
PHOTO = ROOT / "assets" / "examples" / "dog-shepherd.jpg"
# Of npm; its own store is asked before the network.
JS_CLIENT = "@gradio/client@2.7.0"
NPM = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
SECONDS = 120


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a photo, as the examples have it."""
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    return tmp_path


def example(app: App, language: str, number: int = 0) -> str:
    """An example of the page, for this app."""
    text = blocks(PAGE, language)[number]
    assert "http://127.0.0.1:7860" in text
    return text.replace("http://127.0.0.1:7860", app.address)


def run(work: Path, *command: str, seconds: float = SECONDS) -> str:
    """What a program prints."""
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(app_with_tools: App, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the examples ask for, asked for twice: the first picture chooses a precision."""
    client = Client(app_with_tools.address, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))
    wanted = {"path": handle_file(PHOTO), "model_name": "to-cat", "count": 2, "seed": 1, "exemplar_path": None}
    client.predict(**wanted, api_name="/translate")
    pictures, *_ = client.predict(**wanted, api_name="/translate")
    return [Path(picture["image"]).read_bytes() for picture in pictures]


def written(work: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(work.glob("*.png"))]


def test_python(app_with_tools: App, work: Path, expected: list[bytes]) -> None:
    run(work, sys.executable, "-c", example(app_with_tools, "python"))
    assert written(work) == expected


def test_an_agent(app_with_tools: App, work: Path, expected: list[bytes]) -> None:
    listed = run(work, sys.executable, "-c", example(app_with_tools, "python", 1))
    assert "translate" in listed
    assert written(work) == expected


def test_javascript(app_with_tools: App, work: Path, expected: list[bytes]) -> None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    if int(run(work, "node", "--version").lstrip("v").partition(".")[0]) < 20:
        pytest.skip("needs Node 20 or newer")
    try:
        run(work, *NPM, JS_CLIENT)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"needs {JS_CLIENT} from npm: {error}")
    (work / "example.mjs").write_text(example(app_with_tools, "js"), encoding="utf-8")
    run(work, "node", "example.mjs")
    assert written(work) == expected


def test_curl(app_with_tools: App, work: Path, expected: list[bytes]) -> None:
    for program in ("bash", "curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    if "--json" not in run(work, "curl", "--help", "all"):
        pytest.skip("needs curl 7.82 or newer")
    run(work, "bash", "-euo", "pipefail", "-c", example(app_with_tools, "bash"))
    assert written(work) == expected
