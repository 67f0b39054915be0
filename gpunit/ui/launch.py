"""The command line of the app: its flags, the page, and serving it until it is stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gpunit import settings
from gpunit.ui.models import MODEL_BUDGET, Models
from gpunit.ui.page import build_page
from gpunit.ui.server import zero_gpu
from gpunit.ui.server.serving import Server, use_own_folder


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the flags; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are honoured where a flag is not given.

    Args:
        arguments: what follows the program's name; by default what this process was started with.
    """
    parser = argparse.ArgumentParser(
        prog=None if arguments is None else "gpunit app",
        description="GP-UNIT Explorer in the browser.",
        epilog=f"environment variables:\n{settings.described()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on (default: localhost only)")
    parser.add_argument("--port", type=int, help="port (default: the first free one from 7860)")
    parser.add_argument("--device", default="auto", help="cuda, mps, cpu or auto")
    parser.add_argument("--precision", default="auto", help="fp32, bf16, fp16 or auto")
    parser.add_argument(
        "--model-memory",
        type=int,
        default=MODEL_BUDGET >> 20,
        metavar="MB",
        help="what loaded translators may take; the least recently used go first (default: %(default)s)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the page and serve it until it is stopped; what the user can mend ends with one sentence and exit code 2.

    Args:
        arguments: what follows the program's name; by default what this process was started with.
    """
    flags = parse_arguments(arguments)
    host = flags.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    use_own_folder()
    try:
        models = Models(flags.device, flags.precision, flags.model_memory << 20)
        page = zero_gpu.lend_gpu(build_page(models), models)
        server = Server(page, host, flags.port, flags.open)
    except (ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    server.wait()
