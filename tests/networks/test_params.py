from __future__ import annotations

import json

import pytest

from gpunit.networks.families import PUBLISHED, SMALL, TranslatorParams
from gpunit.networks.params import ParamsError, filled, plain
from gpunit.training.recipes import SmallRecipe


@pytest.mark.parametrize("params", [SMALL, PUBLISHED])
def test_plain_values_lead_back(params: TranslatorParams) -> None:
    other = SMALL if params is PUBLISHED else PUBLISHED
    assert filled(other, json.loads(json.dumps(plain(params)))) == params


def test_what_is_not_given_is_kept() -> None:
    changed = filled(SmallRecipe(), {"batch": 3, "weights": {"content": 2}, "domains": ["a", "b"]})
    assert (changed.batch, changed.weights.content, changed.domains) == (3, 2.0, ("a", "b"))
    assert isinstance(changed.weights.content, float)
    assert changed.weights.style == SmallRecipe().weights.style


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"learing_rate": 1.0}, "no 'learing_rate'; did you mean 'learning_rate'"),
        ({"weights": {"contant": 1.0}}, "no 'weights.contant'; did you mean 'weights.content'"),
        ({"batch": 1.5}, "'batch' is a whole number, such as 8, not 1.5"),
        ({"batch": True}, "'batch' is a whole number"),
        ({"use_skips": 1}, "'use_skips' is true or false"),
        ({"ema": float("nan")}, "'ema' must be a finite number"),
        ({"batch": -1}, "not below 0"),
        ({"weights": 3}, "'weights' is a table"),
        ({"domains": "cat"}, "'domains' is a list"),
        ({"translator": {"generator": {"widths": [8, "x"]}}}, "'translator.generator.widths' is a whole number"),
    ],
)
def test_what_cannot_be_taken_is_named(values: dict[str, object], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        filled(SmallRecipe(), values)
