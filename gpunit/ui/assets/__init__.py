"""Style sheets, scripts and pictures of the page itself."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).parent
