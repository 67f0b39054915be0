"""Instance segmentation by HTC, the paper's way to the shape maps x_s (section 3).

Chen et al., "Hybrid Task Cascade for Instance Segmentation", CVPR 2019; run here from mmdet's own configs, without
mmcv's compiled operators.  mmdet is imported in functions only: it is slow to import and may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from torch import Tensor, nn

from gpunit.engine.device import pick_device
from gpunit.segmentation.instances import TEST_SCALE, Instances
from gpunit.segmentation.operators import install_operator_bridge
from gpunit.segmentation.shapes import SegmentationError
from gpunit.settings import install_command
from gpunit.zoo.fetching import fetch_from_any, mirrored
from gpunit.zoo.weights import fill, read_pickle

# mmdet's seventh config, with deformable convolutions, needs mmcv's compiled operators.
HTC_CONFIGS = (
    "htc_x101-64x4d_fpn_16xb1-20e_coco",
    "htc_x101-32x4d_fpn_16xb1-20e_coco",
    "htc_r101_fpn_20e_coco",
    "htc_r50_fpn_20e_coco",
    "htc_r50_fpn_1x_coco",
    "htc-without-semantic_r50_fpn_1x_coco",
)
# The model zoo's host, as mmdet names it, which has been out of service since June 2026 (mmdetection#12445), and the
# two that it had before and beside it.
_HOSTS = (
    "https://download.openmmlab.com",
    "https://open-mmlab.s3.ap-northeast-2.amazonaws.com",
    "https://open-mmlab.oss-cn-beijing.aliyuncs.com",
)


class InstanceSegmenter:
    """Finds objects of the 80 COCO classes in pictures; a `Detector`.

    Args:
        network: HTC, from `htc_network`, with its weights.
        scale: every picture is first resized, its shape kept, to the largest size within these limits for its
            longer and shorter side.  The published models were tested at the default; pictures of 256 px, which
            hold no more detail when enlarged, are segmented many times faster at a smaller one.
        device: see `pick_device`.
    """

    def __init__(self, network: nn.Module, scale: tuple[int, int] = TEST_SCALE, device: str = "auto") -> None:
        self.network: Any = network.to(pick_device(device)).eval()
        self.scale = scale

    def __call__(self, picture: Image.Image) -> Instances:
        """The objects of one picture."""
        return self.segment([picture])[0]

    @torch.no_grad()
    def segment(self, pictures: Sequence[Image.Image]) -> list[Instances]:
        """The objects of every picture; each picture is a batch of its own, so that the others do not matter."""
        import mmcv
        from mmdet.structures import DetDataSample

        answers = []
        for picture in pictures:
            bgr = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])
            resized = mmcv.imrescale(bgr, self.scale)
            (height, width), shape = bgr.shape[:2], resized.shape[:2]
            factor = (shape[1] / width, shape[0] / height)
            sample = DetDataSample(metainfo={"ori_shape": (height, width), "img_shape": shape, "scale_factor": factor})
            inputs = torch.from_numpy(resized).permute(2, 0, 1).contiguous()
            found = self.network.test_step({"inputs": [inputs], "data_samples": [sample]})[0].pred_instances.cpu()
            answers.append(Instances(found.bboxes, found.scores, found.labels, found.masks.bool()))
        return answers


def htc_network(config: str = HTC_CONFIGS[0]) -> nn.Module:
    """HTC as mmdet's config describes it, with random weights.

    Raises:
        SegmentationError: for a config that is not one of `HTC_CONFIGS`.
    """
    path = _config_folder(config) / f"{config}.py"
    install_operator_bridge()
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import DefaultScope

    model = Config.fromfile(path).model
    model.backbone.init_cfg = None  # or it would download the backbone
    with DefaultScope.overwrite_default_scope("mmdet"):
        return MODELS.build(model)


def load_htc(
    checkpoint: Path | None,
    config: str = HTC_CONFIGS[0],
    scale: tuple[int, int] = TEST_SCALE,
    device: str = "auto",
) -> InstanceSegmenter:
    """HTC with the weights of a checkpoint of the OpenMMLab model zoo.

    Args:
        checkpoint: the .pth file of this very config.
        config: one of `HTC_CONFIGS`.
        scale: see `InstanceSegmenter`.
        device: see `pick_device`.

    Raises:
        SegmentationError: if there is no such file, or it is no checkpoint of the model zoo.
        ModelError: if it is damaged, holds code, or belongs to another config.
    """
    if checkpoint is None or not checkpoint.is_file():
        where = "no checkpoint was given" if checkpoint is None else f"{checkpoint} is not there"
        raise SegmentationError(
            f"HTC needs its weights and {where}: download {weights_url(config)} and name the file with --checkpoint, "
            "or take the substitute with --method class-activation."
        )
    network = fill(htc_network(config), read_checkpoint(checkpoint), checkpoint)
    return InstanceSegmenter(network, scale, device)


def read_checkpoint(path: Path) -> Mapping[str, Tensor]:
    """The tensors of an OpenMMLab checkpoint, read without running code from it.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but tensors and plain data.
        SegmentationError: if it holds no state dict.
    """
    content = read_pickle(path)
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, Mapping) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise SegmentationError(f"{path.name} has no state_dict: it is no checkpoint of the OpenMMLab model zoo.")
    return state


def weights_url(config: str) -> str:
    """Where the OpenMMLab model zoo keeps the weights of a config, as mmdet's metafile.yml tells.

    Raises:
        SegmentationError: if the config is unknown or was never published with weights.
    """
    metafile = yaml.safe_load((_config_folder(config) / "metafile.yml").read_text())
    for model in metafile["Models"]:
        if model["Name"] == config:
            return str(model["Weights"])
    raise SegmentationError(f"{config} was never published with weights; choose {', '.join(HTC_CONFIGS[:-1])}.")


def download_htc(
    folder: Path,
    config: str = HTC_CONFIGS[0],
    mirror: str = "",
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Fetch a config's weights from the OpenMMLab model zoo, on request only; a file that is there is kept.

    Args:
        folder: where the file goes, under its published name; made if missing.
        config: one of `HTC_CONFIGS`.
        mirror: asked before the zoo's own hosts; see `fetching.mirrored`.
        report: called with the bytes done and the bytes in all (0 if the server does not tell).

    Returns:
        The path of the checkpoint.

    Raises:
        SegmentationError: for a config without published weights.
        DownloadError: if no host gives it, or what they give is not the published file, whose name ends in the first
            eight digits of its sha256.
    """
    url = weights_url(config)
    path = folder / url.rpartition("/")[2]
    if not path.exists():
        places = [mirrored(mirror, path.name)] if mirror else []
        places += [host + url.removeprefix(_HOSTS[0]) for host in _HOSTS]
        fetch_from_any(places, path, report, sha256=path.stem.rpartition("-")[2])
    return path


def _config_folder(config: str) -> Path:
    if config not in HTC_CONFIGS:
        raise SegmentationError(f"there is no HTC config {config!r}; choose from {', '.join(HTC_CONFIGS)}.")
    package = find_spec("mmdet")
    if package is None or package.origin is None:
        raise SegmentationError(f"HTC needs mmdet: {install_command()}")
    return Path(package.origin).parent / ".mim" / "configs" / "htc"
