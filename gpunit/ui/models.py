"""What the tabs share: the loaded models, errors as notices, the bundled example pictures."""

from __future__ import annotations

import functools
import io
import threading
from abc import ABCMeta
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import gradio as gr
import torch
import torch.nn.functional as F
from gradio.component_meta import ComponentMeta
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.events import Dependency
from gradio.processing_utils import save_base64_to_cache
from PIL import Image
from torch import Tensor

from gpunit import settings, zoo
from gpunit.engine.device import pick_device, pick_precision
from gpunit.engine.styles import StyleError
from gpunit.engine.translator import Translator
from gpunit.images import PictureError, open_picture
from gpunit.networks.families import SMALL_DOMAINS
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.ui.i18n import text
from gpunit.zoo import weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gpunit.prior.biggan import Prior
    from gpunit.segmentation.subject import SubjectFinder

ASSETS = settings.ROOT / "assets"
EXAMPLES_FOLDER = ASSETS / "examples"
EXAMPLES = sorted(EXAMPLES_FOLDER.glob("*.jpg"))

# Six published translators, or all that are bundled many times over.
MODEL_BUDGET = 3 * 2**29

PRIORS = ("prior-small", "biggan-deep-128", "biggan-deep-256", "biggan-deep-512")

# One heavy job at a time per device: events that compute share this queue.
DEVICE_QUEUE = "device"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _WithoutStub(ComponentMeta):
    """Gradio's metaclass writes a type stub beside the source of every new component; this one does not."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> _WithoutStub:
        return ABCMeta.__new__(cls, name, bases, attrs)


class PictureInput(gr.Image, metaclass=_WithoutStub):
    """A gr.Image that hands on the uploaded file itself, for `images.open_picture` to read.

    gr.Image's own reading drops what this project handles (16-bit, transparency) and meets a file that is
    no picture with a failure instead of a sentence.
    """

    is_template = True  # the browser shows it as a gr.Image

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The path of the uploaded file, or of what came inside the request: a webcam's picture.

        Raises:
            gr.Error: if the latter cannot be decoded.
        """
        if payload is None or not (payload.url or "").startswith("data:"):
            return None if payload is None else payload.path
        try:
            path = save_base64_to_cache(cast(str, payload.url), self.GRADIO_CACHE)
        except ValueError:
            sentence = "The picture cannot be read; take it again, or upload a file."
            raise gr.Error(sentence, print_exception=False) from None
        page = LocalContext.blocks.get()
        if page is not None:  # else there is no one to clear it away
            page.upload_file_set.add(path)
        return path


def picture_input(**settings: Any) -> PictureInput:
    """The page's input for one picture."""
    return PictureInput(
        type="filepath", image_mode=None, sources=["upload", "webcam", "clipboard"], buttons=["fullscreen"], **settings
    )


def first_opened(tab: gr.Tab) -> Callable[..., Dependency]:
    """The event that a tab is opened for the first time by a visitor.

    Its own `select` comes twice with one click, and again with every return to it.
    """
    is_open = gr.State(False)
    tab.select(lambda: True, None, is_open, api_visibility="private", show_progress="hidden")
    change: Callable[..., Dependency] = is_open.change
    return change


def heading(key: str) -> None:
    """A section's title with the line that explains it: the text "<key>_heading"."""
    gr.Markdown(text(f"{key}_heading"), elem_classes="heading")


def open_upload(path: str) -> Image.Image:
    """Read an uploaded picture; messages name the visitor's file, not where the server keeps it."""
    return open_picture(path, name=Path(path).name)


def figure_picture(figure: Figure) -> Image.Image:
    """A matplotlib figure as a picture; no window, no global state of pyplot's."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


class Shapes:
    """The small family's content encoder and shape head, for pictures of a prior."""

    class_names = SMALL_DOMAINS  # F_s's labels

    def __init__(self, device: str) -> None:
        path = zoo.stored(f"{zoo.SMALL_CONTENT_ENCODER}.safetensors")
        self._device = pick_device(device)
        self._encoder = zoo.load_content_encoder(path, "small").eval().to(self._device)
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
    def _eye(self) -> EfficientNetLite0:
        return EfficientNetLite0().to(self._device)

    @torch.inference_mode()
    def instances(self, pictures: Tensor) -> Tensor:
        """x_s by class activation: (N, 1, 128, 128) in [-1, 1]."""
        from gpunit.segmentation.class_activation import class_activation_map

        larger = F.interpolate(pictures.to(self._device), (128, 128), mode="bilinear", antialias=True)
        return class_activation_map(self._eye, larger).cpu()


class Models:
    """Translators and priors, loaded on first use and kept; safe to call from several visitors' threads.

    Args:
        device, precision: see `Translator`.
        budget: bytes that the translators may take together.  Those that were asked for longest ago are let go first;
            the one that is asked for stays, however large.

    Raises:
        ValueError: for a device or precision that is not to be had.
    """

    def __init__(self, device: str = "auto", precision: str = "auto", budget: int = MODEL_BUDGET) -> None:
        pick_precision(precision, pick_device(device))  # now, not at a visitor's first click
        self._budget = budget
        self._device = device
        self._precision = precision
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Translator] = OrderedDict()
        self._priors: dict[str, Prior] = {}
        self._shapes: Shapes | None = None
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

    def shapes(self) -> Shapes:
        """What shows contents and shapes, loaded if need be."""
        with self._lock:
            if self._shapes is None:
                self._shapes = Shapes(self._device)
            return self._shapes

    def finder(self) -> SubjectFinder:
        """What finds the subject of a photo, loaded if need be."""
        from gpunit.segmentation.subject import SubjectFinder  # its module knows HTC, which the page does not need

        with self._lock:
            if self._finder is None:
                # It is small enough for a CPU, and a hint does not wait for a GPU, which some hosts lend by the call.
                self._finder = SubjectFinder(EfficientNetLite0(), "cpu")
            return self._finder


def with_notices(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Show what the visitor can mend (a bad picture or style, a missing model) as a notice instead of a failure."""

    @functools.wraps(function)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except (PictureError, StyleError, weights.ModelError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return wrapped
