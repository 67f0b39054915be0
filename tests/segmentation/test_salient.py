from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from gpunit.segmentation.methods import shape_finder
from gpunit.segmentation.salient import SalientObject, object_region, otsu_threshold
from gpunit.segmentation.shapes import SegmentationError
from tests.segmentation.graphs import write_mean_graph


def scene(width: int = 160, height: int = 96) -> Image.Image:
    """A bright square of side 48 at (60, 24) with a hole, a speck beside it, all on dark ground."""
    picture = Image.new("RGB", (width, height), (20, 30, 40))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 24, 107, 71), fill=(240, 230, 220))
    draw.rectangle((78, 42, 90, 54), fill=(20, 30, 40))
    draw.rectangle((4, 4, 9, 9), fill=(240, 230, 220))
    return picture


def test_the_object_that_stands_out_is_found_whole_and_alone(tmp_path: Path) -> None:
    find = shape_finder("salient", weights=write_mean_graph(tmp_path / "tiny.onnx"), device="cpu")
    shape = find(scene(), "")
    assert shape is not None
    assert shape.map.shape == (1, 96, 160)
    assert shape.map.min() >= -1
    assert shape.map.max() <= 1
    assert shape.map[0, 48, 84] > 0.9, "the hole is filled"
    assert shape.map[0, 30, 65] > 0.9
    assert shape.map[0, 6, 6] < -0.9, "the speck is left out"
    assert shape.box is not None
    assert shape.box == pytest.approx((60, 24, 108, 72), abs=4)


def test_nothing_stands_out_of_an_even_picture(tmp_path: Path) -> None:
    find = SalientObject(write_mean_graph(tmp_path / "tiny.onnx"), device="cpu")
    assert find(Image.new("RGB", (50, 50), (90, 90, 90))) is None


@pytest.mark.parametrize(("side", "expected"), [(320, "u2net"), (64, "isnet")])
def test_pictures_are_normalised_as_the_network_was_trained(tmp_path: Path, side: int, expected: str) -> None:
    network = SalientObject(write_mean_graph(tmp_path / "tiny.onnx", side), device="cpu")
    seen = []

    class Session:
        def get_inputs(self) -> object:
            return inner.get_inputs()

        def run(self, wanted: None, given: dict[str, object]) -> object:
            seen.append(torch.as_tensor(given["input"]))
            return inner.run(wanted, given)

    inner, network._session = network._session, Session()
    network.saliency(Image.new("RGB", (40, 40), (255, 0, 0)))
    red, green, _ = seen[0][0].mean((1, 2)).tolist()
    assert (red, green) == pytest.approx(
        ((1 - 0.485) / 0.229, -0.456 / 0.224) if expected == "u2net" else (0.5, -0.5), abs=1e-4
    )


def test_the_scale_is_that_of_the_file_or_free(tmp_path: Path) -> None:
    fixed, free = write_mean_graph(tmp_path / "fixed.onnx"), write_mean_graph(tmp_path / "free.onnx", "side")
    assert SalientObject(free, 96, "cpu").saliency(scene()).shape == (96, 96)
    assert SalientObject(fixed, 64, "cpu").saliency(scene()).shape == (64, 64)
    with pytest.raises(SegmentationError, match="pictures of 64 px alone"):
        SalientObject(fixed, 96, "cpu")


def test_files_that_will_not_do_are_refused_in_a_sentence(tmp_path: Path) -> None:
    other = write_mean_graph(tmp_path / "other.onnx", channels=3)
    with pytest.raises(SegmentationError, match=r"gives no map"):
        SalientObject(other, device="cpu")(scene())
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(SegmentationError, match=r"broken\.onnx is damaged"):
        SalientObject(tmp_path / "broken.onnx", device="cpu")
    for missing in (None, tmp_path / "nowhere.onnx"):
        with pytest.raises(SegmentationError, match="--weights"):
            SalientObject(missing, device="cpu")


def test_without_onnxruntime_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModuleNotFoundError, match=r"salient needs onnxruntime: pip install .*salient"):
        shape_finder("salient", device="cpu")


def test_otsu_parts_two_kinds() -> None:
    values = torch.cat([torch.full((900,), 0.2), torch.full((100,), 0.8)]).numpy()
    assert 0.2 < otsu_threshold(values) < 0.8


def test_what_touches_the_edge_stays() -> None:
    pytest.importorskip("scipy")
    saliency = torch.zeros(128, 128)
    saliency[64:, 30:100] = 1
    region = object_region(saliency)
    assert region is not None
    assert region[-1, 64] > 0.9
    assert region[10, 64] < 0.1
