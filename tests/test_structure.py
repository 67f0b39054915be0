"""The house: who may import whom, how large its parts are, and what starting the app may touch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the ground up.  A module or folder may import what stands below it, and nothing that stands beside it.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "gpunit",
        "gpunit.images",
        "gpunit.files",
        "gpunit.settings",
        "gpunit.memory",
        "gpunit.seeds",
        "gpunit.streams",
        "gpunit.imagenet",
    ),
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
# Which modules may import a library that starting the app must not, or that only the page knows.
KEPT_TO: Mapping[str, tuple[str, ...]] = {
    "gradio": ("gpunit.ui", "app"),
    "mmdet": ("gpunit.segmentation.htc",),
    "mcp": ("gpunit.ui.server.mcp",),
    "accelerate": ("gpunit.training", "gpunit.evaluation"),
}
MOST_LINES = 400
MOST_AT_THE_TOP = 10
# Tests of no single module: folders that drive the whole page or need a machine, and files.
TESTS_OF_THE_WHOLE = {"browser", "public", "load", "crash", "parity", "gpu"}
TESTS_OF_THE_HOUSE = {
    *("test_structure.py", "test_parity.py", "test_packaging.py", "test_docs.py", "test_site.py", "test_tutorial.py")
}


def is_under(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")


def place_of(module: str, floors: Sequence[Sequence[str]]) -> tuple[int, str] | None:
    """The floor of a module and the name that its row calls it by, or the folder that it lies in."""
    rows = [(floor, name) for floor, names in enumerate(floors) for name in names]
    # The package itself is only its `__init__`: everything lies in it.
    found = [(floor, name) for floor, name in rows if module == name or (name != "gpunit" and is_under(module, name))]
    return found[0] if found else None


def modules_of(root: Path) -> dict[str, Path]:
    """Every module of the house by its name."""
    paths = [*root.glob("app.py"), *sorted((root / "gpunit").rglob("*.py"))]
    named = {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def imports_of(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """What a module imports, anywhere in its file: (the module it names, an attribute or submodule of that, or "").

    Imports inside functions and under TYPE_CHECKING count, and so does `import_module("a.name")`.
    """
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                first = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value.rstrip("."), ""


def graph_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """The modules of the house that each of them imports."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for module, attribute in imports_of(name, path):
            submodule = f"{module}.{attribute}"
            graph[name] |= {found for found in [submodule if submodule in modules else module] if found in modules}
    return graph


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """Some circle of imports, the first module again at its end; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for following in sorted(graph[name]):
            if found := walk(following, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def faults_of_floors(root: Path, floors: Sequence[Sequence[str]] = FLOORS) -> list[str]:
    """Where a house breaks the rule of its floors, one sentence each."""
    modules = modules_of(root)
    faults = []
    for name, imported in graph_of(modules).items():
        here = place_of(name, floors)
        if here is None:
            faults.append(f"{name} stands in no row of the table")
            continue
        for other in sorted(imported):
            there = place_of(other, floors)
            if there is not None and there[0] > here[0]:
                faults.append(f"{name} imports {other} from above")
            elif there is not None and there[0] == here[0] and there[1] != here[1]:
                faults.append(f"{name} imports {other} beside it")
    if circle := circle_in(graph_of(modules)):
        faults.append(f"a circle: {' -> '.join(circle)}")
    return faults


def faults_of_libraries(root: Path) -> list[str]:
    """Which modules import a library that is kept to others."""
    return [
        f"{name} must not know {library}"
        for name, path in modules_of(root).items()
        for library, homes in KEPT_TO.items()
        if any(is_under(module, library) for module, _ in imports_of(name, path))
        and not any(is_under(name, home) for home in homes)
    ]


def test_every_module_stands_on_a_floor_and_imports_point_down() -> None:
    assert faults_of_floors(ROOT) == []


def test_heavy_libraries_are_kept_to_their_modules() -> None:
    assert faults_of_libraries(ROOT) == []


def test_every_name_of_the_table_is_there() -> None:
    assert [name for names in FLOORS for name in names if name not in modules_of(ROOT)] == []


GOOD = {
    "app.py": "import gpunit.ui.page",
    "gpunit/__init__.py": "",
    "gpunit/images.py": "import numpy",
    "gpunit/networks/__init__.py": "",
    "gpunit/networks/blocks.py": "from gpunit import images",
    "gpunit/networks/generator.py": "from gpunit.networks.blocks import ConvBlock",
    "gpunit/prior/__init__.py": "",
    "gpunit/segmentation/__init__.py": "",
    "gpunit/ui/__init__.py": "",
    "gpunit/ui/page.py": "from gpunit import images, networks",
}


def built(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_good_house_has_no_fault(tmp_path: Path) -> None:
    assert faults_of_floors(built(tmp_path, GOOD)) == []
    assert faults_of_libraries(tmp_path) == []


UP = "gpunit.networks.blocks imports gpunit.ui.page from above"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"gpunit/networks/blocks.py": "import gpunit.ui.page"}, UP),
        ({"gpunit/networks/blocks.py": "from gpunit.ui.page import build"}, UP),
        ({"gpunit/networks/blocks.py": "from gpunit.ui import page"}, UP),
        ({"gpunit/networks/blocks.py": "from ..ui import page"}, UP),
        ({"gpunit/networks/blocks.py": "def late():\n    from gpunit.ui import page"}, UP),
        ({"gpunit/networks/blocks.py": "if TYPE_CHECKING:\n    from gpunit.ui.page import Page"}, UP),
        ({"gpunit/networks/blocks.py": "importlib.import_module('gpunit.ui.page')"}, UP),
        ({"gpunit/networks/blocks.py": "import_module(f'gpunit.ui.{name}')"}, UP.replace(".page", "")),
        ({"gpunit/ui/models.py": "import app"}, "gpunit.ui.models imports app from above"),
        ({"gpunit/__init__.py": "from gpunit.ui import page"}, "gpunit imports gpunit.ui.page from above"),
        ({"gpunit/prior/a.py": "import gpunit.segmentation"}, "gpunit.prior.a imports gpunit.segmentation beside it"),
        ({"gpunit/files.py": "from gpunit import images"}, "gpunit.files imports gpunit.images beside it"),
        ({"gpunit/heap.py": ""}, "gpunit.heap stands in no row of the table"),
        ({"gpunit/shared/__init__.py": ""}, "gpunit.shared stands in no row of the table"),
        (
            {"gpunit/networks/blocks.py": "def late():\n    from gpunit.networks import generator"},
            "a circle: gpunit.networks.blocks -> gpunit.networks.generator -> gpunit.networks.blocks",
        ),
    ],
)
def test_a_broken_house_is_found_out(tmp_path: Path, changed: dict[str, str], fault: str) -> None:
    assert faults_of_floors(built(tmp_path, GOOD | changed)) == [fault]


def test_a_library_in_the_wrong_place_is_found_out(tmp_path: Path) -> None:
    root = built(tmp_path, GOOD | {"gpunit/images.py": "from gradio.events import Dependency"})
    assert faults_of_libraries(root) == ["gpunit.images must not know gradio"]


def test_few_modules_lie_at_the_top() -> None:
    assert len(list((ROOT / "gpunit").glob("*.py"))) <= MOST_AT_THE_TOP


def test_no_file_is_too_long_to_read() -> None:
    files = [ROOT / "app.py", *(ROOT / "gpunit").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def strays(root: Path) -> list[str]:
    """Test files that belong to no module: tests/a/test_b.py tests gpunit/a/b.py, and so does tests/a/test_b_c.py."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        inside = path.relative_to(root / "tests")
        if inside.parts[0] in TESTS_OF_THE_WHOLE or str(inside) in TESTS_OF_THE_HOUSE:
            continue
        beside = [*(root / "gpunit" / inside.parent).glob("*")]
        names = {module.stem for module in beside if module.is_dir() or module.suffix == ".py"}
        tested = path.stem.removeprefix("test_")
        if not any(tested == name or tested.startswith(name + "_") for name in names):
            found.append(str(inside))
    return found


def test_the_tests_mirror_the_house(tmp_path: Path) -> None:
    assert strays(ROOT) == []
    mirrored = ("networks/test_blocks.py", "networks/test_blocks_doubling.py", "test_networks.py", "gpu/test_any.py")
    assert strays(built(tmp_path, GOOD | {f"tests/{name}": "" for name in mirrored})) == []
    astray = ("networks/test_other.py", "none/test_a.py", "test_blocks.py")
    assert strays(built(tmp_path, {f"tests/{name}": "" for name in astray})) == list(astray)


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
