"""The load tool itself; it is run by hand, `python -m tests.load`."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from gpunit.engine.translator import Translator
from tests.conftest import blobs
from tests.load.visitors import MOST_APART, Told, Visitor, apart
from tests.load.watch import Held, by_minute, growth


def test_load_is_put_on_this_machine_only(tiny: Translator) -> None:
    with pytest.raises(ValueError, match="not this machine"):
        Visitor(1, "https://example.com", {"to-cat": tiny}, Told())


def test_another_visitors_picture_is_told_from_ones_own() -> None:
    mine, same, other = blobs(1), blobs(1), blobs(2)
    assert apart(mine, same) == 0
    assert apart(mine, other) > 5 * MOST_APART
    assert apart(mine, blobs(1, 40, 40)) > MOST_APART


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    blobs(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def test_a_broken_file_is_told_from_a_whole_one() -> None:
    told, whole = Told(), png(1)
    told.check_file("a.png", whole, str(len(whole)))
    told.check_file("a.png", whole, str(len(whole)))
    told.check_file("b.zip", b"anything", "8")
    assert (told.files, told.broken) == (3, [])
    half = whole[: len(whole) // 2]
    for content, announced in ((half, len(whole)), (whole, len(half)), (png(2), len(png(2)))):
        told.check_file("a.png", content, str(announced))
    told.check_file("c.png", half, str(len(half)))  # cut short, as was announced
    told.check_file("d.png", whole, None)
    assert len(told.broken) == 5


def test_growth_is_counted_after_the_warm_up() -> None:
    steady = [(second, Held(10 if second < 20 else 100, files=7)) for second in range(60)]
    assert growth(steady, warm_up=20) == dict.fromkeys(("memory", "files", "threads", "kept", "kept_bytes"), 0)
    leaking = growth([(second, Held(100, files=100 + second)) for second in range(120)], warm_up=20)
    assert leaking["memory"] == 0
    assert leaking["files"] > 0.5
    assert "no answer" in Told().report(20)


def test_what_a_process_holds_is_counted_and_told_by_the_minute(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.png").write_bytes(bytes(3000))
    held = Held.of(os.getpid(), tmp_path)
    assert (held.kept, held.kept_bytes) == (1, 3000)
    if Path("/proc/self/fd").exists():
        with (tmp_path / "open").open("w"):
            assert Held.of(os.getpid(), tmp_path).files == held.files + 1
        assert min(held.memory >> 20, held.threads) >= 1
    lines = by_minute([(1.0, held), (61.0, held)]).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["1", "2"]
