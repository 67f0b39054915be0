"""The documentation builds as a site, whole and without anything from other hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `mkdocs build` writes it, which in strict mode fails for a link or picture that leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder)))
    return folder


def test_every_page_and_picture_is_there(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} | {"cards", "pictures", "changes"}
    assert pages <= {path.stem for path in site.glob("*.html")}
    assert (site / "assets" / "screenshot.png").is_file()
    assert "Translator" in (site / "reference" / "engine.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 15
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*\bsrc="(https?:[^"]+)"', text)
        loaded += re.findall(r'<link[^>]*\brel="(?:stylesheet|preconnect|preload)"[^>]*\bhref="(https?:[^"]+)"', text)
        assert loaded == []
