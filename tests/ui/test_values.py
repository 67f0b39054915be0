from __future__ import annotations

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunit.ui.values import MAX_SEED, clamped, read_seed, whole


@given(st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False)))
def test_every_number_is_a_seed_and_seeds_are_themselves(number: float) -> None:
    assert 0 <= read_seed(number) <= MAX_SEED
    assert read_seed(read_seed(number)) == read_seed(number)


@pytest.mark.parametrize("seed", [0, 1, MAX_SEED])
def test_a_seed_is_itself(seed: int) -> None:
    assert read_seed(seed) == seed


def test_an_emptied_field_is_0_and_no_number_is_refused() -> None:
    assert read_seed(None) == 0
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(gr.Error, match="whole number"):
            read_seed(wrong)


@given(st.floats(-1e6, 1e6))
def test_numbers_are_brought_into_range_and_kept_where_they_are_in_it(number: float) -> None:
    assert 1 <= whole(number, 1, 12) <= 12
    assert 0 <= clamped(number, 0.0, 1.5) <= 1.5
    if 1 <= number <= 12:
        assert 0 <= number - whole(number, 1, 12) < 1
    if 0 <= number <= 1.5:
        assert clamped(number, 0.0, 1.5) == number
