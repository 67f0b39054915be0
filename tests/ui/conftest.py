from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.ui import uploads
from gpunit.ui.models import Models
from tests.conftest import TINY, blobs, build

SAVED = Path(__file__).parent / "saved"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files for visitors go where no other test sees them."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    """Models whose translators, whatever their names, are tiny and random."""

    def load(name: str, device: str, precision: str) -> Translator:
        return build(TINY)

    monkeypatch.setattr(zoo, "load", load)
    return Models("cpu", "fp32")


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """An uploaded picture."""
    return saved(blobs(7, 120, 90), tmp_path / "photo.png")


@pytest.fixture
def exemplar(tmp_path: Path) -> str:
    """Another uploaded picture."""
    return saved(blobs(8, 90, 120), tmp_path / "exemplar.png")


def same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures agree in every pixel."""
    return np.array_equal(np.asarray(one), np.asarray(other))


def saved(picture: Image.Image, path: Path) -> str:
    picture.save(path)
    return str(path)


def click(index: Any) -> gr.SelectData:
    """A click in a gallery, on the picture of this number, or in a picture, at this place."""
    return gr.SelectData(None, {"index": index, "value": None})


class Counted:
    """How often pictures were opened and cut, whatever asked for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        self.cut: list[tuple[Any, int]] = []
        opening, cutting = uploads.open_picture, uploads.cut

        def open_picture(source: Any, name: str | None = None) -> Image.Image:
            self.opened.append(str(source))
            return opening(source, name)

        def cut(picture: Image.Image, size: int, crop: Any) -> Image.Image:
            self.cut.append((crop, size))
            return cutting(picture, size, crop)

        monkeypatch.setattr(uploads, "open_picture", open_picture)
        monkeypatch.setattr(uploads, "cut", cut)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)
