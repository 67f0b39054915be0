"""The load tool itself; it is run by hand, `python -m tests.load`."""

from __future__ import annotations

import pytest

from gpunit.engine.translator import Translator
from tests.conftest import blobs
from tests.load.visitors import MOST_APART, Told, Visitor, apart


def test_load_is_put_on_this_machine_only(tiny: Translator) -> None:
    with pytest.raises(ValueError, match="not this machine"):
        Visitor(1, "https://example.com", tiny, Told())


def test_another_visitors_picture_is_told_from_ones_own() -> None:
    mine, same, other = blobs(1), blobs(1), blobs(2)
    assert apart(mine, same) == 0
    assert apart(mine, other) > 5 * MOST_APART
    assert apart(mine, blobs(1, 40, 40)) > MOST_APART


def test_growth_is_counted_after_the_warm_up() -> None:
    steady = Told(memory=[(second, 10 if second < 20 else 100) for second in range(60)])
    assert steady.growth(warm_up=20) == 0
    leaking = Told(memory=[(second, 100 + second) for second in range(120)])
    assert leaking.growth(warm_up=20) > 0.5
    assert "no answer" in Told().report(20)
