from __future__ import annotations

import pytest
import torch
from PIL import Image

from gpunit.engine import device
from gpunit.engine.device import try_bf16
from gpunit.networks.families import SMALL
from tests.conftest import build


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trial of another test is remembered."""
    monkeypatch.setattr(device, "_trials", {})


@pytest.mark.parametrize(
    ("error", "slow", "wanted"),
    [
        (0.01, torch.float32, torch.bfloat16),
        (0.03, torch.float32, torch.float32),  # 36 dB
        (0.01, torch.bfloat16, torch.float32),
        (float("nan"), torch.float32, torch.float32),
    ],
)
def test_bf16_is_taken_if_faster_and_close(
    monkeypatch: pytest.MonkeyPatch, error: float, slow: torch.dtype, wanted: torch.dtype
) -> None:
    clock = [0.0]
    monkeypatch.setattr(device.time, "process_time", lambda: clock[0])

    def render(dtype: torch.dtype) -> torch.Tensor:
        clock[0] += 2.0 if dtype is slow else 1.0
        return torch.full((1, 3, 2, 2), error if dtype is torch.bfloat16 else 0.0)

    assert try_bf16("networks", render).dtype is wanted


def test_a_kind_of_networks_is_tried_once() -> None:
    asked: list[torch.dtype] = []

    def render(dtype: torch.dtype) -> torch.Tensor:
        asked.append(dtype)
        return torch.zeros(1)

    first = try_bf16("networks", render)
    before = len(asked)
    assert try_bf16("networks", render) is first
    assert len(asked) == before
    try_bf16("others", render)
    assert len(asked) == 2 * before


@pytest.mark.parametrize("supported", [True, False])
def test_auto_follows_the_processor_and_the_trial(
    monkeypatch: pytest.MonkeyPatch, picture: Image.Image, supported: bool
) -> None:
    monkeypatch.setattr(device, "computes_bf16", lambda device: supported)
    auto = build(SMALL, precision="auto")
    assert not device._trials  # building tries nothing
    rendered = auto.render_tensor(auto.plan(picture), auto.sample(1))
    assert len(device._trials) == supported
    wanted = next(iter(device._trials.values())).dtype if supported else torch.float32
    assert auto.dtype is wanted
    named = build(SMALL, precision={torch.float32: "fp32", torch.bfloat16: "bf16"}[wanted])
    assert torch.equal(rendered, named.render_tensor(named.plan(picture), named.sample(1)))
