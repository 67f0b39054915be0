"""Works are timed fairly, within the time that is given, and a busy machine is found out; by a clock of the test's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from gpunit.benchmark import machine
from gpunit.benchmark.machine import MOST_SPREAD, in_turns, startup_figures

CPU = torch.device("cpu")


class Clock:
    """A clock that only works move; the matrix product takes the given seconds, in turn."""

    def __init__(self, products: list[float]) -> None:
        self.now = 0.0
        self.products = iter(products)
        self.ran: list[str] = []

    def work(self, name: str, *seconds: float) -> Callable[[], None]:
        """A work that takes these seconds, the last for ever after."""
        left = list(seconds)

        def run() -> None:
            self.ran.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run

    def product(self) -> None:
        self.now += next(self.products, 1.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Clock:
    clock = Clock(getattr(request, "param", [1.0]))
    monkeypatch.setattr(machine.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(machine, "matrix_product", lambda device, dtype: clock.product)
    return clock


def test_works_run_in_turns_and_the_first_turn_is_a_warm_up(clock: Clock) -> None:
    works = {"a": clock.work("a", 50, 2, 3, 7), "b": clock.work("b", 9, 5)}
    timing = in_turns(works, CPU, deadline=1000, most_rounds=3)
    assert clock.ran == ["a", "b"] * 4
    assert timing.seconds == {"a": 3, "b": 5}
    assert (timing.rounds, timing.warm) == (3, True)


@pytest.mark.parametrize("deadline", [12, 25, 60])
def test_no_turn_is_begun_that_would_end_too_late(clock: Clock, deadline: float) -> None:
    timing = in_turns({"a": clock.work("a", 9)}, CPU, deadline, most_rounds=100)
    assert clock.now - 1 <= deadline  # one matrix product follows the last turn
    assert timing.rounds == max(1, len(clock.ran) - 1)
    assert deadline - clock.now < 10  # a turn


def test_without_time_one_turn_runs_and_says_that_it_was_cold(clock: Clock) -> None:
    timing = in_turns({"a": clock.work("a", 9)}, CPU, deadline=0)
    assert timing.seconds == {"a": 9}
    assert (timing.rounds, timing.warm) == (1, False)


@pytest.mark.parametrize(
    ("clock", "reliable"),
    [([9.0, 1.0, 1.1, 1.0, 1.1], True), ([1.0, 1.0, 1.0, 4.0, 1.0], False), ([1.0, 4.0, 1.0, 1.0, 1.0], False)],
    indirect=["clock"],
)
def test_a_matrix_product_whose_time_varies_makes_ratios_unreliable(clock: Clock, reliable: bool) -> None:
    figures = in_turns({"a": clock.work("a", 1)}, CPU, deadline=1000, most_rounds=2).figures()  # the first warms up
    assert figures["reliable"] == reliable
    assert (figures["matmul_spread"] <= MOST_SPREAD) == reliable


def test_the_page_starts_in_a_process_of_its_own() -> None:
    figures = startup_figures()
    assert figures["import_s"] + figures["page_s"] < figures["process_s"]
    assert figures["memory_mb"] is None or figures["memory_mb"] > 50
