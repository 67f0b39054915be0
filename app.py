"""GP-UNIT Explorer: `python app.py`, then open the address it prints.  Also the entry point on Hugging Face Spaces."""

from __future__ import annotations

import argparse
import os

import gradio as gr

from gpunit.images import MAX_BYTES
from gpunit.ui.page import build_page
from gpunit.ui.shared import MODEL_BUDGET, Models
from gpunit.ui.theme import CSS, THEME


def parse_arguments() -> argparse.Namespace:
    """Command-line flags; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT are honoured where a flag is not given."""
    parser = argparse.ArgumentParser(description="GP-UNIT Explorer in the browser.")
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
    return parser.parse_args()


def main() -> None:
    """Build the page and serve it."""
    arguments = parse_arguments()
    page: gr.Blocks = build_page(Models(arguments.device, arguments.precision, arguments.model_memory << 20))
    page.queue(default_concurrency_limit=4, max_size=64).launch(
        server_name=arguments.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        server_port=arguments.port,
        inbrowser=arguments.open,
        max_file_size=MAX_BYTES,
        theme=THEME,
        css=CSS,
        ssr_mode=False,
    )


if __name__ == "__main__":
    main()
