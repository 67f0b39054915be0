"""Which device and which number format to compute with.

A processor with bf16 instructions multiplies several times faster in bf16, but a small network may spend its time
elsewhere, and bf16 keeps only three digits.  So both formats are tried once on the loaded networks: bf16 is taken if
it saves time and its picture stays close to that of fp32.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# In dB; a root mean square difference of one hundredth of the range.
LEAST_PSNR = 40.0
# bf16 must save more than this share of the time to be worth its error.
_LEAST_SAVING = 0.1
# A trial ends after this many rounds, or after two once it has taken this long.  The first round warms up.
_LEAST_ROUNDS, _MOST_ROUNDS, _ENOUGH_SECONDS = 2, 5, 0.3

_lock = threading.Lock()
_trials: dict[Hashable, Trial] = {}


@dataclass(frozen=True)
class Trial:
    """Result of a trial of bf16 against fp32.

    Attributes:
        dtype: the format to take.
        speedup: time in fp32 over time in bf16.
        psnr: of the picture in bf16 against that in fp32, in dB.
    """

    dtype: torch.dtype
    speedup: float
    psnr: float


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is cuda, then mps, then cpu.

    Raises:
        ValueError: if this machine has no such device.
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
    """The number format called `name`; "auto" is fp16 on cuda, and fp32 on other devices without bf16 instructions.

    Returns:
        The dtype, or None where "auto" takes a trial on the networks (`try_bf16`): on a CPU with bf16 instructions.

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


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has bf16 instructions; emulated bf16 is ten times slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # torch has no public function that answers this.
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def psnr(pictures: Tensor, expected: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [-1, 1]; at most 126, for equal ones.

    Examples:
        >>> round(psnr(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.02)), 3)
        40.0
    """
    return float(10 * torch.log10(4 / (pictures - expected).square().mean().clamp_min(1e-12)))


def try_bf16(key: Hashable, render: Callable[[torch.dtype], Tensor]) -> Trial:
    """Choose between fp32 and bf16 for a kind of networks, by one trial per process.

    Args:
        key: names the kind of networks and the device; a second call with the same key returns the first result.
        render: renders a picture in [-1, 1] in the given format, float32 or bfloat16.
    """
    with _lock:
        if key not in _trials:
            _trials[key] = _compare(render)
        return _trials[key]


def _compare(render: Callable[[torch.dtype], Tensor]) -> Trial:
    pictures, seconds = {}, dict.fromkeys((torch.float32, torch.bfloat16), float("inf"))
    spent = 0.0
    for done in range(_MOST_ROUNDS):
        if done >= _LEAST_ROUNDS and spent > _ENOUGH_SECONDS:
            break
        for dtype in seconds:
            begun = time.process_time()  # of this process alone: work beside it must not change the choice
            pictures[dtype] = render(dtype)
            taken = time.process_time() - begun
            spent += taken
            seconds[dtype] = min(seconds[dtype], taken)
    close = psnr(pictures[torch.bfloat16], pictures[torch.float32])
    speedup = seconds[torch.float32] / seconds[torch.bfloat16]
    wins = close >= LEAST_PSNR and speedup * (1 - _LEAST_SAVING) > 1
    return Trial(torch.bfloat16 if wins else torch.float32, speedup, close)
