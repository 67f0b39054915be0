"""Where the object is: the shape maps x_s that stage I learns from (section 3).

The paper's way is HTC (Chen et al., "Hybrid Task Cascade for Instance Segmentation", CVPR 2019), run here
from mmdet's own configs without mmcv's compiled operators.  Its substitute needs no download: what
EfficientNet-Lite0 takes for the picture's classes, spread over what looks alike,

    e = Σ_{k in the picture's 100 likeliest classes} P(k | place)      mean of two scales and the mirror image
    y <- α (0.8 A + 0.2 B) y + (1 - α) e          A: affinity of features, B: of colours, both fading with distance
    x_s = tanh(2 · guided filter((y - Otsu's threshold) / half the distance of the two means))

Only this module knows mmdet, and only from inside its functions.
"""

from __future__ import annotations

import math
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from PIL import Image
from torch import Tensor, nn
from torchvision import ops

from gpunit import images
from gpunit.downloads import fetch
from gpunit.networks.features import EfficientNetLite0
from gpunit.translator import pick_device

METHODS = ("htc", "class-activation")
# mmdet's seventh config, with deformable convolutions, needs mmcv's compiled operators.
HTC_CONFIGS = (
    "htc_x101-64x4d_fpn_16xb1-20e_coco",
    "htc_x101-32x4d_fpn_16xb1-20e_coco",
    "htc_r101_fpn_20e_coco",
    "htc_r50_fpn_20e_coco",
    "htc_r50_fpn_1x_coco",
    "htc-without-semantic_r50_fpn_1x_coco",
)
TEST_SCALE = (1333, 800)

# Labels of the COCO classes that belong to the paper's domains.
COCO_LABELS: Mapping[str, int] = MappingProxyType(
    {
        "bicycle": 1,
        "car": 2,
        "motorcycle": 3,
        "airplane": 4,
        "bus": 5,
        "train": 6,
        "truck": 7,
        "boat": 8,
        "bird": 14,
        "cat": 15,
        "dog": 16,
        "horse": 17,
        "sheep": 18,
        "cow": 19,
        "elephant": 20,
        "bear": 21,
        "zebra": 22,
        "giraffe": 23,
    }
)
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dog": ("dog",),
        # With the dog: COCO has no class for ImageNet's foxes and wolves, which look most like one.
        "animal": ("cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
        "bird": ("bird",),
        "vehicle": ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    }
)

Box = tuple[float, float, float, float]
Finder = Callable[[Image.Image], "Shape | None"]

# What follows was chosen by eye, on 128 px pictures of cats, dogs, birds and cars.
# Short sides at which the classifier looks: ears and wheels need the wider context of the smaller one.
_SIDE, _WIDER_SIDE, _WIDER_SHARE = 256, 128, 1 / 3
_CLASSES = 100
# The walk: reaches in units of the short side, colours in [-1, 1].
_STEPS, _ALPHA = 25, 0.98
_FEATURE_TEMPERATURE, _FEATURE_REACH = 0.1, 0.3
_COLOUR_DEVIATION, _COLOUR_REACH, _COLOUR_SHARE = 0.15, 0.15, 0.2
# The guided filter, at half of `_SIDE`.
_RADIUS, _EPSILON = 4, 8e-3


class SegmentationError(ValueError):
    """Pictures that cannot be segmented as asked; the message says why and what to do, in one sentence."""


# ---------------------------------------------------------------------------------------------- HTC's operators


def _nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    # Widths are x2 - x1 + offset, which moving the right and bottom edges gives exactly.
    return ops.nms(boxes + boxes.new_tensor([0, 0, offset, offset]), scores, iou_threshold)


