"""Who may import whom, and what starting the app may touch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the ground up.  Imports point down; folders and modules of one floor do not import each other.
FLOORS = (
    ("gpunit.images", "gpunit.files", "gpunit.settings", "gpunit.memory", "gpunit.seeds", "gpunit.imagenet"),
    ("gpunit.networks",),
    ("gpunit.engine",),
    ("gpunit.zoo",),
    ("gpunit.prior", "gpunit.segmentation"),
    ("gpunit.evaluation",),
    ("gpunit.training",),
    ("gpunit.benchmark",),
    ("gpunit.ui", "gpunit.commands"),
    ("app", "gpunit.__main__"),
)
KEPT_TO = {"gradio": ("gpunit.ui", "app"), "mmdet": ("gpunit.segmentation.htc",), "accelerate": ("gpunit.training",)}


def is_under(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")


def floor_of(module: str) -> int | None:
    return next((i for i, names in enumerate(FLOORS) if any(is_under(module, name) for name in names)), None)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules() -> list[tuple[str, Path]]:
    paths = [ROOT / "app.py", *sorted((ROOT / "gpunit").rglob("*.py"))]
    named = [(".".join(path.relative_to(ROOT).with_suffix("").parts), path) for path in paths]
    return [(name.removesuffix(".__init__"), path) for name, path in named]


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_point_down_only(module: str, path: Path) -> None:
    own_floor = floor_of(module)
    for imported in imports_of(path):
        other = floor_of(imported)
        if own_floor is not None and other is not None:
            assert other <= own_floor, f"{module} imports {imported} from above"
        for library, homes in KEPT_TO.items():
            if is_under(imported, library):
                assert any(is_under(module, home) for home in homes), f"{module} must not know {library}"


def test_building_the_page_needs_no_network_and_no_training_code() -> None:
    program = """
import socket, sys
def refuse(self, address, *rest):
    raise AssertionError(f"connects to {address}")
socket.socket.connect = refuse
socket.getaddrinfo = lambda *a, **k: (_ for _ in ()).throw(AssertionError(f"looks up {a}"))
from gpunit.ui.page import build_page
from gpunit.ui.models import Models
build_page(Models("cpu"))
heavy = [m for m in ("mmdet", "mmcv", "accelerate", "gpunit.training", "pytorch_pretrained_biggan") if m in sys.modules]
assert not heavy, heavy
"""
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
