"""What the site shows beside docs/: cards, changes, pictures, and a page of reference for each part of the package."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent.parent
# Pages whose texts lie elsewhere in the repository.
ELSEWHERE = {"cards.md": "checkpoints/README.md", "pictures.md": "assets/README.md", "changes.md": "CHANGELOG.md"}
# What a user of the package calls; the rest is read in the code.
SHOWN = ("engine", "zoo", "prior", "segmentation", "networks", "training", "evaluation")
PICTURES = (".png", ".jpg")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and pictures that do not lie in docs/."""
    for page, source in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for path in sorted((ROOT / "assets").rglob("*")):
        if path.suffix in PICTURES:
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    files.append(File.generated(config, "style.css", abs_src_path=str(Path(__file__).with_name("style.css"))))
    for page, text in reference().items():
        files.append(File.generated(config, page, content=text))
    return files


def reference() -> dict[str, str]:
    """A page for each part of the package, and one with what stands at its top."""
    pages = {}
    for part in ("", *SHOWN):
        folder = ROOT / "gpunit" / part
        found = folder.rglob("*.py") if part else folder.glob("*.py")
        names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(found)]
        shown = [name for name in names if not name.rpartition(".")[2].startswith("_")]
        title = f"gpunit.{part}" if part else "gpunit"
        pages[f"reference/{part or 'gpunit'}.md"] = f"# {title}\n\n" + "\n".join(f"::: {name}\n" for name in shown)
    return pages


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to files outside docs/ at their pages here."""
    pages = {source: name for name, source in ELSEWHERE.items()}
    folder = PurePosixPath(ELSEWHERE.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent

    def moved(link: re.Match[str]) -> str:
        target, _, anchor = link[1].partition("#")
        if not target or "://" in target:
            return link[0]
        parts: list[str] = []
        for part in (folder / target).parts:
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        path = "/".join(parts)
        here = pages.get(path) or path.removeprefix("docs/")
        return f"]({here}{'#' + anchor if anchor else ''})"

    return re.sub(r"\]\(([^)\s]+)\)", moved, markdown)