def _roi_align_forward(
    feature: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    if pool_mode != 1:
        raise NotImplementedError("roi_align_forward is served for average pooling only; install mmcv in full.")
    size = (aligned_height, aligned_width)
    output.copy_(ops.roi_align(feature, rois, size, spatial_scale, sampling_ratio, aligned))


def install_operator_bridge() -> None:
    """Let `import mmcv.ops` work without compiled operators; does nothing where they are installed.

    `nms` and `roi_align_forward` are served by torchvision; every other operator raises NotImplementedError,
    with its name, when it is called.
    """
    if find_spec("mmcv._ext") is not None:
        return

    def missing(name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*arguments: Any, **options: Any) -> Any:
            raise NotImplementedError(f"mmcv's operator {name} needs the compiled mmcv; install mmcv in full.")

        return refuse

    bridge = ModuleType("mmcv._ext", "mmcv's operators that HTC's inference needs, by torchvision.")
    bridge.__spec__ = ModuleSpec("mmcv._ext", None)
    vars(bridge).update(nms=_nms, roi_align_forward=_roi_align_forward, __getattr__=missing)
    sys.modules["mmcv._ext"] = bridge


# ---------------------------------------------------------------------------------------------- HTC


@dataclass(frozen=True)
class Instance:
    """One object.

    Attributes:
        box: left, top, right, bottom in pixels.
        score: confidence from 0 to 1.
        label: COCO class, 0 to 79.
        mask: (H, W) bool.
    """

    box: Box
    score: float
    label: int
    mask: Tensor


@dataclass(frozen=True)
class Instances:
    """The N objects of one picture, best first.

    Attributes:
        boxes: (N, 4) left, top, right, bottom in pixels.
        scores: (N,) from 0 to 1.
        labels: (N,) COCO classes, 0 to 79.
        masks: (N, H, W) bool.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    masks: Tensor

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: int) -> Instance:
        left, top, right, bottom = self.boxes[index].tolist()
        return Instance(
            (left, top, right, bottom), float(self.scores[index]), int(self.labels[index]), self.masks[index]
        )


class InstanceSegmenter:
    """Finds objects of the 80 COCO classes in pictures.

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

    @torch.no_grad()
    def segment(self, pictures: Sequence[Image.Image]) -> list[Instances]:
        """The objects of every picture; each picture is looked at alone, so that its batch does not matter."""
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
        SegmentationError: if the file is missing, damaged, holds code, or belongs to another config.
    """
    if checkpoint is None or not checkpoint.is_file():
        where = "no checkpoint was given" if checkpoint is None else f"{checkpoint} is not there"
        raise SegmentationError(
            f"HTC needs its weights and {where}: download {weights_url(config)} and name the file with --checkpoint, "
            "or take the substitute with --method class-activation."
        )
    state = read_checkpoint(checkpoint)
    return InstanceSegmenter(fill_htc(htc_network(config), state, checkpoint.name), scale, device)


def read_checkpoint(path: Path) -> Mapping[str, Tensor]:
    """The tensors of an OpenMMLab checkpoint, read without running code from it.

    Raises:
        SegmentationError: if the file is damaged, holds anything but tensors and plain data, or no state dict.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError):
        raise SegmentationError(
            f"{path.name} is damaged, or holds more than tensors and plain data, and is not read; download it again."
        ) from None
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, Mapping) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise SegmentationError(f"{path.name} has no state_dict: it is no checkpoint of the OpenMMLab model zoo.")
    return state


def fill_htc(network: nn.Module, state: Mapping[str, Tensor], name: str) -> nn.Module:
    """Load strictly, counters of batch norm apart.

    Raises:
        SegmentationError: names the first missing, unknown or mis-shaped tensor; `name` is the file in the message.
    """
    wanted = network.state_dict()
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unknown = [key for key in state if key not in wanted]
    shapes = [key for key in wanted if key in state and wanted[key].shape != state[key].shape]
    for what, keys in (("lacks", missing), ("has the unknown tensor", unknown), ("has another shape for", shapes)):
        if keys:
            raise SegmentationError(f"{name} {what} {keys[0]} ({len(keys)} in all): it belongs to another config.")
    network.load_state_dict(state, strict=False)
    return network


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
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Fetch a config's weights from the OpenMMLab model zoo, on request only; a file that is there is kept.

    Args:
        folder: where the file goes, under its published name; made if missing.
        config: one of `HTC_CONFIGS`.
        report: called with the bytes done and the bytes in all (0 if the server does not tell).

    Returns:
        The path of the checkpoint.

    Raises:
        SegmentationError: for a config without published weights.
        DownloadError: if it cannot be fetched, or is not the published file, whose name ends in the first eight
            digits of its sha256.
    """
    url = weights_url(config)
    path = folder / url.rpartition("/")[2]
    if not path.exists():
        fetch(url, path, report, sha256=path.stem.rpartition("-")[2])
    return path


def _config_folder(config: str) -> Path:
    if config not in HTC_CONFIGS:
        raise SegmentationError(f"there is no HTC config {config!r}; choose from {', '.join(HTC_CONFIGS)}.")
    package = find_spec("mmdet")
    if package is None or package.origin is None:
        raise SegmentationError("HTC needs mmdet: pip install -r requirements.txt")
    return Path(package.origin).parent / ".mim" / "configs" / "htc"


def group_labels(group: str) -> Tensor:
    """The COCO labels (N,) of one of the `GROUPS`.

    Raises:
        SegmentationError: for a group that is not in the table.
    """
    if group not in GROUPS:
        raise SegmentationError(f"there is no group {group!r}; choose from {', '.join(GROUPS)}.")
    return torch.tensor([COCO_LABELS[name] for name in GROUPS[group]])


def largest_instance(instances: Instances, group: str, minimum_score: float = 0.5) -> Instance | None:
    """The object of one of the `GROUPS` whose mask covers most of the picture, or None.

    Raises:
        SegmentationError: for a group that is not in the table.
    """
    fits = torch.isin(instances.labels, group_labels(group)) & (instances.scores >= minimum_score)
    area = instances.masks.flatten(1).sum(1) * fits
    if not area.any():
        return None
    return instances[int(area.argmax())]


def object_crop(box: Box, width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the paper's square around an object's box in a picture of this width and height.

    Its side is sqrt(4/3 · w · h), at least max(w, h), at most the picture's short side; it is centred on the
    box and moved to lie inside the picture.
    """
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    w, h = right - left, bottom - top
    side = min(max(math.ceil(math.sqrt(4 / 3 * w * h)), w, h), width, height)
    return _placed(left + right, side, width), _placed(top + bottom, side, height), side


