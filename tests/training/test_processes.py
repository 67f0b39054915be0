from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from gpunit.training.checkpoints import TrainingError
from gpunit.training.processes import Processes
from tests.training.steps import STAGES, learn


def test_precisions_that_cannot_be_had_are_explained() -> None:
    with pytest.raises(TrainingError, match="no precision 'fp8'"):
        Processes("fp8")


def test_one_process_has_the_whole_batch_and_its_own_flags() -> None:
    processes = Processes()
    batch = torch.rand(4, 3)
    assert torch.equal(processes.share(batch).cpu(), batch)
    assert (processes.anywhere(True), processes.anywhere(False)) == (True, False)
    assert processes.is_main


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# The small recipe of stage II chooses its format by itself.
@pytest.mark.parametrize("name", sorted(STAGES.keys() - {"stage_two"}))
def test_every_stage_learns_in_bf16_what_it_learns_in_fp32(name: str, one_thread: None) -> None:
    exact, change = learn(name, Processes("fp32", "cpu"))
    rounded, rounded_change = learn(name, Processes("bf16", "cpu"))
    assert rounded.keys() == exact.keys()
    for part, value in exact.items():
        assert abs(rounded[part] - value) < 0.1 * abs(value) + 0.05, part
    assert torch.isfinite(rounded_change).all()
    assert rounded_change.any()
    assert not torch.equal(rounded_change, change)
    # As fp16's gradients need it, the loss can be scaled: by a power of two, which changes no digit.
    processes = scaling()
    scaled, scaled_change = learn(name, processes)
    assert scaled == rounded
    torch.testing.assert_close(scaled_change, rounded_change, rtol=0, atol=1e-6)
    assert processes.state()["scale"] == 65536


def test_the_scale_of_the_loss_is_kept_with_the_run() -> None:
    trainer, step = STAGES["prior"](scaling())
    step()
    resumed, _ = STAGES["prior"](scaling())
    trainer.processes._scaler.update(1024.0)  # type: ignore[union-attr]
    resumed.load(trainer.state())
    assert resumed.processes.state()["scale"] == 1024
    plain, _ = STAGES["prior"](Processes("fp32", "cpu"))
    plain.load(trainer.state())  # a run may go on in another precision
    assert plain.processes.state() == {}


def scaling() -> Processes:
    processes = Processes("bf16", "cpu")
    processes._scaler = torch.amp.GradScaler("cpu")
    return processes


def test_a_step_whose_gradient_overflows_is_left_out() -> None:
    processes, weight = scaling(), torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([weight])
    processes.minimise(weight.sum() * torch.inf, optimizer)
    assert weight == 1
    assert processes.state()["scale"] == 32768
    processes.minimise(weight.sum(), optimizer)
    assert weight < 1
