"""Seeds: everything random in a run depends on (seed, step) alone, so that a resumed run sees what it would have seen.

The idea is EDM2's (Karras et al. 2024).
"""

from __future__ import annotations

import zlib

import numpy as np
import torch

# Of page and command line alike, so that what one has made can be made again by the other.
MAX_SEED = 2**31 - 1


def step_generator(seed: int, step: int, purpose: str) -> torch.Generator:
    """A CPU generator that depends on (seed, step, purpose) alone."""
    words = np.random.SeedSequence([seed, step, zlib.crc32(purpose.encode())]).generate_state(2, np.uint64)
    return torch.Generator().manual_seed(int(words[0] >> np.uint64(1)))


def seed_step(seed: int, step: int) -> None:
    """Make every random number of a step depend on (seed, step) alone, so that resuming changes nothing."""
    torch.manual_seed(step_generator(seed, step, "step").initial_seed())
