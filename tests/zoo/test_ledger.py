from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gpunit.zoo.ledger import RECORD_NAME, has_agreed, record_agreement, record_sum, recorded_sum
from gpunit.zoo.table import PUBLISHED_LICENCE
from gpunit.zoo.weights import ModelError

# Written by the version before the modules moved.
RECORD = Path(__file__).parent / "fixtures" / RECORD_NAME


def test_agreeing_is_remembered_and_a_damaged_record_is_explained(tmp_path: Path) -> None:
    assert not has_agreed(tmp_path, "terms")
    record_agreement(tmp_path, "terms")
    record_sum(tmp_path, "a.pt", "12")
    assert has_agreed(tmp_path, "terms")
    assert not has_agreed(tmp_path, "other terms")
    assert [path.name for path in tmp_path.iterdir()] == [RECORD_NAME]
    for damaged in ("{", "[]", '{"agreed": 3, "sha256": {}}'):
        (tmp_path / RECORD_NAME).write_text(damaged)
        with pytest.raises(ModelError, match="delete it"):
            has_agreed(tmp_path, "terms")


def test_the_record_of_an_earlier_version_is_read_and_gone_on_with(tmp_path: Path) -> None:
    shutil.copy(RECORD, tmp_path)
    assert has_agreed(tmp_path, PUBLISHED_LICENCE)
    record_sum(tmp_path, "cat2dog.pt", "34" * 32)
    assert recorded_sum(tmp_path, "content_encoder.safetensors") == "1f" * 32
    assert recorded_sum(tmp_path, "dog2cat.pt") == "2e" * 32
    assert recorded_sum(tmp_path, "cat2dog.pt") == "34" * 32
    assert recorded_sum(tmp_path, "dog2bird.pt") == ""
