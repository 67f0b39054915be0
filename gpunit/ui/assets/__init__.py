"""Style sheets, scripts and pictures of the page itself."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).parent


def script(name: str) -> str:
    """A script, by its file's name without suffix."""
    return (ASSETS / f"{name}.js").read_text(encoding="utf-8")
