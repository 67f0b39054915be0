from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gpunit.segmentation import htc
from gpunit.segmentation.htc import InstanceSegmenter
from gpunit.segmentation.shapes import SegmentationError
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs
from tests.zoo.conftest import Trap

SMALLEST = "htc-without-semantic_r50_fpn_1x_coco"


def test_importing_the_module_does_not_import_mmdet() -> None:
    program = """
import sys
import gpunit.segmentation.htc
assert not {"mmdet", "mmcv", "mmengine"} & set(sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """HTC with random weights, and few proposals, for speed."""
    torch.manual_seed(0)
    network: Any = htc.htc_network(SMALLEST)
    network.rpn_head.test_cfg.max_per_img = 30
    network.roi_head.test_cfg.max_per_img = 3
    assert isinstance(network, nn.Module)
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


def test_weights_of_another_config_are_refused(
    network: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(htc, "htc_network", lambda config: network)
    state = dict(network.state_dict())
    first, path = next(iter(state)), tmp_path / "htc.pth"
    torch.save({"state_dict": state}, path)
    assert htc.load_htc(path, SMALLEST, device="cpu").network is network
    torch.save({"state_dict": {key: tensor for key, tensor in state.items() if key != first}}, path)
    with pytest.raises(ModelError, match=re.escape(f"htc.pth lacks {first}")):
        htc.load_htc(path, SMALLEST)


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
    path, sprung = tmp_path / "htc.pth", tmp_path / "sprung"
    state = {"weight": torch.ones(2)}
    torch.save({"meta": {"mmdet_version": "2.0.0", "CLASSES": ("person",)}, "state_dict": state}, path)
    assert torch.equal(htc.read_checkpoint(path)["weight"], state["weight"])
    torch.save({"meta": Trap(sprung), "state_dict": state}, path)
    with pytest.raises(ModelError, match="code instead of weights"):
        htc.read_checkpoint(path)
    assert not sprung.exists()
    torch.save([1], path)
    with pytest.raises(SegmentationError, match="no state_dict"):
        htc.read_checkpoint(path)


def test_a_download_is_checked_by_the_sum_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(addresses: list[str], path: Path, report: object, sha256: str) -> None:
        asked.append((addresses, sha256))
        path.touch()

    monkeypatch.setattr(htc, "fetch_from_any", fetch)
    path = htc.download_htc(tmp_path, mirror="https://example.org/zoo/")
    assert path == htc.download_htc(tmp_path)  # the second time it is there
    ((addresses, sha256),) = asked
    assert addresses[0] == f"https://example.org/zoo/{path.name}"
    assert addresses[1] == htc.weights_url(htc.HTC_CONFIGS[0])
    assert len(set(addresses)) == 4
    assert all(address.endswith(f"/{path.name}") for address in addresses)
    assert re.fullmatch(r"[0-9a-f]{8}", sha256)
    assert path.stem.endswith(f"-{sha256}")
    with pytest.raises(SegmentationError, match="never published"):
        htc.download_htc(tmp_path, SMALLEST)
