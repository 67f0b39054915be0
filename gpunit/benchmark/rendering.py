"""How fast pictures are rendered by translators and by BigGAN, next to plain computation.

"Plain" is what a straightforward program does for every picture: the same modules in contiguous fp32, spectral norm of
E_c computed at every pass, pixels doubled before each level, all RGB heads, content and skips recomputed for every
style.
"""

from __future__ import annotations

import copy
import io
import time
from typing import cast

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gpunit import images, zoo
from gpunit.benchmark.machine import (
    Figures,
    Timing,
    Work,
    gigaflops_of_matmul,
    in_turns,
    matrix_product,
)
from gpunit.engine.device import psnr
from gpunit.engine.translator import Translator, TranslatorNetworks
from gpunit.networks.blocks import AdaINResidualBlock, leaky_relu, upsample
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.cpu_generator import CPUGenerator
from gpunit.networks.families import TranslatorParams
from gpunit.networks.generator import Generator, Level
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler

# The grid of the comparison with BigGAN's library.
_ROWS = _COLUMNS = 4
_BIGGAN_LABELS = (151, 281, 14, 817)


class PlainTranslator(nn.Module):
    """Content encoder and generator, computed plainly.

    Args:
        content_encoder, generator: copied; the copy of the former gets spectral norm, with which it is trained and
            published.
    """

    def __init__(self, content_encoder: ContentEncoder, generator: Generator) -> None:
        super().__init__()
        self.content_encoder = add_spectral_norm(copy.deepcopy(content_encoder))
        self.generator = copy.deepcopy(generator)
        for module in self.generator.modules():
            if isinstance(module, AdaINResidualBlock):
                module.doubles = False
        self.to(memory_format=torch.contiguous_format).eval().requires_grad_(False)

    def content_weights(self) -> dict[str, Tensor]:
        """The content encoder's weights divided by their spectral norms, for an encoder without the norm."""
        convs = {name: module for name, module in self.content_encoder.named_modules() if isinstance(module, nn.Conv2d)}
        weights = {f"{name}.weight": conv.weight.detach().clone() for name, conv in convs.items()}
        return weights | {f"{name}.bias": conv.bias.detach() for name, conv in convs.items() if conv.bias is not None}

    @torch.inference_mode()
    def forward(self, picture: Tensor, style: Tensor) -> list[Tensor]:
        """The pictures of all RGB heads, coarse to fine, of a picture (1, 3, S, S) in a style (1, D)."""
        content = self.content_encoder(picture)
        gates = self.generator.plan_skips(content)
        x, pictures = content.content, []
        for index, level in enumerate(self.generator.levels):
            x = level(upsample(x) if index else x, style)
            pictures.append(torch.tanh(cast(Level, level).to_rgb(leaky_relu(x))))
            if x.shape[-1] in gates:
                x = gates[x.shape[-1]].blend(x)
        return pictures


def random_networks(params: TranslatorParams) -> TranslatorNetworks:
    """A translator's networks with seeded random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return TranslatorNetworks(
            ContentEncoder(params.content_encoder),
            Generator(params.generator),
            StyleEncoder(params.style_encoder),
            StyleSampler(params.style_sampler),
        )


def family_networks(family: str) -> tuple[TranslatorNetworks, str]:
    """The networks of a family's first translator on this machine, and its name; random ones if there is none."""
    for spec in zoo.MODELS.values():
        if spec.family == family and spec.is_here:
            return zoo.load(spec.name, "cpu", "fp32").networks, spec.name
    return random_networks(zoo.FAMILIES[family]), "random weights"


