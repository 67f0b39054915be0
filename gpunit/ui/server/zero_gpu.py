"""GPUs lent by the call (ZeroGPU on Hugging Face Spaces): optional, and without any effect elsewhere.

There the main process has no GPU.  A function that `spaces.GPU` wraps runs in a process of its own, which has a GPU
for as long as the function asks.  It finds the models that the main process had loaded before; what it loads itself
is gone when it ends.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping

import gradio as gr

from gpunit import zoo
from gpunit.ui.events import DEVICE_QUEUE, LONG_QUEUE
from gpunit.ui.models import PRIORS, Models

# Set by the Space itself where its hardware is ZeroGPU.
SWITCH = "SPACES_ZERO_GPU"
# Seconds asked for per action; asking for more than is needed makes visitors wait and costs them their quota.
SECONDS = 15
LONGER: Mapping[str, int] = {
    "animate_styles": 60,
    "style_grid": 30,
    "agreement": 30,
    "masks_export": 30,
    "prior_units": 60,
    **dict.fromkeys(("translate_many", "translate_clip", "search_code", "read_agreement", "measure_layers"), 120),
}


def is_on() -> bool:
    """Whether GPUs are lent by the call here."""
    return os.environ.get(SWITCH, "").lower() in ("1", "t", "true", "yes")


def lend_gpu(page: gr.Blocks, models: Models) -> gr.Blocks:
    """Wrap the actions that compute and load the models that are here; without ZeroGPU the page stays as it is."""
    if not is_on():
        return page
    spaces = importlib.import_module("spaces")
    for function in page.fns.values():
        if function.concurrency_id in (DEVICE_QUEUE, LONG_QUEUE) and function.fn is not None:
            seconds = LONGER.get(function.api_name or "", SECONDS)
            function.fn = spaces.GPU(duration=seconds)(function.fn)
    for spec in zoo.all_models().values():
        if spec.is_here:
            models.get(spec.name)
    for name in PRIORS:
        if (zoo.stored(name) / "config.json").is_file():
            models.prior(name)
    models.shapes()
    return page
