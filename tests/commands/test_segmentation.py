from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpunit.segmentation import mask_rcnn
from tests.commands.conftest import gpunit
from tests.segmentation.graphs import write_mean_graph
from tests.segmentation.test_mask_rcnn import Sure


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}


def test_a_mixed_tree_is_segmented_in_one_call(
    folders: Callable[..., list[Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = folders("151_dog", "281_animal", "14_bird", count=1)[0].parent
    loaded = []

    def load(*arguments: object) -> mask_rcnn.MaskRCNN:
        loaded.append(arguments)
        return mask_rcnn.MaskRCNN(Sure(), "cpu")

    monkeypatch.setattr(mask_rcnn, "load_mask_rcnn", load)
    options = ("--method", "mask-rcnn", "--weights", "w.pth", "--scale", "400", "--device", "cpu")
    answer = gpunit("segment", data, *options, "--output", tmp_path / "maps")
    assert answer.code == 0, answer.err
    # A dog is a dog and an animal, and no bird.
    assert names_in(tmp_path / "maps") == {"151_dog/00000.png", "281_animal/00000.png"}
    assert f"nothing found in {data / '14_bird' / '00000.png'}" in answer.out
    assert loaded == [(Path("w.pth"), (666, 400), "cpu")]
    gpunit("segment", data, *options, "--group", "dog", "--output", tmp_path / "dogs")
    assert names_in(tmp_path / "dogs") == {f"{name}/00000.png" for name in ("151_dog", "281_animal", "14_bird")}


def test_what_stands_out_is_segmented_and_cut_to(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("holiday", count=2)[0].parent  # of no known group
    network = write_mean_graph(tmp_path / "tiny.onnx")
    answer = gpunit(
        "segment", data, "--method", "salient", "--weights", network, "--crop", "--output", tmp_path / "out"
    )
    assert answer.code == 0, answer.err
    assert names_in(tmp_path / "out" / "maps") == names_in(tmp_path / "out" / "pictures")
    assert len(names_in(tmp_path / "out" / "maps")) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--method", "mask-rcnn"), "dog and 1 more: the name does not tell"),
        (("--method", "mask-rcnn", "--group", "house"), "no group 'house'"),
        (("--method", "mask-rcnn", "--group", "dog"), "fetch them with --download"),
        (("--method", "class-activation", "--scale", "400"), "class-activation takes no"),
        (("--method", "salient", "--download"), "name an .onnx file"),
    ],
)
def test_what_cannot_be_done_is_explained(
    folders: Callable[..., list[Path]],
    tmp_path: Path,
    options: tuple[str, ...],
    words: str,
) -> None:
    data = folders("a dog", "two dogs", count=1)[0].parent
    answer = gpunit("segment", data, *options, "--output", tmp_path / "nowhere")
    assert answer.code == 2
    assert words in answer.err
    assert not (tmp_path / "nowhere").exists()
