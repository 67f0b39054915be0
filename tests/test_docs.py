"""What README, docs and docstrings say is so: links, names, commands and examples."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer

from gpunit import zoo
from gpunit.__main__ import app
from tests.test_structure import FLOORS, modules_of

ROOT = Path(__file__).resolve().parent.parent
ENGLISH = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "checkpoints/README.md", "assets/README.md"]
ENGLISH += sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))
PAGES = ["README.zh.md", *ENGLISH]
COMMANDS: Any = typer.main.get_command(app)
# Of click, or of the copy of it that typer brings.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
EXAMPLES = sorted(name for name, path in modules_of(ROOT).items() if ">>> " in path.read_text(encoding="utf-8"))


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    return re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r'\]\(([^)\s]+)\)|src="([^"]+)"', prose(page))
    for link in filter(None, chain.from_iterable(links)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(str(target.relative_to(ROOT))), link


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_name_of_the_code_exists(page: str) -> None:
    quoted = set(re.findall(r"`([\w./*{},<>-]+)`", prose(page)))
    kept = ("gpunit/", "tests/", "docs/", "assets/", ".ci/")
    paths = {name for name in quoted if name.startswith(kept) or re.fullmatch(r"[\w-]+\.py", name)}
    assert [path for path in sorted(paths) if not (any(ROOT.glob(path)) or "<" in path)] == []
    for name in sorted(quoted):
        if re.fullmatch(r"gpunit(\.\w+)+", name):
            pkgutil.resolve_name(name)


def commands_in(block: str) -> Iterator[list[str]]:
    """The arguments of every call of gpunit in a shell block."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if "gpunit" in words and ("-m" in words or words[0] == "gpunit"):
            yield words[words.index("gpunit") + 1 :]


def commands_in_blocks(page: str) -> Iterator[list[str]]:
    """The arguments of every call of gpunit in a page's shell blocks."""
    for block in blocks(page, "sh"):
        yield from commands_in(block)


def commands_in_section(page: str, heading: str) -> list[str]:
    """The calls of gpunit in the first shell block under a heading, each as one line."""
    section = text_of(page).partition(f"\n## {heading}\n")[2]
    block = re.search(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert block is not None, heading
    return [" ".join(words) for words in commands_in(block[1])]


def commands_in_prose(page: str) -> Iterator[list[str]]:
    """The arguments of every call of gpunit that is quoted in a sentence; these may leave arguments out."""
    for call in re.findall(r"`(?:python -m )?gpunit ([^`]+)`", prose(page)):
        yield shlex.split(call)


def parse(words: list[str]) -> None:
    """Let a command read its arguments, without running it.

    Raises:
        UsageError: if it does not know an option, lacks an argument, or cannot use a value.
    """
    context = typer.Context(COMMANDS)
    name, command, rest = COMMANDS.resolve_command(context, words)
    with command.make_context(name, list(rest), parent=context):
        pass


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_understood(page: str) -> None:
    for words in commands_in_blocks(page):
        parse(words)
    for words in commands_in_prose(page):
        if words[0] not in ("COMMAND", "--help"):
            try:
                parse([word for word in words if word not in ("...", "--help")])
            except UsageError as error:
                if type(error).__name__ != "MissingParameter":
                    raise


def test_a_wrong_command_is_found_out() -> None:
    with pytest.raises(UsageError, match="No such option"):
        parse(["translate", "photo.jpg", "--modell", "to-cat", "--output", "results"])
    with pytest.raises(UsageError, match="No such command"):
        parse(["translte"])


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_the_examples_in_python_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = blocks(page, "python")
    names: dict[str, object] = {}
    exec(example, names)
    assert len(names["pictures"]) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_docstrings_are_true(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_the_contributors_table_is_the_floors() -> None:
    rows = re.findall(r"^\| (\d) \| (.+) \|$", text_of("CONTRIBUTING.md"), re.MULTILINE)
    table = {int(floor): set(re.findall(r"`([\w.]+)`", names)) for floor, names in rows}
    assert table == {floor: set(names) for floor, names in enumerate(FLOORS)}


def without_comments(block: str) -> str:
    return re.sub(r" *# .*", "", block)


def test_the_chinese_readme_keeps_in_step() -> None:
    english, chinese = "README.md", "README.zh.md"

    def headings(page: str) -> list[int]:
        return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]

    def links(page: str) -> set[str]:
        return {link for link in re.findall(r"\]\(([^)]+)\)", prose(page)) if not link.startswith("README")}

    assert headings(chinese) == headings(english)
    assert links(chinese) == links(english)
    for language in ("sh", "python"):
        assert [without_comments(block) for block in blocks(chinese, language)] == [
            without_comments(block) for block in blocks(english, language)
        ]


def test_hosting_tells_of_every_setting() -> None:
    from gpunit import settings

    told = dict(re.findall(r"^\| `(GPUNIT_\w+)` \|(.*?)\|", text_of("docs/hosting.md"), re.MULTILINE))
    assert {name: default.strip() for name, default in told.items()} == {
        name: variable.default for name, variable in settings.VARIABLES.items()
    }


def test_every_published_file_can_be_fetched_by_hand() -> None:
    page = text_of("docs/weights.md")
    rows = re.findall(r"^\| `([\w]+)\.pt` \| https://drive\.google\.com/file/d/([\w-]+)/view \|$", page, re.MULTILINE)
    assert dict(rows) == zoo.DRIVE_IDS


def test_the_lists_of_pages_are_whole() -> None:
    pages = {Path(page).name for page in ENGLISH if page.startswith("docs/") and page != "docs/index.md"}
    notebooks = {path.name for path in (ROOT / "docs").glob("*.ipynb")}
    assert pages | notebooks == set(re.findall(r"^- \[docs/([\w.]+)\]", text_of("README.md"), re.MULTILINE))
