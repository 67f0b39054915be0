from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from gpunit import settings, zoo
from gpunit.zoo.weights import ModelError, write_weights


def write_own(folder: Path, name: str, **header: object) -> None:
    write_weights(folder / f"{name}.safetensors", {"style_bank": torch.zeros(2, 8)}, {"kind": "translator", **header})


def test_every_line_of_the_table_can_be_shown() -> None:
    for name, spec in zoo.MODELS.items():
        assert spec.name == name
        assert spec.target not in spec.sources
        assert spec.resolution in (128, 256)
        assert spec.title.endswith(f" → {spec.target}")
        assert "non-commercial" in spec.licence


def test_own_translators_come_after_the_table(empty_shelf: Path) -> None:
    write_own(empty_shelf, "mine", target="cat", sources=["dog", "fox"], licence="public domain")
    assert list(zoo.all_models()) == [*zoo.MODELS, "mine"]
    spec = zoo.find("mine")
    assert (spec.target, spec.sources, spec.family, spec.licence) == ("cat", ("dog", "fox"), "small", "public domain")
    assert spec.is_here
    assert not spec.can_be_downloaded
    with pytest.raises(ModelError, match=r"no model 'yours'; choose from .*mine"):
        zoo.find("yours")


def test_files_that_are_no_translators_hide_none(empty_shelf: Path) -> None:
    write_own(empty_shelf, "huge", family="huge")
    write_own(empty_shelf, "odd", sources="dog")
    write_own(empty_shelf, "number", sources="7")
    write_own(empty_shelf, "encoder", kind="content_encoder")
    (empty_shelf / "damaged.safetensors").write_bytes(b"half")
    write_own(empty_shelf, "mine")
    assert list(zoo.all_models()) == [*zoo.MODELS, "mine"]


def test_the_checkpoints_go_before_the_bundled_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, bundled = tmp_path / "own", tmp_path / "bundled"
    monkeypatch.setattr(settings, "checkpoint_folders", lambda: (own, bundled))
    for folder, name in ((own, "a"), (bundled, "a"), (bundled, "b")):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    assert zoo.checkpoints_folder() == own
    assert [zoo.stored(name).parent for name in ("a", "b", "nowhere")] == [own, bundled, own]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@settings_of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    sources=JSON.map(json.dumps) | st.text(max_size=8) | st.just("[" * 100_000),
    family=st.sampled_from(["small", "published", "huge", ""]),
    target=st.text(max_size=8),
)
def test_no_header_hides_the_table(empty_shelf: Path, sources: str, family: str, target: str) -> None:
    write_own(empty_shelf, "odd", sources=sources, family=family, target=target)
    models = zoo.all_models()
    assert list(models)[: len(zoo.MODELS)] == list(zoo.MODELS)
    if "odd" in models:
        assert family in ("small", "published")
        assert all(isinstance(source, str) for source in json.loads(sources))
        assert models["odd"].title
