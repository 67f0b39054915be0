from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunit.images import PictureError
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.translate import sharing
from gpunit.ui.translate.sharing import Link
from gpunit.ui.values import MAX_SEED
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs

# Written by the version before the modules moved.
FIXTURES = Path(__file__).parent / "fixtures"
DRAWING = {"guidance": "Drawn styles", "count": 3, "seed": 5, "temperature": 0.5}


def written(path: Path, **changes: Any) -> Path:
    saved = sharing.to_json("to-cat", blobs(1, 128, 128), blobs(2, 128, 128), DRAWING)
    path.write_text(json.dumps(saved | changes))
    return path


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    settings, picture, exemplar = sharing.from_json(written(tmp_path / "mine.json"))
    assert {key: settings[key] for key in DRAWING} == DRAWING
    assert settings["model"] == "to-cat"
    assert sharing.is_same_model(settings)
    assert exemplar is not None
    np.testing.assert_array_equal(np.asarray(picture), np.asarray(blobs(1, 128, 128)))
    np.testing.assert_array_equal(np.asarray(exemplar), np.asarray(blobs(2, 128, 128)))


def test_other_weights_are_noticed(tmp_path: Path) -> None:
    settings, _, exemplar = sharing.from_json(written(tmp_path / "mine.json", sha256="0" * 64, exemplar=None))
    assert not sharing.is_same_model(settings)
    assert exemplar is None


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "cake"},
        {"seed": "many"},
        {"temperature": float("nan")},
        {"picture": None},
        {"picture": 7},
        {"picture": "?"},
        {"picture": "aGVsbG8="},
        {"count": [1]},
    ],
)
def test_what_is_no_such_file_is_explained(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(PictureError, match=r"mine\.json"):
        sharing.from_json(written(tmp_path / "mine.json", **changes))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"eggs": 3}'])
def test_other_files_are_explained(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.json").write_bytes(content)
    with pytest.raises(PictureError, match="holds no settings"):
        sharing.from_json(tmp_path / "other.json")


def test_a_model_that_is_not_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model"):
        sharing.from_json(written(tmp_path / "mine.json", model="to-moon"))
    with pytest.raises(ModelError, match="not on this machine"):
        sharing.from_json(written(tmp_path / "mine.json", model="face2metface"))


STEMS = {path.stem for path in EXAMPLES}
MODELS = ("to-cat", "to-dog")
parts = {
    "model": st.sampled_from(MODELS),
    "picture": st.sampled_from(sorted(STEMS)),
    "exemplar": st.sampled_from(sorted(STEMS)),
    "zoom": st.sampled_from([1, 1.55, 4]),
    "across": st.sampled_from([0, 0.33, 1]),
    "down": st.sampled_from([0, 0.5, 1]),
    "count": st.integers(1, 12),
    "seed": st.integers(0, MAX_SEED),
    "temperature": st.sampled_from([0, 0.05, 1.5]),
}


@given(st.fixed_dictionaries({}, optional=parts))
def test_a_link_says_what_it_was_made_of(said: dict[str, Any]) -> None:
    link = Link(**said)
    assert Link.of_query(link.to_query(), STEMS, MODELS) == link
    assert Link.of_query("__theme=dark&" + link.to_query() + "&utm_source=a", STEMS, MODELS) == link


@pytest.mark.parametrize(
    "query",
    [
        "seed=-1",
        "seed=many",
        "seed=nan",
        "zoom=9",
        "picture=../../etc/passwd",
        "exemplar=mine",
        "model=cake",
        "count=99",
    ],
)
def test_a_link_says_nothing_that_the_page_could_not(query: str) -> None:
    with pytest.raises(ValueError, match=query.partition("=")[2]):
        Link.of_query(query, STEMS, MODELS)


def test_settings_of_a_model_that_is_not_here_cannot_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))
    with pytest.raises(ModelError, match="download it first"):
        sharing.to_json("dog2cat", blobs(1, 256, 256), None, DRAWING)


def test_a_file_and_a_link_of_an_earlier_version_are_read() -> None:
    settings, picture, exemplar = sharing.from_json(FIXTURES / "translation.json")
    assert settings == {"model": "to-cat", "sha256": "cd" * 32, **DRAWING}
    for found, wanted in ((picture, blobs(1, 16, 16)), (exemplar, blobs(2, 16, 16))):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))
    query = (FIXTURES / "link.txt").read_text().strip()
    link = Link.of_query(query, ["dog-shepherd"], ["to-cat"])
    assert link == Link("to-cat", "dog-shepherd", None, 1.5, 0.25, 0.333333333333, 4, 12345, 0.7)
    assert link.to_query() == query


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_settings_that_an_editor_saved_in_another_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "mine.json")
    settings, picture, _ = sharing.from_json(path)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    again, same, _ = sharing.from_json(path)
    assert again == settings
    assert same.tobytes() == picture.tobytes()
