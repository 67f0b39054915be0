"""The command line of the app: its flags, the page, and serving it until it is stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpunit import settings
from gpunit.memory import MODEL_BUDGET
from gpunit.streams import keep_printing
from gpunit.ui.server.addresses import in_brackets, is_private, read_port, require_free, without_proxies
from gpunit.ui.server.own_folder import use_own_folder

if TYPE_CHECKING:
    from gpunit.ui.server.serving import Server


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the flags; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are honoured where a flag is not given.

    Args:
        arguments: what follows the program's name; by default what this process was started with.

    Raises:
        SettingError: for a port that is none.
    """
    parser = argparse.ArgumentParser(
        prog=None if arguments is None else "gpunit app",
        description="GP-UNIT Explorer in the browser.",
        epilog=f"environment variables:\n{settings.described()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on (default: localhost only)")
    parser.add_argument("--port", help="port (default: the first free one from 7860)")
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
    parser.add_argument(
        "--mcp",
        action="store_true",
        default=settings.flag("GPUNIT_MCP"),
        help="offer the page's tools to agents, by MCP at /mcp",
    )
    flags = parser.parse_args(arguments)
    flags.host = flags.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    flags.port = _port(flags.port)
    return flags


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the page and serve it until it is stopped; what the user can mend ends with one sentence and exit code 2.

    Args:
        arguments: what follows the program's name; by default what this process was started with.
    """
    keep_printing()
    try:
        flags = parse_arguments(arguments)
        require_free(flags.host, flags.port)
        server = _serve(flags)
    except (ValueError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    server.wait()


def _port(given: str | None) -> int | None:
    """The port that was asked for, by the flag or as Gradio's own users do; None for the first free one."""
    if given is not None:
        return read_port(given, "--port")
    named = os.environ.get("GRADIO_SERVER_PORT")
    return read_port(named, "GRADIO_SERVER_PORT") if named else None


def allows_live(host: str) -> bool:
    """Whether visitors may have their webcam's stream translated: as GPUNIT_LIVE says, else not on a public host.

    A host is public if others than this machine reach it, also through a proxy, or if it forbids downloads.
    """
    if settings.text("GPUNIT_LIVE"):
        return settings.flag("GPUNIT_LIVE")
    return is_private(host) and not settings.flag("GPUNIT_NO_DOWNLOADS")


def _serve(flags: argparse.Namespace) -> Server:
    use_own_folder()
    with without_proxies():
        # Not before: Gradio reads the environment when it is imported.
        from gpunit.ui.models import Models
        from gpunit.ui.page import build_page
        from gpunit.ui.server import zero_gpu
        from gpunit.ui.server.jobs import MCP
        from gpunit.ui.server.serving import Server

        models = Models(flags.device, flags.precision, flags.model_memory << 20)
        page = zero_gpu.lend_gpu(build_page(models, allows_live(flags.host)), models)
        server = Server(page, in_brackets(flags.host), flags.port, flags.open, flags.mcp)
        if flags.mcp:
            print(f"* MCP endpoint:        {str(page.local_url).rstrip('/')}{MCP}")
        return server
