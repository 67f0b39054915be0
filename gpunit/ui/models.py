"""The translators and priors that the page offers, and those that are loaded."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import gradio as gr
import torch
from torch import Tensor

from gpunit import settings, zoo
from gpunit.engine.device import pick_device, pick_precision
from gpunit.engine.translator import Translator
from gpunit.memory import MODEL_BUDGET
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.table import PRETRAINED, stored_config
from gpunit.segmentation.subject import SubjectFinder
from gpunit.ui.i18n import LABELS, text
from gpunit.zoo import weights

if TYPE_CHECKING:
    from gpunit.prior.biggan import Prior

PRIORS = ("prior-small", *PRETRAINED)


class ShapeModels:
    """The small family's content encoder and shape head, for pictures of a prior.

    Args:
        device: see `pick_device`.

    Attributes:
        class_names: what F_s was trained on, in the order of its labels.
    """

    def __init__(self, device: str) -> None:
        path = zoo.stored(f"{zoo.SMALL_CONTENT_ENCODER}.safetensors")
        self._device = pick_device(device)
        self._encoder = zoo.load_content_encoder(path, "small").eval().to(self._device)
        self.class_names = zoo.shape_classes(path)
        self._head = zoo.load_shape_head(path, "small").eval().to(self._device)

    @torch.inference_mode()
    def contents(self, pictures: Tensor) -> Tensor:
        """E_c: (N, 1, 8, 8) on the CPU, of pictures (N, 3, S, S) in [-1, 1]."""
        encoded = [self._encoder(part.to(self._device)).content.cpu() for part in pictures.split(32)]
        return torch.cat(encoded)

    @torch.inference_mode()
    def predicted(self, contents: Tensor, labels: Sequence[int]) -> Tensor:
        """F_s: shapes (N, 3, 16, 16) in [-1, 1] of contents (N, 1, 8, 8), as members of the classes `labels`."""
        return self._head(contents.to(self._device), torch.tensor(labels, device=self._device)).cpu()

    @functools.cached_property
    def _classifier(self) -> EfficientNetLite0:
        return EfficientNetLite0().to(self._device)

    @torch.inference_mode()
    def instances(self, pictures: Tensor) -> Tensor:
        """x_s by class activation: (N, 1, 128, 128) in [-1, 1], of pictures (N, 3, S, S) in [-1, 1]."""
        from gpunit.segmentation.class_activation import maps_of_rendered

        return maps_of_rendered(self._classifier, pictures, self._device)


class Models:
    """Translators and priors, loaded on first use and kept; safe to call from several visitors' threads.

    Args:
        device, precision: see `Translator`.
        budget: bytes that the translators may take together.  The least recently used are let go first; the one that
            is asked for stays, however large.

    Raises:
        ValueError: for a device or precision that this machine does not have.
    """

    def __init__(self, device: str = "auto", precision: str = "auto", budget: int = MODEL_BUDGET) -> None:
        pick_precision(precision, pick_device(device))  # now, not at a visitor's first click
        self._budget = budget
        self._device = device
        self._precision = precision
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Translator] = OrderedDict()
        self._priors: dict[str, Prior] = {}
        self._shapes: ShapeModels | None = None
        self._finder: SubjectFinder | None = None

    def get(self, name: str) -> Translator:
        """The translator of that name, loaded if need be."""
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = zoo.load(name, self._device, self._precision)
            self._loaded.move_to_end(name)
            while len(self._loaded) > 1 and sum(each.memory_bytes for each in self._loaded.values()) > self._budget:
                self._loaded.popitem(last=False)
            return self._loaded[name]

    def prior(self, name: str) -> Prior:
        """The prior of that name among the checkpoints, loaded if need be."""
        from gpunit.prior.loading import load_prior  # its library is slow to import

        if name not in PRIORS:  # a name, never a path from a request
            raise weights.ModelError(f"there is no prior {name!r}; choose from {', '.join(PRIORS)}.")
        with self._lock:
            if name not in self._priors:
                self._priors[name] = load_prior(name, self._device)
            return self._priors[name]

    def shapes(self) -> ShapeModels:
        """What computes contents and shapes of a prior's pictures, loaded if need be."""
        with self._lock:
            if self._shapes is None:
                self._shapes = ShapeModels(self._device)
            return self._shapes

    def finder(self) -> SubjectFinder:
        """What finds the subject of a photo, loaded if need be."""
        with self._lock:
            if self._finder is None:
                # It is small enough for a CPU, and a hint does not wait for a GPU, which some hosts lend by the call.
                self._finder = SubjectFinder(EfficientNetLite0(), "cpu")
            return self._finder


def downloads_allowed() -> bool:
    """Whether visitors may download models; GPUNIT_NO_DOWNLOADS=1 forbids it, on a public host."""
    return not settings.flag("GPUNIT_NO_DOWNLOADS")


def prior_choices() -> list[tuple[str, str]]:
    """The priors for a dropdown, (title, name): those on this machine, and those that can be downloaded."""
    here = [(name, name) for name in PRIORS if stored_config(name)]
    known = [name for name in PRETRAINED if not stored_config(name)] if downloads_allowed() else []
    return here + [(f"{name}  ·  ↓ ~{PRETRAINED[name].megabytes} MB", name) for name in known]


def model_choices(only_here: bool = True) -> Sequence[tuple[str, str]]:
    """The translators for a dropdown, (title, name): those on this machine, or also those that can be downloaded."""
    specs = [spec for spec in zoo.all_models().values() if spec.is_here or (spec.can_be_downloaded and not only_here)]
    marks = {spec.name: "" if spec.is_here else f"  ·  ↓ ~{zoo.TRANSLATOR_MB} MB" for spec in specs}
    return [(f"{_title(spec)}  ·  {spec.resolution} px{marks[spec.name]}", spec.name) for spec in specs]


def usable_choices() -> Sequence[tuple[str, str]]:
    """The translators that are here, for a dropdown; all where there are none."""
    return model_choices() or model_choices(only_here=False)


def offered_models(*current: str) -> list[gr.Dropdown]:
    """Dropdowns of the translators that can be used now.

    Args:
        current: what is chosen in each; where it is not offered, the first is chosen.
    """
    choices = usable_choices()
    names = [name for _, name in choices]
    return [gr.Dropdown(choices, value=name if name in names else names[0]) for name in current]


def _title(spec: zoo.ModelSpec) -> str:
    """The domain pair, those of the Hub with their name; others' have theirs in the language of their files."""
    key = f"model_{spec.name}"
    title = str(text(key)) if key in LABELS else spec.title
    return f"{title}  ·  {spec.name}" if spec.folder else title