def example_picture(size: int) -> Image.Image:
    """A seeded picture of coloured blobs."""
    colours = torch.rand(1, 3, 7, 7, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return images.to_pictures(F.interpolate(colours, (size, size), mode="bilinear"))[0]


def render_gigaflop(generator: Generator) -> float:
    """Billions of floating-point operations of one render: matrix products and convolutions, blending left out."""
    params = generator.params
    with torch.device("meta"):  # shapes only: nothing is computed
        network = Generator(params)
        content = torch.empty(1, 1, params.content_size, params.content_size)
        style = torch.empty(1, params.style_dim)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.render(content, {}, style)
    return counter.get_total_flops() / 1e9


class _Comparison:
    """A translation by the engine and by plain computation, with the same weights.

    Args:
        networks: with plain weights; copied.
        device, precision: the engine's; see `Translator`.  Plain computation is on the same device, in fp32.
    """

    def __init__(self, networks: TranslatorNetworks, device: str, precision: str) -> None:
        self.plain = PlainTranslator(networks.content_encoder, networks.generator)
        networks = copy.deepcopy(networks)
        networks.content_encoder.load_state_dict(self.plain.content_weights())
        bank = networks.style_sampler.eval()(torch.zeros(1, networks.style_sampler.params.latent_dim)).detach()
        self.translator = Translator(networks, bank, device, precision)
        self.plain.to(self.translator.device)
        begun = time.perf_counter()
        self.dtype = self.translator.dtype
        self.trial_seconds = time.perf_counter() - begun

        self.picture = example_picture(self.translator.resolution)
        self.batch = images.to_tensor(self.picture).to(self.translator.device)
        self.style = self.translator.sample(1, seed=3)
        self.planned = self.translator.plan(self.picture)
        self.exact = CPUGenerator(networks.generator) if self.translator.device.type == "cpu" else None
        if self.exact is not None:
            with torch.inference_mode():
                self.exact_gates = self.exact.plan_skips(networks.content_encoder(self.batch))

    def _plan(self) -> None:
        self.translator.forget_plans()
        self.translator.plan(self.picture)

    def _first(self) -> Tensor:
        self.translator.forget_plans()
        return self.translator.render_tensor(self.translator.plan(self.picture), self.style)

    @torch.inference_mode()
    def _encode(self) -> None:
        self.translator.networks.content_encoder(self.batch)

    def _exact(self) -> Tensor:
        assert self.exact is not None
        return self.exact.render(self.planned.content, self.exact_gates, self.style)

    def works(self) -> dict[str, Work]:
        """What is timed, by name."""
        translator, stored = self.translator, io.BytesIO()
        self.picture.save(stored, format="PNG")
        rendered = translator.render(self.planned, self.style)[0]

        def read() -> Image.Image:
            stored.seek(0)
            return images.open_picture(stored, name="picture")

        def write(picture: Image.Image) -> None:
            picture.save(io.BytesIO(), format="PNG")

        def end_to_end() -> None:
            translator.forget_plans()
            write(translator.render(translator.plan(read()), self.style)[0])

        works: dict[str, Work] = {
            "plain_translation": lambda: self.plain(self.batch, self.style),
            "first_translation": self._first,
            "end_to_end": end_to_end,
            "encode": self._encode,
            "plan": self._plan,
            "render": lambda: translator.render_tensor(self.planned, self.style),
            "style": lambda: translator.style_of(self.picture),
            "sample": lambda: translator.sample(1, seed=3),
            "picture_in": read,
            "picture_out": lambda: write(rendered),
            "matmul": matrix_product(translator.device, self.dtype),
        }
        return works | ({} if self.exact is None else {"fp32_render": self._exact})

    def figures(self, timing: Timing) -> Figures:
        """What the times of `works` show, and how near the pictures are."""
        seconds = dict(timing.seconds)
        matmul = gigaflops_of_matmul(seconds.pop("matmul"))
        needed = render_gigaflop(self.translator.networks.generator)
        expected = self.plain(self.batch, self.style)[-1]
        figures: Figures = {f"{name}_s": value for name, value in seconds.items()}
        figures |= {
            "precision": str(self.dtype).removeprefix("torch."),
            "trial_s": self.trial_seconds,
            "psnr_db": psnr(self.translator.render_tensor(self.planned, self.style), expected),
            "render_to_plain": seconds["render"] / seconds["plain_translation"],
            "first_to_plain": seconds["first_translation"] / seconds["plain_translation"],
            "matmul_gflops": matmul,
            "render_gflop": needed,
            "render_share_of_peak": needed / seconds["render"] / matmul,
        }
        if self.exact is not None:
            peak = gigaflops_of_matmul(timing.matmul_seconds)
            figures |= {
                "fp32_render_to_plain": seconds["fp32_render"] / seconds["plain_translation"],
                "fp32_render_psnr_db": psnr(self._exact(), expected),
                "fp32_render_share_of_peak": needed / seconds["fp32_render"] / peak,
            }
        return figures | timing.figures()


def translation_figures(
    networks: TranslatorNetworks, device: str = "auto", precision: str = "auto", deadline: float = 0.0
) -> Figures:
    """Every step of a translation, plainly and by the engine.

    Args:
        networks: with plain weights; copied.
        device, precision: the engine's; see `Translator`.  Plain computation is on the same device, in fp32.
        deadline: see `in_turns`.
    """
    comparison = _Comparison(networks, device, precision)
    return comparison.figures(in_turns(comparison.works(), comparison.translator.device, deadline))


def biggan_figures(device: str = "auto", deadline: float = 0.0) -> Figures:
    """A 4x4 grid of BigGAN-deep-128's architecture with random weights, by its library and by this package.

    Args:
        device: see `pick_device`.
        deadline: see `in_turns`.
    """
    from gpunit.imagenet import CLASS_NAMES
    from gpunit.prior.biggan import Prior
    from gpunit.prior.untrained import untrained_biggan

    model = untrained_biggan("biggan-deep-128")
    prior = Prior(model, CLASS_NAMES, device=device)
    model.to(prior.device)
    latents = prior.latents(_ROWS, seed=0, truncation=0.4)
    codes = latents.codes.repeat_interleave(_COLUMNS, 0).to(prior.device)
    labels = torch.eye(1000)[list(_BIGGAN_LABELS) * _ROWS].to(prior.device)
    grids: dict[str, Tensor] = {}

    @torch.inference_mode()
    def library() -> None:
        grids["library"] = model(codes, labels, latents.truncation).cpu()

    def own() -> None:
        grids["own"] = prior.grid(latents, _BIGGAN_LABELS).flatten(0, 1)

    timing = in_turns({"library": library, "own": own}, prior.device, deadline)
    return {
        "grid_s": timing.seconds["own"],
        "library_grid_s": timing.seconds["library"],
        "grid_to_library": timing.seconds["own"] / timing.seconds["library"],
        "largest_difference": float((grids["own"] - grids["library"]).abs().max()),
        **timing.figures(),
    }
