"""Put load on an app of one's own: `python -m tests.load --visitors 16 --seconds 180`.

It starts `python app.py` on this machine and lets visitors open the page, translate pictures and send files that are no
pictures, all at once.  It checks every byte of every file, and by content that every answer is its sender's, and tells
throughput, waits, and the growth of memory, open files, threads and temporary files.  It ends with code 1 if an answer
or a file went wrong.

`--soak` lets visitors use all tabs and models, come and go: `python -m tests.load --soak --visitors 4 --seconds 1800`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from gpunit import settings, zoo
from tests.load.soak import Wanderer
from tests.load.visitors import FIRST_MODEL, Visitor, visit_together
from tests.load.watch import Held, by_minute
from tests.public.conftest import start_app

MOST_SECONDS = 7200
MOST_VISITORS = 64
# So that files are swept away while a soak lasts.
SOAK_FILES_MINUTES = "5"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=16, help=f"at once, at most {MOST_VISITORS}")
    parser.add_argument("--seconds", type=float, default=180, help=f"at most {MOST_SECONDS}")
    parser.add_argument("--warm-up", type=float, default=30, help="seconds before growth counts")
    parser.add_argument("--soak", action="store_true", help="use all tabs; files that no one asks for go sooner")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = [spec.name for spec in zoo.MODELS.values() if spec.is_here] if arguments.soak else [FIRST_MODEL]
    translators = {name: zoo.load(name, "cpu", "fp32") for name in names}
    kind = Wanderer if arguments.soak else Visitor
    minutes = SOAK_FILES_MINUTES if arguments.soak else settings.VARIABLES["GPUNIT_FILES_MINUTES"].default
    with tempfile.TemporaryDirectory() as folder:
        # All visitors come from one address here, and none is to be turned away.
        app = start_app(
            Path(folder),
            GPUNIT_FILES_MINUTES=minutes,
            GPUNIT_QUEUE_SIZE=str(8 * MOST_VISITORS),
            GPUNIT_JOBS_PER_ADDRESS=str(8 * MOST_VISITORS),
        )
        try:
            told = visit_together(
                lambda number, told: kind(number, app.address, translators, told),
                min(arguments.visitors, MOST_VISITORS),
                min(arguments.seconds, MOST_SECONDS),
                lambda: Held.of(app.process.pid, app.temporary),
            )
        finally:
            code = app.stop()
        if code or "Traceback" in app.log.read_text():
            told.errors.append(app.log.read_text()[-2000:])
    if arguments.soak:
        print(by_minute(told.held))
    print(told.report(arguments.warm_up))
    print(f"the app ended with code {code}")
    sys.exit(1 if told.wrong or told.broken or told.errors or not told.waits else 0)


if __name__ == "__main__":
    main()
