from __future__ import annotations

import pytest
import torch

from gpunit.training.checkpoints import TrainingError
from gpunit.training.processes import Processes


def test_precisions_that_cannot_be_had_are_explained() -> None:
    with pytest.raises(TrainingError, match="no precision 'fp8'"):
        Processes("fp8")


def test_one_process_has_the_whole_batch_and_its_own_flags() -> None:
    processes = Processes()
    batch = torch.rand(4, 3)
    assert torch.equal(processes.share(batch).cpu(), batch)
    assert (processes.anywhere(True), processes.anywhere(False)) == (True, False)
    assert processes.is_main
