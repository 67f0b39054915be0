from __future__ import annotations

from tests.zoo.conftest import published_files, states

__all__ = ["published_files", "states"]  # fixtures
