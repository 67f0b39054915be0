from __future__ import annotations

from tests.commands.training.test_stage2 import run


def test_the_recipes_are_listed_with_where_their_switches_are_from() -> None:
    listed = run("train-recipes")
    assert [line for line in listed.splitlines() if "male2female" in line and "published" in line]
    assert [line for line in listed.splitlines() if "dog2cat" in line and "inferred" in line]
    assert "content=1  style=50" in listed
