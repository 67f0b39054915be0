"""The small prior of the page, with a cache of its own, and the pictures of a sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gpunit.ui.models import Models
from gpunit.ui.prior.pictures import CELL, cell_box


@pytest.fixture(scope="module")
def models() -> Models:
    return Models("cpu", "fp32")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUNIT_CACHE", str(tmp_path / "cache"))


def cell(sheet: Image.Image, column: int, line: int = 0) -> np.ndarray:
    left, top = cell_box(column, line)
    return np.asarray(sheet.crop((left, top, left + CELL, top + CELL)).convert("RGB"), dtype=int)
