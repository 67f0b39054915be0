"""Figures for people: a table, and sentences on how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from gpunit.benchmark.machine import MOST_SPREAD, Figures

_MARK = " ?"
# Endings of the names of ratios, whose two sides a busy machine may have slowed unequally.
_RATIOS = ("_to_plain", "_to_library", "_share_of_peak")

_SHARES = ("_share_of_peak", "waiting_share")


def table(figures: Figures) -> Table:
    """Every figure with its unit, one a line; a "?" marks ratios that cannot be relied on."""
    shown = Table("", "figure", "value", box=None, header_style="bold")
    for group, values in figures.items():
        for index, (name, value) in enumerate(values.items() if isinstance(values, dict) else [("", values)]):
            doubtful = isinstance(values, dict) and not values.get("reliable", True) and name.endswith(_RATIOS)
            text = with_unit(name, value) + (_MARK if doubtful else "")
            shown.add_row(group if index == 0 else "", name.removesuffix("_s"), text)
    return shown


def with_unit(name: str, value: Any) -> str:
    """A figure with the unit that its name says.

    Examples:
        >>> with_unit("render_s", 0.0123), with_unit("render_share_of_peak", 0.5), with_unit("psnr_db", 41.234)
        ('12.3 ms', '50%', '41.2')
    """
    if isinstance(value, list):
        return ", ".join(value)
    if not isinstance(value, float):
        return str(value)
    if name.endswith("_s"):
        return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.1f} ms"
    return f"{value:.0%}" if name.endswith(_SHARES) else f"{value:.3g}"


def remarks(figures: Figures) -> Iterator[str]:
    """Sentences on how busy the machine was, and on what could not be measured in time."""
    machine = figures["machine"]
    if machine.get("busy"):
        yield (
            f"This machine was busy before the benchmark began: a load of {machine['load_average']:.1f} on "
            f"{machine['processors']} processors.  It can do better than these times."
        )
    parts = {part: values for part, values in figures.items() if isinstance(values, dict)}
    spreads = {part: values["matmul_spread"] for part, values in parts.items() if not values.get("reliable", True)}
    if spreads:
        told = ", ".join(f"{spread:.1f} times in {part}" for part, spread in spreads.items())
        yield (
            f"Ratios marked with{_MARK} are unreliable: one and the same matrix product took up to {told} of its "
            f"shortest time, where {MOST_SPREAD} is the most to be trusted.  Close other programs and measure again."
        )
    if cold := [part for part, values in parts.items() if not values.get("warm", True)]:
        yield f"There was no time for a warm-up in {', '.join(cold)}; give more with --seconds."
    if left_out := figures.get("left_out"):
        options = " ".join(f"--part {part}" for part in left_out)
        yield f"The time was up before {', '.join(left_out)}; measure the rest with {options}."
