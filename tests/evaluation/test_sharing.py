from __future__ import annotations

import json
from pathlib import Path

import torch

from gpunit.evaluation.metrics import MetricNet
from gpunit.evaluation.offline import Layouts, OfflineProtocol, evaluate_offline
from gpunit.evaluation.sharing import is_main, join, place, shared
from gpunit.files import write_json
from tests.conftest import TINY, build
from tests.evaluation.test_metrics import pictures
from tests.training.parallel import RUN, run_in_two_processes

PROTOCOL = OfflineProtocol(styles=2, sources=3, pairs=3)


def test_one_process_does_everything_itself() -> None:
    assert join("cpu").type == "cpu"
    assert place() == (0, 1)
    assert is_main()
    assert list(shared(str, [1, 2, 3])) == ["1", "2", "3"]


def run_of(folder: Path, data: Path) -> None:
    """Measure, and write the figures; and which process did what."""
    join("cpu")
    done: list[int] = []

    def square(item: int) -> int:
        done.append(item)
        return item**2

    squares = list(shared(square, [3, 1, 4, 1, 5]))
    (data.parent / f"{folder.name}-{place()[0]}.json").write_text(json.dumps([squares, done]))
    test = pictures(4, first=20)
    nets = [MetricNet("efficientnet-lite0", test, pictures(4, first=40))] if is_main() else []
    tiny = build(TINY)
    rows = evaluate_offline(tiny, pictures(5), test, nets, Layouts.of(tiny, data), PROTOCOL)
    assert bool(rows) == is_main()
    if rows:
        write_json(folder / "figures.json", [row.as_dict() for row in rows])


def test_figures_are_the_same_whatever_the_number_of_processes(folders, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (cats,) = folders("cat")
    run_in_two_processes(RUN, tmp_path, "tests.evaluation.test_sharing", str(tmp_path / "two"), str(cats))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the two have
    try:
        run_of(tmp_path / "one", cats)
    finally:
        torch.set_num_threads(threads)
    assert (tmp_path / "two" / "figures.json").read_bytes() == (tmp_path / "one" / "figures.json").read_bytes()
    told = [json.loads((cats.parent / f"{name}.json").read_text()) for name in ("one-0", "two-0", "two-1")]
    assert [squares for squares, _ in told] == [[9, 1, 16, 1, 25]] * 3
    assert [done for _, done in told] == [[3, 1, 4, 1, 5], [3, 4, 5], [1, 1]]
