"""Every refusal that the page may show has its Chinese."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpunit.ui import i18n, refusals

ROOT = Path(__file__).resolve().parents[2]
# Where what a visitor gives, or asks for, can be refused.
PLACES = [
    *(f"gpunit/images/{name}.py" for name in ("reading", "clips")),
    *(f"gpunit/engine/{name}.py" for name in ("styles", "provenance")),
    *(f"gpunit/zoo/{name}.py" for name in ("fetching", "downloading", "table", "hub")),
    *(
        f"gpunit/prior/{name}.py"
        for name in ("classes", "directions", "films", "loading", "reading", "sources", "units")
    ),
    "gpunit/evaluation/agreement.py",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "gpunit/ui").rglob("*.py"))),
]
ERRORS = re.compile(r"(Picture|Clip|Style|Model|Prior|Download|BrokenOff)Error|(gr\.)?Error|_error|refuse")
# Said before the page is there, by its command line; or the name of a file before another refusal.
ELSEWHERE = ("holds no translator",)
# Nothing of these is known before they are said.
BARE = ("7: 7",)


def sentences(path: str) -> Iterator[str]:
    """What a module raises, with "7" in place of what differs."""
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and ERRORS.fullmatch(ast.unparse(node.func))):
            continue
        for argument in node.args:
            if isinstance(argument, ast.Constant | ast.JoinedStr | ast.Name | ast.IfExp):
                branches = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
                for branch in branches:
                    if said := written(branch, module):
                        yield said


def written(node: ast.expr, module: object) -> str:
    """A text of the source; what is known only at run time is a 7."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return written(node.value, module) if isinstance(node.value, ast.Name) else "7"
    value = getattr(module, node.id, "7") if isinstance(node, ast.Name) else ""
    return re.sub(r"\{.*?\}", "7", value) if isinstance(value, str) else "7"


def is_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


@pytest.mark.parametrize("path", PLACES)
def test_what_is_raised_here_has_its_chinese(path: str) -> None:
    texts = [said for said in sentences(path) if not any(part in said for part in ELSEWHERE) and len(said) > 3]
    assert [said for said in texts if said not in BARE and not is_chinese(refusals.in_chinese(said))] == []


def test_the_places_raise_something() -> None:
    assert sum(len(list(sentences(path))) for path in PLACES) > 80


@pytest.mark.parametrize(("english", "chinese"), refusals.ALL.items())
def test_what_differs_is_kept(english: str, chinese: str) -> None:
    named = sorted(set(re.findall(r"\{\d\}", english)))
    assert sorted(set(re.findall(r"\{\d\}", chinese))) == named
    values = [f"<{number}>" for number in range(len(named))]
    assert refusals.in_chinese(english.format(*values)) == chinese.format(*values)


def test_a_refusal_in_a_refusal_is_chinese_too() -> None:
    sentence = "note.pdf: a PDF document, not a picture; save it as PNG, JPEG or WebP and try again."
    assert refusals.in_chinese(sentence) == "note.pdf：PDF 文档，不是图片；请另存为 PNG、JPEG 或 WebP 后重试。"


def test_other_sentences_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusals.in_chinese("A sentence of another library.") == "A sentence of another library."
    english = "photos: this is a folder; give a picture in it."
    assert i18n.said(english) == english
    monkeypatch.setattr(i18n, "reads_chinese", lambda: True)
    assert is_chinese(i18n.said(english))
