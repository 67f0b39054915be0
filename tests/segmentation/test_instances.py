from __future__ import annotations

import pytest
import torch

from gpunit.imagenet import PAPER_CLASSES, PAPER_GROUPS, paper_group
from gpunit.segmentation.instances import COCO_GROUPS, COCO_LABELS, Instances, folder_group, largest_instance
from gpunit.segmentation.operators import install_operator_bridge
from gpunit.segmentation.shapes import SegmentationError


def test_labels_are_those_of_coco() -> None:
    install_operator_bridge()
    from mmdet.datasets import CocoDataset

    names = CocoDataset.METAINFO["classes"]
    assert {name: names.index(name) for name in COCO_LABELS} == dict(COCO_LABELS)
    assert {name for group in COCO_GROUPS.values() for name in group} == set(COCO_LABELS)
    assert set(COCO_GROUPS) == {*PAPER_GROUPS, "person"}


def test_every_folder_of_the_papers_pairs_tells_its_group() -> None:
    assert [folder_group(f"{label:03d}_{paper_group(label)}") for label in PAPER_CLASSES] == [
        paper_group(label) for label in PAPER_CLASSES
    ]
    assert folder_group("402_other") is None


def test_the_largest_confident_object_of_the_group_is_taken() -> None:
    masks = torch.zeros(4, 8, 8, dtype=torch.bool)
    for index, side in enumerate((3, 4, 8, 8)):
        masks[index, :side, :side] = True
    labels = torch.tensor([COCO_LABELS[name] for name in ("bird", "bird", "bird", "car")])
    found = Instances(torch.rand(4, 4), torch.tensor([0.9, 0.8, 0.3, 0.9]), labels, masks)
    bird = largest_instance(found, "bird")
    assert bird is not None
    assert torch.equal(bird.mask, masks[1])
    assert largest_instance(found, "dog") is None
    empty = Instances(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.long), masks[:0])
    assert largest_instance(empty, "bird") is None
    with pytest.raises(SegmentationError, match="vehicle"):
        largest_instance(found, "house")