def _placed(ends: int, side: int, length: int) -> int:
    """Where a side starts whose middle is half of `ends`, moved into 0..length."""
    return min(max((ends - side) // 2, 0), length - side)


def instance_map(mask: Tensor) -> Tensor:
    """Mask (H, W) bool -> shape map (1, H, W) float: 1 on the object, -1 on the ground."""
    return mask.float()[None] * 2 - 1


# ---------------------------------------------------------------------------------------------- the substitute


@torch.no_grad()
def class_activation_map(eye: EfficientNetLite0, pictures: Tensor) -> Tensor:
    """Soft object silhouettes without a segmentation network, from a classifier of ImageNet.

    Args:
        eye: the classifier.
        pictures: (B, 3, H, W) in [-1, 1], each of one object of a class that ImageNet has.

    Returns:
        (B, 1, H, W) in [-1, 1]; 0 is the object's border.  Mirrored pictures give mirrored maps.

    References:
        Zhou, Khosla, Lapedriza, Oliva and Torralba, "Learning Deep Features for Discriminative Localization", CVPR
        2016 (class activation); Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    view = _resized(pictures, _SIDE)
    evidence, features = _look(eye, view)
    wider, _ = _look(eye, _resized(pictures, _WIDER_SIDE))
    grid = features.shape[-2:]
    evidence, wider = (F.interpolate(x, size=grid, mode="bilinear") for x in (evidence, wider))
    seed = torch.lerp(evidence, wider, _WIDER_SHARE)
    ones = zip(seed.split(1), features.split(1), F.avg_pool2d(view, 8).split(1), strict=True)
    # One by one: the transitions of one picture fit into a CPU's cache, those of a batch do not.
    signed = _signed(torch.cat([_walk(*one) for one in ones]))
    guide = F.avg_pool2d(view.mean(1, keepdim=True), 2)
    refined = guided_filter(guide, F.interpolate(signed, scale_factor=4, mode="bicubic"), _RADIUS, _EPSILON)
    size = pictures.shape[-2:]
    return (2 * F.interpolate(refined, size=size, mode="bilinear", antialias=True)).tanh()


def _resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures with this short side, both sides multiples of the classifier's stride."""
    height, width = pictures.shape[-2:]
    zoom = side / min(height, width)
    size = [round(length * zoom / 32) * 32 for length in (height, width)]
    return F.interpolate(pictures, size=size, mode="bilinear", antialias=True)


def _look(eye: EfficientNetLite0, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Evidence (B, 1, H/32, W/32) in [0, 1] and features (B, 152, H/8, W/8), means of picture and mirror image."""

    def mean(x: Tensor) -> Tensor:
        straight, mirrored = x.chunk(2)
        return (straight + mirrored.flip(3)) / 2

    levels = eye(torch.cat([pictures, pictures.flip(3)]).contiguous(memory_format=torch.channels_last))
    head = F.relu6(eye.head(levels[32]))
    scores = F.conv2d(head, eye.classifier.weight[:, :, None, None], eye.classifier.bias)
    likeliest = mean(scores).mean(dim=(2, 3)).topk(_CLASSES, dim=1).indices
    # Zhou et al. add up class scores; their softmax at every place covers the object more evenly.
    share = mean(scores.softmax(1))
    index = likeliest[:, :, None, None].expand(-1, -1, *share.shape[2:])
    evidence = share.gather(1, index).sum(1, keepdim=True)
    fine = mean(levels[8])
    coarse = F.interpolate(mean(levels[16]), size=fine.shape[-2:], mode="bilinear")
    # The coarse ones count half: they reach over the object's border.
    return evidence, torch.cat([_standardised(fine), _standardised(coarse) / 2], 1)


def _standardised(feature: Tensor) -> Tensor:
    """Channels of mean 0 and deviation 1 over the picture, over the root of their number: all levels weigh the same."""
    feature = feature - feature.mean(dim=(2, 3), keepdim=True)
    return feature / feature.std(dim=(2, 3), keepdim=True).clamp_min(1e-3) / feature.shape[1] ** 0.5


def _walk(seed: Tensor, features: Tensor, colours: Tensor) -> Tensor:
    """A random walk with restarts that carries the seed (B, 1, H, W) to places of like features and colours."""
    height, width = seed.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, device=seed.device), torch.arange(width, device=seed.device), indexing="ij"
    )
    places = torch.stack([rows, columns], -1).reshape(-1, 2).float() / min(height, width)
    distance = torch.cdist(places, places).square() / 2

    def transitions(likeness: Tensor, reach: float) -> Tensor:
        return (likeness - distance / reach**2).softmax(2)

    direction = F.normalize(features.flatten(2), dim=1)
    alike = transitions((direction.transpose(1, 2) @ direction - 1) / _FEATURE_TEMPERATURE, _FEATURE_REACH)
    colour = colours.flatten(2).transpose(1, 2)
    coloured = transitions(-torch.cdist(colour, colour).square() / (2 * _COLOUR_DEVIATION**2), _COLOUR_REACH)
    step = torch.lerp(alike, coloured, _COLOUR_SHARE)
    start = seed.flatten(2).transpose(1, 2)
    spread = start
    for _ in range(_STEPS):
        spread = torch.lerp(start, step @ spread, _ALPHA)
    return spread.transpose(1, 2).reshape(seed.shape)


def _signed(spread: Tensor) -> Tensor:
    """Zero at Otsu's threshold (1979) of every map, and one unit on average from there to its two means."""
    values = spread.flatten(1).sort(dim=1).values
    count = values.shape[1]
    below = torch.arange(1, count, device=values.device)
    total = values.cumsum(1)
    low = total[:, :-1] / below
    high = (total[:, -1:] - total[:, :-1]) / (count - below)
    best = (below * (count - below) * (high - low).square()).argmax(1, keepdim=True)
    threshold = (values.gather(1, best) + values.gather(1, best + 1)) / 2
    half = (high.gather(1, best) - low.gather(1, best)) / 2
    return ((spread - threshold[..., None, None]) / half.clamp_min(1e-3)[..., None, None]).clamp(-1.5, 1.5)


def guided_filter(guide: Tensor, value: Tensor, radius: int, epsilon: float) -> Tensor:
    """Smooth a map, but not across the edges of a picture.

    Args:
        guide: the picture, (B, 1, H, W).
        value: the map, (B, 1, H, W).
        radius: of the square windows, in pixels; less than H and W.
        epsilon: variance of the guide from which on an edge is kept.

    Returns:
        (B, 1, H, W): in every window the map is fitted by a line of the guide; the fits are averaged.

    References:
        He, Sun and Tang, "Guided Image Filtering", TPAMI 2013, equations 5, 6 and 8.
    """

    def mean(x: Tensor) -> Tensor:
        x = F.pad(x, (radius,) * 4, mode="replicate")
        side = 2 * radius + 1
        return F.avg_pool2d(F.avg_pool2d(x, (side, 1), 1), (1, side), 1)

    guide_mean, value_mean = mean(guide), mean(value)
    variance = (mean(guide * guide) - guide_mean.square()).clamp_min(0)
    slope = (mean(guide * value) - guide_mean * value_mean) / (variance + epsilon)
    offset = value_mean - slope * guide_mean
    return mean(slope) * guide + mean(offset)


# ---------------------------------------------------------------------------------------------- folders


@dataclass(frozen=True)
class Shape:
    """What a finder found in a picture.

    Attributes:
        map: (1, H, W) in [-1, 1], of the picture's size; 1 is the object.
        box: the object's box, where the method gives one.
    """

    map: Tensor
    box: Box | None = None


def shape_finder(
    method: str,
    *,
    checkpoint: Path | None = None,
    config: str = HTC_CONFIGS[0],
    group: str = "animal",
    minimum_score: float = 0.5,
    scale: tuple[int, int] = TEST_SCALE,
    device: str = "auto",
) -> Finder:
    """What finds the object in a picture: a function from a picture to its `Shape`, or None.

    Args:
        method: one of `METHODS`; the others describe "htc" and leave "class-activation" as it is.
        checkpoint: see `load_htc`.
        config: see `load_htc`.
        group: key of `GROUPS`, what counts as the object.
        minimum_score: confidence that it takes.
        scale: see `InstanceSegmenter`.
        device: see `pick_device`; for both methods.

    Raises:
        SegmentationError: for an unknown method or group, or weights that cannot be used.
        ModuleNotFoundError: if EfficientNet-Lite0's weights are not installed.
    """
    if method == "htc":
        group_labels(group)  # a mistyped group is told before anything is loaded
        segmenter = load_htc(checkpoint, config, scale, device)

        def find_instance(picture: Image.Image) -> Shape | None:
            (instances,) = segmenter.segment([picture])
            instance = largest_instance(instances, group, minimum_score)
            return None if instance is None else Shape(instance_map(instance.mask), instance.box)

        return find_instance
    if method == "class-activation":
        place = pick_device(device)
        eye = EfficientNetLite0().to(place)

        def activate(picture: Image.Image) -> Shape:
            return Shape(class_activation_map(eye, images.to_tensor(picture).to(place))[0].cpu())

        return activate
    raise SegmentationError(f"there is no method {method!r}; choose from {', '.join(METHODS)}.")


def segment_folder(
    folder: Path,
    output: Path,
    find: Finder,
    cropped: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write the shape map of every picture of a folder and its subfolders; resumes where it was stopped.

    Args:
        folder: the pictures.
        output: maps go here, under the same relative paths, as 8-bit greyscale PNG: 255 is the object.
        find: from `shape_finder`.
        cropped: if given, every picture is cut to its `object_crop`, its map is cut likewise, and the cut picture
            is written here under the same relative path, as PNG.
        report: called with the pictures done and the pictures in all.

    Returns:
        The pictures in which nothing was found; they have no map, and the next run looks at them again.

    Raises:
        PictureError: if the folder is missing, holds no pictures, or one of them is damaged.
        SegmentationError: if results would lie among the pictures or two pictures share a name, or for `cropped`
            with a method that gives no boxes.
    """
    for results in (output, *([cropped] if cropped else [])):
        if results.resolve().is_relative_to(folder.resolve()):
            raise SegmentationError(f"{results} lies inside {folder}; choose a folder outside of it for the results.")
    planned: dict[Path, Path] = {}
    for path in images.list_pictures(folder):
        relative = path.relative_to(folder).with_suffix(".png")
        if relative in planned:
            raise SegmentationError(f"{planned[relative]} and {path} would share one map; rename one of them.")
        planned[relative] = path
    empty = []
    for done, (relative, path) in enumerate(planned.items(), start=1):
        # The map is written last, so that its presence says that the picture is done.
        if not (output / relative).exists():
            picture = images.open_picture(path)
            shape = find(picture)
            if shape is None:
                empty.append(path)
            else:
                drawn = map_picture(shape.map)
                if cropped:
                    if shape.box is None:
                        raise SegmentationError("this method gives no boxes to crop by; crop with --method htc.")
                    left, top, side = object_crop(shape.box, *picture.size)
                    square = (left, top, left + side, top + side)
                    images.save_png(picture.crop(square), cropped / relative)
                    drawn = drawn.crop(square)
                images.save_png(drawn, output / relative)
        report(done, len(planned))
    return empty


def map_picture(shape: Tensor) -> Image.Image:
    """Shape map (1, H, W) in [-1, 1] -> 8-bit greyscale picture."""
    return images.to_pictures(shape[None].expand(-1, 3, -1, -1))[0].convert("L")
