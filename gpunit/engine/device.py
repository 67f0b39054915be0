"""Which number format to compute in: what a processor can do, and what a quick trial of the loaded networks shows.

A processor with bf16 instructions multiplies several times as fast in them, but a small network may spend its time
elsewhere, and bf16 has three digits.  So both are tried once: the faster one is taken if its picture stays close.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

# In dB: pictures that differ by a hundredth of the range, root mean square.
LEAST_PSNR = 40.0
# A format that saves less than this share of the time is not worth its error.
_LEAST_SAVING = 0.1
# Rounds of a trial, of which the first is a warm-up: more of those that take little time.
_LEAST_ROUNDS, _MOST_ROUNDS, _ENOUGH_SECONDS = 2, 5, 0.3

_lock = threading.Lock()
_trials: dict[Hashable, Trial] = {}


@dataclass(frozen=True)
class Trial:
    """What a trial of bf16 against fp32 showed.

    Attributes:
        dtype: the format to take.
        speedup: fp32's time over bf16's.
        psnr: of bf16's picture to fp32's, in dB.
    """

    dtype: torch.dtype
    speedup: float
    psnr: float


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has bf16 instructions; one that only emulates bf16 is ten times slower with it than without."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # torch has no public question for it.
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def psnr(pictures: Tensor, expected: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [-1, 1]."""
    return float(10 * torch.log10(4 / (pictures - expected).square().mean().clamp_min(1e-12)))


def try_bf16(key: Hashable, draw: Callable[[torch.dtype], Tensor]) -> Trial:
    """Choose between fp32 and bf16 for a kind of networks; tried once a process, and remembered.

    Args:
        key: the kind of networks, and the device.
        draw: draws a picture in [-1, 1] with them, in fp32 or bf16.
    """
    with _lock:
        if key not in _trials:
            pictures, seconds = {}, dict.fromkeys((torch.float32, torch.bfloat16), float("inf"))
            spent = 0.0
            for done in range(_MOST_ROUNDS):
                if done >= _LEAST_ROUNDS and spent > _ENOUGH_SECONDS:
                    break
                for dtype in seconds:
                    begun = time.process_time()  # not the clock's: a busy machine must not change the choice
                    pictures[dtype] = draw(dtype)
                    taken = time.process_time() - begun
                    spent += taken
                    seconds[dtype] = min(seconds[dtype], taken)
            close = psnr(pictures[torch.bfloat16], pictures[torch.float32])
            speedup = seconds[torch.float32] / seconds[torch.bfloat16]
            wins = close >= LEAST_PSNR and speedup * (1 - _LEAST_SAVING) > 1
            _trials[key] = Trial(torch.bfloat16 if wins else torch.float32, speedup, close)
        return _trials[key]


PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is cuda, then mps, then cpu.

    Raises:
        ValueError: if that device is not to be had here.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, here in available.items() if here))
    if not available.get(name.split(":")[0], False):
        here = ", ".join(kind for kind, is_here in available.items() if is_here)
        raise ValueError(f"device {name!r} is not available here; choose one of auto, {here}.")
    return torch.device(name)


def pick_precision(name: str, device: torch.device) -> torch.dtype | None:
    """The dtype to compute in; "auto" is fp16 on cuda, and fp32 where there is no other choice.

    Returns:
        None where "auto" has to be tried on the networks: on a CPU with bf16 instructions.

    Raises:
        ValueError: for a name that is none of auto, fp32, bf16, fp16.
    """
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        return None if device.type == "cpu" and computes_bf16(device) else torch.float32
    if name not in PRECISIONS:
        raise ValueError(f"precision {name!r} is unknown; choose one of auto, {', '.join(PRECISIONS)}.")
    return PRECISIONS[name]
