from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gpunit.segmentation import mask_rcnn
from gpunit.segmentation.instances import COCO_LABELS
from gpunit.segmentation.mask_rcnn import MaskRCNN, load_mask_rcnn, mask_rcnn_network
from gpunit.segmentation.shapes import SegmentationError
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs


class Sure(nn.Module):
    """Finds a dog on the left, and on the right a bench, which no group has."""

    def forward(self, pictures: list[Tensor]) -> list[dict[str, Tensor]]:
        ((_, height, width),) = [picture.shape for picture in pictures]
        assert 0 <= pictures[0].min() < pictures[0].max() <= 1
        masks = torch.zeros(2, 1, height, width)
        masks[0, ..., : width // 2] = 0.7
        masks[1, ..., width // 2 :] = 0.9
        boxes = torch.tensor([[0.0, 0, width / 2, height], [width / 2, 0, width, height]])
        names = mask_rcnn._PUBLISHED.meta["categories"]
        labels = torch.tensor([names.index("dog"), names.index("bench")])
        return [{"boxes": boxes, "labels": labels, "scores": torch.tensor([0.9, 0.8]), "masks": masks}]


def test_what_torchvision_finds_gets_the_labels_of_coco() -> None:
    found = MaskRCNN(Sure(), "cpu")(blobs(1, width=90, height=60))
    assert found.labels.tolist() == [COCO_LABELS["dog"], -1]
    assert found.masks.shape == (2, 60, 90)
    assert found.masks.dtype == torch.bool
    assert found.masks[0].sum() == 60 * 45


def test_pictures_are_brought_to_the_scale_that_is_asked_for() -> None:
    network: Any = mask_rcnn_network((200, 120))
    (resized, _) = network.transform([torch.rand(3, 60, 90)])
    assert tuple(resized.image_sizes[0]) == (120, 180)


def test_weights_are_filled_strictly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Linear(2, 2)
    monkeypatch.setattr(mask_rcnn, "mask_rcnn_network", lambda scale: network)
    path = tmp_path / "mask.pth"
    torch.save(network.state_dict(), path)
    assert isinstance(load_mask_rcnn(path, device="cpu"), MaskRCNN)
    torch.save({"weight": network.weight}, path)
    with pytest.raises(ModelError, match=re.escape("mask.pth lacks bias")):
        load_mask_rcnn(path)
    torch.save([1], path)
    with pytest.raises(SegmentationError, match="no tensors by name"):
        load_mask_rcnn(path)
    with pytest.raises(SegmentationError, match="is not there: fetch them with --download"):
        load_mask_rcnn(tmp_path / "nowhere.pth")


def test_a_download_is_checked_by_the_sum_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(addresses: list[str], path: Path, report: object, sha256: str) -> None:
        asked.append((addresses, sha256))
        path.touch()

    monkeypatch.setattr(mask_rcnn, "fetch_from_any", fetch)
    path = mask_rcnn.download_mask_rcnn(tmp_path, "https://example.org")
    assert path == mask_rcnn.download_mask_rcnn(tmp_path)  # the second time it is there
    ((addresses, sha256),) = asked
    assert [address.rpartition("/")[2] for address in addresses] == [path.name, path.name]
    assert re.fullmatch(r"[0-9a-f]{8}", sha256)
    assert path.stem.endswith(f"-{sha256}")
