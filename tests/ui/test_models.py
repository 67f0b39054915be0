"""The page's models: loaded once, and let go when they take too much."""

from __future__ import annotations

import pytest
from PIL import Image

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.ui.models import Models
from tests.conftest import TINY, build


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were loaded, as tiny translators of any name."""
    names: list[str] = []

    def load(name: str, device: str, precision: str) -> Translator:
        names.append(name)
        return build(TINY)

    monkeypatch.setattr(zoo, "load", load)
    return names


def test_the_least_recently_used_goes_first(loads: list[str]) -> None:
    models = Models("cpu", budget=5 * build(TINY).memory_bytes // 2)
    first, second = models.get("a"), models.get("b")
    assert models.get("a") is first
    models.get("c")
    assert loads == ["a", "b", "c"]
    assert models.get("a") is first
    assert models.get("b") is not second
    assert loads == ["a", "b", "c", "b"]


def test_one_that_is_larger_than_the_budget_is_kept(loads: list[str]) -> None:
    models = Models("cpu", budget=1)
    assert models.get("a") is models.get("a")
    models.get("b")
    models.get("a")
    assert loads == ["a", "b", "a"]


def test_memory_counts_the_engine_and_the_plans(tiny: Translator, picture: Image.Image) -> None:
    parameters = sum(
        t.numel() * t.element_size() for n in vars(tiny.networks).values() for t in n.state_dict().values()
    )
    fresh = tiny.memory_bytes
    assert fresh == pytest.approx(parameters, rel=0.05)
    plan = tiny.plan(picture)
    planned = tiny.memory_bytes
    gates = sum(t.nbytes for gate in plan.gates.values() for t in vars(gate).values())
    assert fresh + gates < planned < 2 * fresh + gates
    tiny.forget_plans()
    assert tiny.memory_bytes == planned - gates
