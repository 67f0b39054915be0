"""The environment variables that this project reads, in one place: their names, defaults and meanings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

PACKAGE = Path(__file__).resolve().parent
# Where assets/ and checkpoints/ lie: in an installed package a folder of its own, in a checkout the repository.
_BUNDLED = PACKAGE / "_bundled"
IS_INSTALLED = _BUNDLED.is_dir()
ROOT = _BUNDLED if IS_INSTALLED else PACKAGE.parent


class SettingError(ValueError):
    """An environment variable that cannot be used; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Variable:
    """One environment variable.

    Attributes:
        default: what holds where it is not set, or empty.
        meaning: for people.
    """

    default: str
    meaning: str


VARIABLES: Mapping[str, Variable] = {
    "GPUNIT_CHECKPOINTS": Variable(
        "", "folder of all weights, in place of checkpoints/ beside app.py: copy that first"
    ),
    "GPUNIT_CACHE": Variable("", "folder of what is found once and kept, in place of the user's cache folder"),
    "GPUNIT_MIRROR": Variable("", "where weights are looked for first: a folder's address, or owner/name of the Hub"),
    "GPUNIT_NO_DOWNLOADS": Variable("0", "1 keeps visitors of the page from downloading models"),
    "GPUNIT_LIVE": Variable(
        "",
        "1 lets visitors translate their webcam's stream, 0 does not; unset, only where no one else reaches the page",
    ),
    "GPUNIT_MCP": Variable("0", "1 offers the page's tools to agents, by MCP at /mcp, as --mcp does"),
    "GPUNIT_QUEUE_SIZE": Variable("64", "jobs that may wait in all; further ones are refused until there is room"),
    "GPUNIT_JOBS_PER_VISITOR": Variable("24", "jobs that one open page may have waiting; one click can start six"),
    "GPUNIT_JOBS_PER_ADDRESS": Variable("48", "jobs that may wait from one address, whatever pages they are of"),
    "GPUNIT_FILES_MINUTES": Variable("120", "how long uploads and results are kept after they were last asked for"),
    "GPUNIT_FILES_MB": Variable("4096", "what uploads and results may take together; the least recently used go first"),
    "GPUNIT_SHUTDOWN_SECONDS": Variable("30", "how long a stop waits for the jobs in hand"),
}


def text(name: str) -> str:
    """A variable as it is set, or its default."""
    return os.environ.get(name) or VARIABLES[name].default


def flag(name: str) -> bool:
    """Whether a variable is set to anything but 0."""
    return text(name) not in ("", "0")


def number(name: str) -> int:
    """A variable that is a whole number from 1 on.

    Raises:
        SettingError: if it is set to anything else.
    """
    given = text(name)
    if not (given.isascii() and given.isdigit() and int(given) > 0):
        raise SettingError(
            f"{name} must be a whole number from 1 on, not {given!r}; it says {VARIABLES[name].meaning}."
        )
    return int(given)


def checkpoint_folders() -> tuple[Path, ...]:
    """The folders of weights: the first takes downloads, and a file that is missing there is looked for in the next.

    GPUNIT_CHECKPOINTS names the only one.  A checkout has checkpoints/; an installed package reads its bundled
    weights where they were installed and keeps downloads in the user's data folder (on Linux
    ~/.local/share/gpunit-explorer/checkpoints).
    """
    if named := text("GPUNIT_CHECKPOINTS"):
        return (Path(named),)
    bundled = ROOT / "checkpoints"
    if IS_INSTALLED:
        return user_data_path("gpunit-explorer", appauthor=False) / "checkpoints", bundled
    return (bundled,)


def cache_folder() -> Path:
    """The folder of what can be found again, which may be deleted: GPUNIT_CACHE, or the user's (~/.cache on Linux)."""
    return Path(text("GPUNIT_CACHE") or user_cache_path("gpunit-explorer", appauthor=False))


def install_command(extra: str = "") -> str:
    """The command that installs what is missing: all that the app needs, or what one of the package's extras adds."""
    if IS_INSTALLED:
        return f'pip install "gpunit-explorer[{extra}]"' if extra else "pip install gpunit-explorer"
    return f"pip install -r requirements-{extra}.txt" if extra else "pip install -r requirements.txt"


def described() -> str:
    """All variables with their defaults and meanings, one a line."""
    width = max(map(len, VARIABLES))
    return "\n".join(
        f"  {name:{width}}  {variable.meaning}" + (f"; by default {variable.default}" if variable.default else "")
        for name, variable in VARIABLES.items()
    )
