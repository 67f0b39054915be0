"""Tests that need a GPU.  Where a package other than torch, numpy and Pillow is missing, those that use it skip."""

from __future__ import annotations

import pytest
import torch


def pytest_runtest_setup() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
