"""Put load on an app of one's own: `python -m tests.load --visitors 16 --seconds 180`.

It starts `python app.py` on this machine and lets visitors open the page, translate pictures and send files that are no
pictures, all at once.  It checks every byte of every file, and by content that every answer is its sender's, and tells
throughput, waits and the growth of memory.  It ends with code 1 if an answer or a file went wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import torch

from gpunit import zoo
from tests.load.visitors import MODEL, Visitor, visit_together
from tests.public.conftest import start_app

MOST_SECONDS = 600
MOST_VISITORS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=16, help=f"at once, at most {MOST_VISITORS}")
    parser.add_argument("--seconds", type=float, default=180, help=f"at most {MOST_SECONDS}")
    parser.add_argument("--warm-up", type=float, default=30, help="seconds before memory counts")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    translator = zoo.load(MODEL, "cpu", "fp32")
    with tempfile.TemporaryDirectory() as folder:
        app = start_app(Path(folder))
        try:
            told = visit_together(
                lambda number, told: Visitor(number, app.address, translator, told),
                min(arguments.visitors, MOST_VISITORS),
                min(arguments.seconds, MOST_SECONDS),
                app.process.pid,
            )
        finally:
            code = app.stop()
        if "Traceback" in app.log.read_text():
            told.errors.append(app.log.read_text()[-2000:])
    print(told.report(arguments.warm_up))
    print(f"the app ended with code {code}")
    sys.exit(1 if told.wrong or told.broken or told.errors or not told.waits else 0)


if __name__ == "__main__":
    main()
