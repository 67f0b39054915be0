"""A translator at work: plan a picture once, render it in as many styles as asked.

    translator = zoo.load("to-cat")
    plan = translator.plan(image)
    picture = translator.render(plan, translator.sample(1, seed=0))[0]

A plan holds E_c(x) and both skip gates; a further style costs one `render` and nothing else.  Plans are immutable,
and a translator keeps no state of its users, so one visitor's picture cannot reach another.

On a CPU, `networks.cpu_generator` renders in fp32 or bf16, one style after the other; E_c stays in fp32, because every
style would inherit its error.  On other devices `networks.generator` renders several styles at a time under autocast.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine.device import pick_device, pick_precision, try_bf16
from gpunit.engine.styles import StyleSpace
from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.cpu_generator import CPUGenerator
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler

PLANS_KEPT = 32
RENDER_BATCH = 4  # styles rendered at a time; on a CPU one, because several take no less time each


@dataclass(frozen=True)
class TranslatorNetworks:
    """The five networks of a translator; `style_sampler` is in eval mode."""

    content_encoder: ContentEncoder
    generator: Generator
    style_encoder: StyleEncoder
    style_sampler: StyleSampler


@dataclass(frozen=True)
class Plan:
    """What rendering needs of a content picture, whatever the style.

    Attributes:
        content: E_c(x), (1, 1, 8, 8).
        gates: what each dynamic skip decided, by its size, coarse to fine.
    """

    content: Tensor
    gates: Mapping[int, SkipGate]


class Translator:
    """Translates pictures into one target domain.

    Args:
        networks: with plain weights (spectral norm folded); moved to the device.
        style_bank: (N, D) style codes of real target pictures; its mean is the default style.
        device, precision: see `pick_device` and `pick_precision`.
    """

    def __init__(
        self, networks: TranslatorNetworks, style_bank: Tensor, device: str = "auto", precision: str = "auto"
    ) -> None:
        self.device = pick_device(device)
        self._dtype = pick_precision(precision, self.device)
        for network in vars(networks).values():
            network.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)
        self.networks = networks
        self.style_bank = style_bank.float().to(self.device)
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._lock = threading.Lock()
        self._cpu_form: CPUGenerator | None = None
        self._cpu_form_lock = threading.Lock()

    def __call__(self, photo: Image.Image, style: Tensor | Image.Image | None = None) -> Image.Image:
        """Translate one photo in one style.

        Args:
            photo: of any mode and size; the centre square of one that is not square.
            style: a style code (D,) or (1, D), an exemplar, or the mean style where none is given.
        """
        if style is None:
            style = self.mean_style()
        elif isinstance(style, Image.Image):
            style = self.style_of(style)
        return self.render(self.plan(photo), style.reshape(1, -1))[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.resolution} px on {self.device}>"

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the generator; on a CPU, "auto" is decided by a trial when it is first asked for."""
        if self._dtype is None:
            self._cpu_generator()
        return cast(torch.dtype, self._dtype)

    @property
    def memory_bytes(self) -> int:
        """Memory of its weights, in every form that is held, and of the plans that it keeps."""
        tensors = [tensor for network in vars(self.networks).values() for tensor in network.state_dict().values()]
        if self._cpu_form is not None:
            tensors += self._cpu_form.weights()
        with self._lock:
            plans = list(self._plans.values())
        for plan in plans:
            tensors += [tensor for gate in plan.gates.values() for tensor in vars(gate).values()]
        storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
        return sum(storages.values())

    def _cpu_generator(self) -> CPUGenerator:
        """The generator's CPU form, made when it is first needed."""
        with self._cpu_form_lock:
            if self._cpu_form is None:
                dtypes = (torch.float32, torch.bfloat16) if self._dtype is None else (self._dtype,)
                forms = {dtype: CPUGenerator(self.networks.generator, dtype) for dtype in dtypes}
                if self._dtype is None:
                    self._dtype = self._faster(forms)
                self._cpu_form = forms[self._dtype]
            return self._cpu_form

    @torch.inference_mode()
    def _faster(self, forms: Mapping[torch.dtype, CPUGenerator]) -> torch.dtype:
        """The number format to take, by a trial on a random picture."""
        params = (self.networks.content_encoder.params, self.networks.generator.params)
        colours = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(0)) * 2 - 1
        content = self.networks.content_encoder(F.interpolate(colours, (self.resolution,) * 2, mode="bilinear"))
        gates = {dtype: form.plan_skips(content) for dtype, form in forms.items()}

        def render(dtype: torch.dtype) -> Tensor:
            return forms[dtype].render(content.content, gates[dtype], self.mean_style())

        return try_bf16((self.device.type, params), render).dtype

    @property
    def resolution(self) -> int:
        """Side of the rendered pictures in pixels."""
        return self.networks.generator.params.resolution

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def _to_batch(self, picture: Image.Image) -> Tensor:
        picture = images.cut(picture, self.resolution)
        return images.to_tensor(picture).to(self.device).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def plan(self, picture: Image.Image) -> Plan:
        """Encode a content picture and decide both skips.

        The `PLANS_KEPT` plans used last are kept by the digest of the picture's pixels.

        Args:
            picture: of any mode and size; the centre square of one that is not square.
        """
        picture = images.cut(images.to_rgb(picture), self.resolution)
        key = hashlib.sha256(picture.tobytes()).hexdigest()
        with self._lock:
            if key in self._plans:
                self._plans.move_to_end(key)
                return self._plans[key]
        plan = self._encode(self._to_batch(picture))
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > PLANS_KEPT:
                self._plans.popitem(last=False)
        return plan

    @torch.inference_mode()
    def plan_once(self, picture: Image.Image) -> Plan:
        """`plan` for a picture that no one will ask for again, such as a frame of a clip: the plan is not kept."""
        return self._encode(self._to_batch(images.to_rgb(picture)))

    def forget_plans(self) -> None:
        """Drop the plans that are kept; those handed out stay valid."""
        with self._lock:
            self._plans.clear()

    def _encode(self, batch: Tensor) -> Plan:
        if self.device.type == "cpu":
            encoded: ContentFeatures = self.networks.content_encoder(batch)
            return Plan(encoded.content, self._cpu_generator().plan_skips(encoded))
        with self._autocast():
            encoded = self.networks.content_encoder(batch)
            return Plan(encoded.content, self.networks.generator.plan_skips(encoded))

    @torch.inference_mode()
    def style_of(self, exemplar: Image.Image) -> Tensor:
        """E_s(y), the style code (1, D) of a target picture of any mode and size."""
        with self._autocast():
            return self.networks.style_encoder(self._to_batch(images.to_rgb(exemplar))).float()

    @torch.inference_mode()
    def sample(self, count: int, seed: int = 0, temperature: float = 1.0) -> Tensor:
        """Sample style codes (count, D) without an exemplar: T(temperature·z), z ~ N(0, I) (section 4.3).

        Args:
            count: number of codes; the first k of them do not depend on it.
            seed: the same seed gives the same latents on every device.
            temperature: scale of the latents; 0 gives the same code every time.
        """
        generator = torch.Generator().manual_seed(seed)
        latent_dim = self.networks.style_sampler.params.latent_dim
        latent = torch.stack([torch.randn(latent_dim, generator=generator) for _ in range(count)])
        return self.networks.style_sampler((latent * temperature).to(self.device))

    def mean_style(self) -> Tensor:
        """The mean (1, D) of the style bank."""
        return self.style_bank.mean(0, keepdim=True)

    @functools.cached_property
    def style_space(self) -> StyleSpace:
        """PCA of the style bank."""
        return StyleSpace.of(self.style_bank)

    @torch.inference_mode()
    def render_tensor(
        self, plan: Plan, styles: Tensor, mask_scale: Sequence[float | Tensor] | None = None, use_skips: bool = True
    ) -> Tensor:
        """Like `render`, but as a tensor (B, 3, H, W) float32 in [-1, 1] on the translator's device."""
        gates = plan.gates if use_skips else {}
        if self.device.type == "cpu":
            return self._cpu_generator().render(plan.content, gates, styles, mask_scale)
        pictures = []
        for batch in styles.to(self.device).split(RENDER_BATCH):
            with self._autocast():
                content = plan.content.expand(len(batch), -1, -1, -1)
                pictures.append(self.networks.generator.render(content, gates, batch, mask_scale).float())
        return torch.cat(pictures)

    def render(
        self, plan: Plan, styles: Tensor, mask_scale: Sequence[float | Tensor] | None = None, use_skips: bool = True
    ) -> list[Image.Image]:
        """Render a planned picture in styles (B, D): B pictures of the model's size.

        Args:
            plan: from `plan`.
            styles: (B, D) from `style_of`, `sample` or `mean_style`, or any mixture of them; (B, levels, D) gives each
                level of the generator its own, as `styles.mix` does.
            mask_scale: strength of each dynamic skip, coarse to fine: 0 switches one off, 1 is as trained; or a tensor
                that broadcasts to the mask.
            use_skips: False renders from the content map alone, without any skip.

        Raises:
            ValueError: if there are not as many strengths as skips.
        """
        return images.to_pictures(self.render_tensor(plan, styles, mask_scale, use_skips))
