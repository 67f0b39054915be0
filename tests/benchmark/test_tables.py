from __future__ import annotations

from rich.console import Console

from gpunit.benchmark.tables import remarks, table


def part(spread: float, warm: bool = True) -> dict[str, object]:
    return {"render_s": 0.5, "render_to_plain": 0.25, "matmul_spread": spread, "reliable": spread < 1.5, "warm": warm}


def shown(figures: dict[str, object]) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table(figures))
    return capture.get()


def test_ratios_of_a_busy_part_are_marked_and_no_others() -> None:
    lines = shown({"machine": {}, "small": part(4.0), "published": part(1.1)}).splitlines()
    assert sum("?" in line for line in lines) == 1
    assert next(line.split() for line in lines if "?" in line) == ["render_to_plain", "0.25", "?"]


def test_a_calm_machine_needs_no_remark() -> None:
    assert list(remarks({"machine": {"busy": False}, "small": part(1.1), "peak_memory_mb": 3.0})) == []


def test_every_doubt_is_told_with_its_part() -> None:
    machine = {"busy": True, "load_average": 7.0, "processors": 2}
    figures = {"machine": machine, "small": part(4.0), "biggan": part(1.0, warm=False), "left_out": ["startup"]}
    busy, unreliable, cold, left_out = remarks(figures)
    assert "a load of 7.0 on 2 processors" in busy
    assert "4.0 times in small" in unreliable
    assert "biggan" in cold
    assert "--part startup" in left_out
