"""How fast this machine translates, renders BigGAN's pictures, starts the page and trains, within a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from gpunit.benchmark import machine, rendering, training
from gpunit.benchmark.machine import Figures
from gpunit.engine.device import pick_device

# Seconds of every part out of `SECONDS`; less time is divided in the same proportion.
PARTS: Mapping[str, float] = {"published": 12.0, "small": 6.0, "biggan": 11.0, "startup": 6.0, "training": 10.0}
SECONDS = sum(PARTS.values())
# Seconds of the steps of one stage, after which no further one is begun.
STAGE_SECONDS = 15.0


def measure(
    parts: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
    seconds: float = SECONDS,
    published_training: bool = False,
    every_stage: bool = False,
    report: Callable[[str], None] = lambda part: None,
) -> Figures:
    """Measure this machine.

    Every part takes fewer rounds where time is short, and at least one.  With all parts asked for, those are left out
    that are not begun when the time is up, as happens on a slow or busy machine.

    Args:
        parts: from `PARTS`; all of them by default.
        device, precision: the engine's; see `Translator`.
        seconds: time for all parts together.
        published_training: also train at the published size, which takes minutes more.
        every_stage: also train by every stage's small recipe, which takes a minute more.
        report: called with the name of every part before it begins.

    Returns:
        Figures by part and stage, each a dictionary; "machine", "peak_memory_mb", and "left_out" where there are such
        parts.
    """
    figures: Figures = {"machine": machine.machine_figures(pick_device(device))}
    deadline = time.perf_counter() + seconds
    waiting, left_out = list(parts or PARTS), []
    while waiting:
        now = time.perf_counter()
        share = PARTS[waiting[0]] / sum(PARTS[name] for name in waiting)
        part = waiting.pop(0)
        if not parts and now > deadline:
            left_out.append(part)
            continue
        report(part)
        figures[part] = _measure_part(part, device, precision, now + share * (deadline - now))
    if published_training:
        report("training at the published size")
        figures.setdefault("training", {}).update(training.published_training_figures())
    if every_stage:
        figures |= _measure_stages(device, report)
    if left_out:
        figures["left_out"] = left_out
    return figures | {"peak_memory_mb": machine.peak_memory_mb()}


def _measure_part(part: str, device: str, precision: str, deadline: float) -> Figures:
    if part == "biggan":
        return rendering.biggan_figures(device, deadline)
    if part == "startup":
        return machine.startup_figures()
    if part == "training":
        return training.training_figures(deadline)
    networks, weights = rendering.family_networks(part)
    return {"weights": weights, **rendering.translation_figures(networks, device, precision, deadline)}


def _measure_stages(device: str, report: Callable[[str], None]) -> Figures:
    from gpunit.benchmark.stages import stage_figures, stages

    figures: Figures = {}
    for name, stage in stages().items():
        report(f"the stage {name}")
        figures[f"stage {name}"] = stage_figures(stage, pick_device(device), time.perf_counter() + STAGE_SECONDS)
    return figures
