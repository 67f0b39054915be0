from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit.training.checkpoints import TrainingError
from gpunit.training.processes import Processes
from gpunit.training.shares import ALONE, Shares
from tests.training.parallel import RUN, run_in_two_processes


@pytest.mark.parametrize("count", [1, 2, 3])
def test_all_rows_are_somebodys(count: int) -> None:
    batch = torch.arange(6)
    parts = [Shares(index, count) for index in range(count)]
    assert sorted(torch.cat([each.share(batch) for each in parts]).tolist()) == list(range(6))
    for each in parts:
        assert each.share(batch).tolist() == list(each.rows(6))
        assert each.whole(len(each.rows(6))) == 6


def test_noise_is_drawn_for_all_and_everyone_takes_their_rows() -> None:
    def drawn(shares: Shares) -> torch.Tensor:
        torch.manual_seed(0)
        return shares.noise_like(torch.empty(len(shares.rows(6)), 2))

    whole = drawn(ALONE)
    for index in range(3):
        assert torch.equal(drawn(Shares(index, 3)), whole[index::3])


def test_what_cannot_be_shared_equally_is_named() -> None:
    Shares(0, 2).require_equal_shares(pairs=4, real_pictures=0)
    with pytest.raises(TrainingError, match="2 processes cannot share 5 real pictures equally"):
        Shares(0, 2).require_equal_shares(pairs=4, real_pictures=5)


def run_of(folder: Path) -> None:
    """What has to hold in each of two processes."""
    processes = Processes(device="cpu")
    mine = processes.index
    # The main one's weights, in place.
    weight, count = torch.full((3,), float(mine)), torch.tensor([mine])
    processes.agree({"network": {"weight": weight, "count": count}, "step": 4})
    assert weight.tolist() == [0, 0, 0]
    assert count == 0
    for other in ({"weight": weight, "step": mine}, {"weight": weight[mine:], "step": 0}):
        with pytest.raises(TrainingError, match="do not find the same run"):
            processes.agree(other)
    # A batch in its order; of the mean of both losses, every row has the gradient that it would have alone.
    rows = processes.share(torch.arange(6.0)).requires_grad_()
    whole = processes.gathered(rows)
    assert torch.equal(whole, torch.arange(6.0))
    ((mine + 1) * whole.square()).sum().backward()
    assert rows.grad is not None
    assert torch.equal(rows.grad / 2, 1.5 * 2 * rows.detach())
    # Statistics of the whole batch.
    values = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    part = processes.share(values)
    mean, variance = processes.moments(part.mean(0), part.var(0, correction=0))
    torch.testing.assert_close(mean, values.mean(0))
    torch.testing.assert_close(variance, values.var(0, correction=0))
    torch.testing.assert_close(processes.averaged(part.mean(0)), values.mean(0))
    # A step along the mean of both gradients.
    weight = torch.nn.Parameter(torch.zeros(1))
    processes.minimise((1.0 + 2 * mine) * weight.sum(), torch.optim.SGD([weight], lr=1.0))
    assert weight == -2
    assert processes.anywhere(mine == 1)
    assert not processes.anywhere(False)


def test_two_processes_agree_and_know_of_each_other_what_they_need(tmp_path: Path) -> None:
    run_in_two_processes(RUN, tmp_path, "tests.training.test_shares", str(tmp_path / "two"))
