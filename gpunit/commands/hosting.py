"""space: what a host is given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gpunit.zoo import space as spaces


def space(
    output: Annotated[Path, typer.Argument(help="Folder for the Space's files; made if missing.")],
    name: Annotated[str, typer.Option(help="The Space's, owner/name; it gets a social picture then.")] = "",
    preload: Annotated[
        list[str] | None, typer.Option(help="A translator of the Hub, owner/name, that the Space fetches when built.")
    ] = None,
) -> None:
    """Write the folder of a Hugging Face Space: app, weights, settings, requirements without what it does not use."""
    folder = spaces.write(output, name, preload or ())
    typer.echo(f"{folder} written; upload it with: hf upload {name or 'OWNER/NAME'} {folder} . --repo-type space")
