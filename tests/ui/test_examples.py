"""Which bundled pictures are offered, and when one takes another's place."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from gpunit import zoo
from gpunit.ui.examples import EXAMPLES, domain_of, exemplar_examples, own_exemplar, source_examples

SMALL = [spec for spec in zoo.MODELS.values() if spec.family == "small"]


@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: spec.name)
def test_every_bundled_translator_has_examples_of_its_target_and_of_its_sources(spec: zoo.ModelSpec) -> None:
    assert spec.target in {domain_of(Path(path)) for path in exemplar_examples()}
    assert set(spec.sources) <= {domain_of(Path(path)) for path in source_examples()}


@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: spec.name)
def test_an_example_of_another_domain_makes_room_for_one_that_the_model_draws(spec: zoo.ModelSpec) -> None:
    for example in EXAMPLES:
        # The page hands on a copy of its own, of the same name.
        got = own_exemplar(f"/somewhere/else/{example.name}", spec.name)
        if domain_of(example) == spec.target:
            assert got == gr.skip()
        else:
            assert domain_of(Path(got)) == spec.target


def test_a_visitors_own_exemplar_stays() -> None:
    assert own_exemplar("/uploads/rex.jpg", SMALL[0].name) == gr.skip()
    assert own_exemplar(None, SMALL[0].name) == gr.skip()
