"""The prior tab's actions on BigGANs of the published sizes, with random weights: slow, and without an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from gpunit import zoo
from gpunit.imagenet import CLASS_NAMES
from gpunit.prior.loading import save_biggan
from gpunit.prior.untrained import untrained_biggan
from gpunit.ui.models import Models
from gpunit.ui.prior import actions, agreement, directions, filming, marking, measuring, mixing
from gpunit.ui.prior.directions import AXES
from gpunit.ui.prior.maps import CONTENT, INSTANCE, NOTHING
from gpunit.ui.prior.pictures import CELL, GAP, cell_box

pytestmark = pytest.mark.nightly
CLASSES = ["tabby", "golden retriever", "tabby:0.5+goldfinch:0.5"]


@pytest.fixture(scope="module", params=["biggan-deep-128", "biggan-deep-256"])
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An untrained BigGAN among the checkpoints, beside the content encoder."""
    bundled, folder = zoo.checkpoints_folder(), tmp_path_factory.mktemp("checkpoints")
    for path in bundled.iterdir():
        (folder / path.name).symlink_to(path)
    save_biggan(untrained_biggan(request.param), CLASS_NAMES, folder / request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPUNIT_CHECKPOINTS", str(folder))
        yield request.param


@pytest.fixture(scope="module")
def models(name: str) -> Models:
    return Models("cpu", "fp32")


def is_sheet(sheet: Image.Image, columns: int) -> bool:
    return sheet.width == columns * (CELL + GAP) + GAP and float(np.asarray(sheet, dtype=float).std()) > 0


@pytest.mark.parametrize("below", [NOTHING, CONTENT, INSTANCE])
def test_a_grid_with_its_maps_is_drawn_and_marked(models: Models, name: str, below: str) -> None:
    sheet, _, rows, _, plain = actions.render_grid(models, name, CLASSES, 1, 0.5, 1, below, [], [])
    assert is_sheet(sheet, 3)
    left, top = cell_box(1, 0)
    begin = [left + 40, top + 30]
    for end in (begin, [left + 90, top + 100]):
        event = gr.SelectData(None, {"index": begin, "value": end})
        layer = marking.first_layer(name)
        marked = marking.mark_clicked(models, name, CLASSES, 0.5, below, rows, plain, layer, event)
        assert marked[3].column == 1


def test_places_walks_and_mixtures_are_drawn(models: Models, name: str) -> None:
    assert is_sheet(actions.correspond(models, name, CLASSES, 0.5)[0], 3)
    assert is_sheet(actions.walk_between(models, name, CLASSES, 0.5, 1, 1, 2, 0.5, []), 3)
    mixed, written = mixing.mix_classes(models, name, 0.5, 1, [], "tabby", "goldfinch", None, 0.5, 0, 0, 4)
    assert is_sheet(mixed, 3)
    assert "@0-4" in written


def test_axes_move_every_class_and_a_film_is_made(models: Models, name: str) -> None:
    assert is_sheet(directions.move_row(models, name, CLASSES, 0.5, 1, 1, [], [], *[1.0] * AXES), 3)
    *_, file = filming.make_film(models, name, CLASSES[:1], 0.5, 1, [[1, 0]], "axis", 1, 8, "GIF")
    assert Path(file["value"]).stat().st_size > 0


def test_layers_and_classes_are_measured(models: Models, name: str) -> None:
    *_, table = measuring.measure_layers(models, name, CLASSES[:2], codes=2)
    assert table.count("64×64") >= 1
    *_, last = agreement.read_agreement(models, name, CLASSES, 0.5, 1, "many", 12, 4)
    assert "12 classes, 4 codes" in last[2]
    assert is_sheet(agreement.agreement_pairs(models, name, "tabby", "goldfinch", 0.5), 6)
