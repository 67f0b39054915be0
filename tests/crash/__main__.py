"""Many kills: `python -m tests.crash --kills 30`."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.crash import scenes


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill trainings, conversion and download at random moments.")
    parser.add_argument("--kills", type=int, default=30, help="in all")
    parser.add_argument("--longest", type=float, default=2.0, help="seconds from a start to the latest kill")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    played = (
        scenes.training,
        scenes.distillation,
        scenes.prior,
        scenes.fit,
        scenes.conversion,
        scenes.download,
    )
    each = -(-arguments.kills // len(played))
    for scene in played:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            # A kill counts where the job was at work: more are tried until there were enough.
            kills = finished = tries = 0
            while kills < each and tries < 20:
                place = Path(folder) / str(tries)
                told = scene(place, each - kills, arguments.longest / 2 ** (tries / 4), arguments.seed + tries)
                kills, finished, tries = kills + told.kills, finished + told.finished, tries + 1
        seconds = time.monotonic() - begun
        print(
            f"{scene.__name__:12}  {kills} kills, {finished} ends before one; every restart went on ({seconds:.0f} s)"
        )


if __name__ == "__main__":
    main()
