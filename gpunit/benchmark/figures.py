"""How fast this machine translates, draws, starts and trains, next to plain computation and to its matrix product.

Works that are compared run in turns, after a warm-up each, and medians of their times are given: whatever else the
machine does slows all of them alike.  "Plain" is what a straightforward program does for every picture: the same
modules in contiguous fp32, spectral norm of E_c computed at every pass, pixels doubled before each level, all RGB
heads, content and skips recomputed for every style.
"""

from __future__ import annotations

import copy
import io
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gpunit import images, settings, zoo
from gpunit.engine.device import computes_bf16, psnr
from gpunit.engine.translator import Translator, TranslatorNetworks
from gpunit.networks.blocks import AdaINResidualBlock, leaky_relu, upsample
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.cpu_generator import CPUGenerator
from gpunit.networks.families import TranslatorParams
from gpunit.networks.generator import Generator, Level
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.training.recipes import PaperRecipe

if TYPE_CHECKING:
    from gpunit.training.stage2.small import StageTwoTrainer

PARTS = ("published", "small", "biggan", "startup", "training")
Figures = dict[str, Any]

_MATRIX = 2048
_TRAINING_SIZE_STEPS = 10
# The grid of the comparison with BigGAN's library.
_ROWS = _COLUMNS = 4
_BIGGAN_LABELS = (151, 281, 14, 817)

_START = """
import json, sys, time
begun = time.perf_counter()
from gpunit.ui.page import build_page
from gpunit.ui.models import Models
imported = time.perf_counter()
build_page(Models("cpu"))
built = time.perf_counter()
from gpunit.benchmark.figures import peak_memory_mb
print(json.dumps({"import_s": imported - begun, "page_s": built - imported, "memory_mb": peak_memory_mb()}))
"""


def peak_memory_mb() -> float | None:
    """The most memory that this process has held, in MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, whose getrusage counts what the parent held when it started this process
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def in_turns(
    works: Mapping[str, Callable[[], object]], device: torch.device, rounds: int = 5, warm_up: bool = True
) -> dict[str, float]:
    """Median seconds of several works that run in turns."""

    def seconds(work: Callable[[], object]) -> float:
        begun = time.perf_counter()
        work()
        if device.type != "cpu":
            getattr(torch, device.type).synchronize()
        return time.perf_counter() - begun

    if warm_up:
        for work in works.values():
            seconds(work)
    times = [{name: seconds(work) for name, work in works.items()} for _ in range(rounds)]
    return {name: statistics.median(turn[name] for turn in times) for name in works}


def gigaflops(work: Callable[[], object]) -> float:
    """Billions of floating-point operations in the matrix products and convolutions of a work."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


def matrix_product(device: torch.device, dtype: torch.dtype) -> Callable[[], object]:
    """The work whose rate is called the machine's peak: a square matrix product."""
    matrix = torch.randn(_MATRIX, _MATRIX, device=device).to(dtype)
    return lambda: matrix @ matrix


class PlainTranslator(nn.Module):
    """Content encoder and generator, computed plainly.

    Args:
        content_encoder, generator: copied; spectral norm is added to the former, as it is trained and published.
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
        """The content encoder's state as its spectral norm leaves it."""
        convs = {name: module for name, module in self.content_encoder.named_modules() if isinstance(module, nn.Conv2d)}
        weights = {f"{name}.weight": conv.weight.detach().clone() for name, conv in convs.items()}
        return weights | {f"{name}.bias": conv.bias.detach() for name, conv in convs.items() if conv.bias is not None}

    @torch.inference_mode()
    def forward(self, picture: Tensor, style: Tensor) -> list[Tensor]:
        """All heads' pictures of (1, 3, S, S) in a style (1, D), coarse to fine; the last is the translation."""
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
    """The networks of a family's first translator that is here, and its name; random ones if none is."""
    for spec in zoo.MODELS.values():
        if spec.family == family and spec.is_here:
            return zoo.load(spec.name, "cpu", "fp32").networks, spec.name
    return random_networks(zoo.FAMILIES[family]), "random weights"


