"""Agreement, on the small prior that is bundled."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from gpunit.ui import jobs
from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import agreement
from gpunit.ui.prior.agreement import Measured
from gpunit.ui.prior.pictures import CELL, GAP
from tests.ui.conftest import same
from tests.ui.prior.conftest import cell

NAME = PRIORS[0]
CLASSES = ["cat", "dog", "car"]


@pytest.fixture(scope="module")
def answer(models: Models) -> tuple[object, ...]:
    answers = list(agreement.read_agreement(models, NAME, CLASSES, 0.7, 1, codes=4))
    values = [["value" in update for update in answer[5:]] for answer in answers]
    assert values == [[number == 0] * 2 for number in range(len(answers))], "a pair that was chosen meanwhile stays"
    return answers[-1]


@pytest.fixture
def measured(answer: tuple[object, ...]) -> Measured:
    assert isinstance(answer[4], Measured)
    return answer[4]


def test_both_matrices_are_shown_and_two_classes_can_be_chosen(answer: tuple[object, ...]) -> None:
    content, features, line, groups, measured, one, other = answer
    assert isinstance(measured, Measured)
    assert not same(content, features)  # type: ignore[arg-type]
    assert "3 classes, 4 codes" in str(line)
    assert groups == "", "three classes need none"
    assert measured.state.content is not None
    assert float(measured.state.content[0, 1]) < float(measured.state.content[0, 2]), "a dog is more of a cat"
    assert [value for _, value in one["choices"]] == [CLASSES[number] for number in measured.found.order]  # type: ignore[index]
    assert one["choices"] == other["choices"]  # type: ignore[index]


def test_a_clicked_cell_names_its_classes_and_shows_their_pairs(models: Models, measured: Measured) -> None:
    drawn = measured.drawn()[0]
    place = (drawn.left + 2.5 * drawn.cell, drawn.top + 0.5 * drawn.cell)
    chosen = agreement.choose_cell(measured, gr.SelectData(None, {"index": list(place), "value": None}))
    assert chosen == (CLASSES[measured.found.order[0]], CLASSES[measured.found.order[2]])
    outside = gr.SelectData(None, {"index": [0, 0], "value": None})
    assert agreement.choose_cell(measured, outside) == (gr.skip(), gr.skip())
    sheet, line, content, _ = agreement.show_pair(models, measured, *chosen)
    assert sheet.width == 6 * (CELL + GAP) + GAP
    assert not np.array_equal(cell(sheet, 0, 0), cell(sheet, 0, 1))
    assert "in contents" in line
    assert not same(content, drawn.picture), "the cell has a frame"


def test_before_a_measure_nothing_can_be_clicked(models: Models, measured: Measured) -> None:
    with pytest.raises(gr.Error, match="Measure first"):
        agreement.choose_cell(None, gr.SelectData(None, {"index": [9, 9], "value": None}))
    with pytest.raises(gr.Error, match="Measure first"):
        agreement.show_pair(models, measured, "cat", "bird")


def test_the_pairs_go_from_the_most_alike_to_the_least(models: Models) -> None:
    sheet = agreement.agreement_pairs(models, NAME, "cat", "cat:1+dog:0")
    for column in range(6):
        assert np.abs(cell(sheet, column, 0) - cell(sheet, column, 1)).max() <= 1


def test_stopped_it_keeps_the_codes_that_are_done(models: Models) -> None:
    def stop_after_two(done: tuple[int, int], unit: str) -> None:
        if done[0] == 2 * len(CLASSES):
            jobs.stop()

    *_, last = agreement.read_agreement(models, NAME, CLASSES, 0.7, 1, codes=8, progress=stop_after_two)  # type: ignore[arg-type]
    assert "2 codes" in last[2]
    assert "6 of 24 pictures" in last[2]


def test_one_class_has_nothing_to_agree_with(models: Models) -> None:
    with pytest.raises(gr.Error, match="at least two classes"):
        agreement.measure_agreement(models, NAME, ["cat"], 0.7, 1)


def test_many_classes_are_offered_where_there_are_many() -> None:
    assert [update["visible"] for update in agreement.offer_many("biggan-deep-128")] == [True, False]
    assert [update["visible"] for update in agreement.offer_many(NAME)] == [False, False]
