"""How fast every stage trains by the small family's recipes: steps, arithmetic, and waiting for pictures.

Each stage takes its steps by its own training function, on seeded pictures in a folder that goes away afterwards.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from gpunit import files
from gpunit.benchmark.machine import MOST_SPREAD, Figures, gigaflops_of_matmul, matrix_product, seconds_of
from gpunit.benchmark.rendering import example_picture, random_networks
from gpunit.engine.device import computes_bf16
from gpunit.training.run import RunSettings

CLASSES = ("cat", "dog")
# Pictures of every class, and their side: decoded at 143 px they are reduced, as photos are.
_PICTURES, _SIDE = 24, 192
_CODES = 4096
# The first steps are a warm-up, in the second of which operations are counted.
_COUNTED = 1
_WARM_UP = 3


class _EnoughError(Exception):
    """Ends a run that is timed."""


@dataclass
class _Clock:
    """Follows a run: when its steps end, how long they wait, and how many operations one takes.

    Args:
        device: that is waited for after every step.
        deadline: no step is begun after it, by `time.perf_counter`, once two have been timed.
        steps: that are timed, at most.
    """

    device: torch.device
    deadline: float
    steps: int
    ends: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    counter: FlopCounterMode = field(default_factory=lambda: FlopCounterMode(display=False))

    def progress(self, done: int, steps: int) -> None:
        """After every step, and before the first."""
        if self.device.type != "cpu":
            getattr(torch, self.device.type).synchronize()
        self.ends.append(time.perf_counter())
        taken = len(self.ends) - 1
        if taken == _COUNTED:
            self.counter.__enter__()
        elif taken == _COUNTED + 1:
            self.counter.__exit__(None, None, None)
        timed = taken - _WARM_UP
        if timed >= self.steps or (timed >= 2 and time.perf_counter() > self.deadline):
            raise _EnoughError

    def figures(self, pictures: int, peak: float) -> Figures:
        """What the steps that count took.

        Args:
            pictures: of a step.
            peak: billions of operations a second of the device's matrix product.
        """
        ends, waits = self.ends[_WARM_UP:], self.waits[_WARM_UP : len(self.ends) - 1]
        steps = [after - before for before, after in pairwise(ends)]
        step = statistics.median(steps)
        needed = self.counter.get_total_flops() / 1e9
        return {
            "step_s": step,
            "pictures_per_second": pictures / step,
            "gflop": needed,
            "step_share_of_peak": needed / step / peak,
            "waiting_share": sum(waits) / sum(steps),
            "rounds": len(steps),
        }


@dataclass(frozen=True)
class Stage:
    """One stage, as it is timed.

    Attributes:
        pictures: of a step: synthetic and real ones in stage I, sources in stage II, style codes for the sampler.
        run: trains in a folder of pictures.
        mixed: whether it computes in bf16 where a CPU is fast at it.
    """

    pictures: int
    run: Callable[[Path, RunSettings, torch.device], object]
    mixed: bool = True


def stages() -> dict[str, Stage]:
    """The stages by name.

    Raises:
        ModuleNotFoundError: if what training needs is not installed.
    """
    from gpunit.training.prior.trainer import train_prior
    from gpunit.training.processes import Processes
    from gpunit.training.recipes import PRIOR_SMALL, SMALL_DISTILLATION, SmallRecipe
    from gpunit.training.sampler import SamplerRecipe, SamplerTrainer
    from gpunit.training.stage1.trainer import DistillationData, distill
    from gpunit.training.stage2 import small

    prior = replace(
        PRIOR_SMALL, classes=len(CLASSES), discriminator=replace(PRIOR_SMALL.discriminator, classes=len(CLASSES))
    )
    distiller = replace(SMALL_DISTILLATION.distiller, domains=len(CLASSES))
    distillation = replace(SMALL_DISTILLATION, distiller=distiller, warm_up=0)
    translation = SmallRecipe(warm_up=0, coarse=0)

    def fit(data: Path, settings: RunSettings, device: torch.device) -> None:
        from gpunit.training.run import run_steps

        params = translation.translator.style_sampler
        codes = torch.randn(_CODES, params.style_dim, generator=torch.Generator().manual_seed(0)).to(device)
        trainer = SamplerTrainer(codes, params, SamplerRecipe(), processes=Processes(device=device))
        run_steps(trainer, lambda epoch: None, lambda nothing: trainer.step(), replace(settings, folder=None))

    def train(data: Path, settings: RunSettings, device: torch.device) -> None:
        encoder = random_networks(translation.translator).content_encoder
        source, target = (data / "real" / name for name in CLASSES)
        small.train([source], [target], encoder, translation, settings, device=device)

    def distil(data: Path, settings: RunSettings, device: torch.device) -> None:
        real, maps = data / "real", data / "maps"
        # Pictures of one name pass for a pair: what they show does not matter here.
        distill(DistillationData(real, maps, real, maps, CLASSES), distillation, settings, Processes(device=device))

    def train_small_prior(data: Path, settings: RunSettings, device: torch.device) -> None:
        train_prior([data / "real" / name for name in CLASSES], prior, settings, Processes(device=device))

    return {
        "prior": Stage(prior.batch, train_small_prior),
        "distill": Stage(2 * distillation.pairs + distillation.real, distil),
        "train": Stage(translation.batch, train),
        "sampler": Stage(_CODES, fit, mixed=False),
    }


def stage_figures(stage: Stage, device: torch.device, deadline: float = 0.0, steps: int = 10) -> Figures:
    """Seconds a step of a stage, its share of the device's peak, and the share that waits for pictures.

    Args:
        stage: from `stages`.
        device: where to compute.
        deadline: fewer steps are timed where time is short, two at least.
        steps: that are timed, at most.
    """
    mixed = stage.mixed and device.type == "cpu" and computes_bf16(device)
    product = matrix_product(device, torch.bfloat16 if mixed else torch.float32)
    clock = _Clock(device, deadline, steps)
    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng(devices=[]):
        write_pictures(Path(folder))
        settings = RunSettings(
            Path(folder) / "run",
            _WARM_UP + steps + 1,
            save_every=_WARM_UP + steps + 1,
            progress=clock.progress,
            waited=clock.waits.append,
        )
        products = [seconds_of(product, device) for _ in range(3)]
        try:
            stage.run(Path(folder), settings, device)
        except _EnoughError:
            pass
        finally:
            if len(clock.ends) == _COUNTED + 1:  # the run ended within the step whose operations are counted
                clock.counter.__exit__(None, None, None)
        products = [*products[1:], *(seconds_of(product, device) for _ in range(3))]
    peak, spread = gigaflops_of_matmul(statistics.median(products)), max(products) / min(products)
    figures = clock.figures(stage.pictures, peak)
    return figures | {"matmul_gflops": peak, "matmul_spread": spread, "reliable": spread <= MOST_SPREAD}


def write_pictures(folder: Path) -> None:
    """Seeded pictures and shape maps of the classes, in real/CLASS and maps/CLASS under the same names."""
    whole = example_picture(2 * _SIDE)
    for number, name in enumerate(CLASSES):
        for index in range(_PICTURES):
            left, top = (7 * index + 50 * number) % _SIDE, (11 * index) % _SIDE
            picture = whole.crop((left, top, left + _SIDE, top + _SIDE))
            files.save_png(picture, folder / "real" / name / f"{index:03d}.png")
            files.save_png(picture.convert("L"), folder / "maps" / name / f"{index:03d}.png")
