from __future__ import annotations

import pytest

from gpunit.ui.prior.legends import show_legend
from gpunit.ui.prior.maps import CONTENT, INSTANCE, NOTHING, SHAPE


@pytest.mark.parametrize(("below", "words"), [(CONTENT, "E_c(x)"), (SHAPE, "F_s"), (INSTANCE, "x_s")])
def test_a_map_has_its_scale_and_sentence(below: str, words: str) -> None:
    legend = show_legend(below)
    assert legend["visible"]
    assert words in legend["value"]
    assert "linear-gradient" in legend["value"]


def test_without_a_map_there_is_no_legend() -> None:
    assert show_legend(NOTHING)["visible"] is False
