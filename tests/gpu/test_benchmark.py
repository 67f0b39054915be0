from __future__ import annotations

import time

import pytest
import torch

from gpunit.benchmark.stages import stage_figures, stages

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("name", ["prior", "distill", "train", "sampler"])
def test_every_stage_is_timed_on_a_gpu(name: str) -> None:
    figures = stage_figures(stages()[name], torch.device("cuda"), time.perf_counter() + 5)
    assert figures["rounds"] >= 2
    assert figures["step_share_of_peak"] > 0
    assert 0 <= figures["waiting_share"] < 1