def example_picture(size: int) -> Image.Image:
    """A seeded picture of coloured blobs."""
    colours = torch.rand(1, 3, 7, 7, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return images.to_pictures(F.interpolate(colours, (size, size), mode="bilinear"))[0]


def translation_figures(
    networks: TranslatorNetworks, device: str = "auto", precision: str = "auto", rounds: int = 5
) -> Figures:
    """Every step of a translation, plainly and by the engine.

    Args:
        networks: with plain weights; copied.
        device, precision: the engine's; see `Translator`.  Plain computation takes the same device.
        rounds: of which medians are taken.
    """
    plain = PlainTranslator(networks.content_encoder, networks.generator)
    # The engine gets the weights that plain computation ends up with, so that both draw the same picture.
    networks = copy.deepcopy(networks)
    networks.content_encoder.load_state_dict(plain.content_weights())
    bank = networks.style_sampler.eval()(torch.zeros(1, networks.style_sampler.params.latent_dim)).detach()
    translator = Translator(networks, bank, device, precision)
    plain.to(translator.device)
    picture = example_picture(translator.resolution)
    batch, style = images.to_tensor(picture).to(translator.device), translator.sample(1, seed=3)
    begun = time.perf_counter()
    dtype = translator.dtype
    trial = time.perf_counter() - begun

    def plan() -> object:
        translator.forget_plans()
        return translator.plan(picture)

    planned = translator.plan(picture)
    stored = io.BytesIO()
    picture.save(stored, format="PNG")

    def read() -> Image.Image:
        stored.seek(0)
        return images.open_picture(stored, name="picture")

    def write(drawn: Image.Image) -> None:
        drawn.save(io.BytesIO(), format="PNG")

    def end_to_end() -> None:
        translator.forget_plans()
        write(translator.render(translator.plan(read()), style)[0])

    def first() -> Tensor:
        translator.forget_plans()
        return translator.render_tensor(translator.plan(picture), style)

    drawn = translator.render(planned, style)[0]
    works: dict[str, Callable[[], object]] = {
        "plain_translation": lambda: plain(batch, style),
        "first_translation": first,
        "end_to_end": end_to_end,
        "encode": torch.inference_mode()(lambda: translator.networks.content_encoder(batch)),
        "plan": plan,
        "render": lambda: translator.render_tensor(planned, style),
        "style": lambda: translator.style_of(picture),
        "sample": lambda: translator.sample(1, seed=3),
        "picture_in": read,
        "picture_out": lambda: write(drawn),
        "matmul_fp32": matrix_product(translator.device, torch.float32),
        "matmul": matrix_product(translator.device, dtype),
    }
    generator = translator.networks.generator
    if translator.device.type == "cpu":
        exact = CPUGenerator(generator)
        with torch.inference_mode():
            gates = exact.plan_skips(translator.networks.content_encoder(batch))
        works["fp32_render"] = lambda: exact.render(planned.content, gates, style)
    seconds = in_turns(works, translator.device, rounds)
    peaks = {name: 2 * _MATRIX**3 / 1e9 / seconds.pop(name) for name in ("matmul_fp32", "matmul")}
    # Blending the skips in is no matrix product.
    needed = gigaflops(torch.inference_mode()(lambda: generator.render(planned.content, {}, style)))
    figures: Figures = {f"{name}_s": value for name, value in seconds.items()}
    figures |= {
        "precision": str(dtype).removeprefix("torch."),
        "trial_s": trial,
        "psnr_db": psnr(translator.render_tensor(planned, style), plain(batch, style)[-1]),
        "render_to_plain": seconds["render"] / seconds["plain_translation"],
        "first_to_plain": seconds["first_translation"] / seconds["plain_translation"],
        "matmul_fp32_gflops": peaks["matmul_fp32"],
        "matmul_gflops": peaks["matmul"],
        "render_gflop": needed,
        "render_share_of_peak": needed / seconds["render"] / peaks["matmul"],
    }
    if "fp32_render" in seconds:
        figures |= {
            "fp32_render_to_plain": seconds["fp32_render"] / seconds["plain_translation"],
            "fp32_render_psnr_db": psnr(exact.render(planned.content, gates, style), plain(batch, style)[-1]),
            "fp32_render_share_of_peak": needed / seconds["fp32_render"] / peaks["matmul_fp32"],
        }
    return figures


def biggan_figures(device: str = "auto", rounds: int = 2) -> Figures:
    """A 4x4 grid of BigGAN-deep-128's architecture with random weights, by its library and by this package."""
    from pytorch_pretrained_biggan import BigGAN, BigGANConfig

    from gpunit.imagenet import CLASS_NAMES
    from gpunit.prior.biggan import Prior

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BigGAN(BigGANConfig(output_dim=128, layers=_biggan_layers()))
        nn.init.ones_(model.generator.bn.weight)
        nn.init.zeros_(model.generator.bn.bias)
        with torch.no_grad():
            for _ in range(3):  # spectral norm's estimates need a few passes
                model.train()(torch.randn(2, 128), torch.eye(1000)[:2], 1.0)
    prior = Prior(model.eval(), CLASS_NAMES, device=device)
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

    seconds = in_turns({"library": library, "own": own}, prior.device, rounds, warm_up=False)
    return {
        "grid_s": seconds["own"],
        "library_grid_s": seconds["library"],
        "grid_to_library": seconds["own"] / seconds["library"],
        "largest_difference": float((grids["own"] - grids["library"]).abs().max()),
    }


def _biggan_layers() -> list[tuple[bool, int, int]]:
    """(doubles, width before, width after), in channel widths, of BigGAN-deep-128's blocks."""
    widths = ((16, 16), (16, 16), (16, 16), (16, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1))
    return [(index % 2 == 1, before, after) for index, (before, after) in enumerate(widths)]


def startup_figures() -> Figures:
    """Seconds and memory from nothing to a page ready to be served, in a fresh process."""
    import json

    root = settings.ROOT
    begun = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", _START], cwd=root, capture_output=True, text=True, check=False)
    whole = time.perf_counter() - begun
    if answer.returncode:
        raise RuntimeError(f"the page could not be built: {answer.stderr.strip().splitlines()[-1]}")
    return {"process_s": whole, **json.loads(answer.stdout.splitlines()[-1])}


def training_figures(steps: int = 2) -> Figures:
    """Seconds a step of stage II with the small recipe, at full size; empty without what training needs."""
    from gpunit.training.recipes import AdversarialRecipe

    try:
        from gpunit.training.stage2.small import AdversarialTrainer
    except ModuleNotFoundError:
        return {}
    recipe = AdversarialRecipe(warm_up=0, coarse=0)
    return {"small_step_s": statistics.median(_step_seconds(AdversarialTrainer, recipe, steps))}


def published_training_figures(recipe: PaperRecipe | None = None, steps: int = _TRAINING_SIZE_STEPS) -> Figures:
    """Seconds a step of stage II as published, and the peak memory of this process afterwards.

    One of the steps that are timed computes the penalty R1, which as published is one of sixteen.

    Args:
        recipe: by default cat2dog's, with EfficientNet-Lite0 as the perceptual net, for nothing is downloaded here, and
            a batch of two, for 16 pictures take more memory than most machines have without a GPU.
        steps: steps that are timed.
    """
    from gpunit.training.recipes import PAPER_TASKS
    from gpunit.training.stage2.paper import PaperTrainer

    recipe = recipe or replace(PAPER_TASKS["cat2dog"], perceptual_net="efficientnet-lite0", batch=2)
    recipe = replace(recipe, penalty_every=min(recipe.penalty_every, steps))

    seconds = _step_seconds(PaperTrainer, recipe, steps)
    return {
        "published_batch": recipe.batch,
        "published_step_s": statistics.median(seconds),
        "published_penalised_step_s": max(seconds),
        "published_steps": steps,
        "published_steps_s": sum(seconds),
        "published_peak_memory_mb": peak_memory_mb(),
    }


def _step_seconds(make: Callable[[Any, ContentEncoder], StageTwoTrainer], recipe: Any, steps: int) -> list[float]:
    """Seconds of each step of a trainer on random pictures, after a first one."""
    with torch.random.fork_rng(devices=[]):
        trainer = make(recipe, random_networks(recipe.translator).content_encoder)
        side = recipe.translator.resolution
        source, target = (torch.rand(recipe.batch, 3, side, side) * 2 - 1 for _ in range(2))
        trainer.prepare(target)
        seconds = []
        for _ in range(1 + steps):
            begun = time.perf_counter()
            trainer.step(source, target, torch.zeros(recipe.batch, dtype=torch.long))
            seconds.append(time.perf_counter() - begun)
    return seconds[1:]


def machine_figures(device: torch.device) -> Figures:
    """What the numbers were measured on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    return {
        "device": device.type,
        "name": name,
        "threads": torch.get_num_threads(),
        "bf16": computes_bf16(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
