"""What downloads on the page share: their progress, how one is cancelled, and failures as notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gradio as gr
from gradio.context import LocalContext

from gpunit.ui.i18n import notice
from gpunit.ui.models import downloads_allowed
from gpunit.zoo.fetching import CancelledError, DownloadError

# Who is downloading what: (session, name) -> set once the visitor cancels it.
_cancelled: dict[tuple[str, str], threading.Event] = {}


@contextmanager
def downloading(name: str, progress: gr.Progress) -> Iterator[Callable[[str, int, int], None]]:
    """Inside, what a download reports to: (file, bytes so far, bytes in all; 0 where unknown).

    Raises:
        gr.Error: if the host forbids downloads, if the download fails or is cancelled, or nothing can be kept here.
    """
    require_downloads()
    key = (_session(), name)
    cancelled = _cancelled[key] = threading.Event()

    def report(file: str, done: int, total: int) -> None:
        if cancelled.is_set():
            raise CancelledError(notice("download_cancelled"))
        progress(done / total if total else 0, desc=f"{file}: {done / 1e6:.0f} MB")

    try:
        yield report
    except DownloadError as error:
        raise gr.Error(str(error), print_exception=False) from None
    except OSError as error:  # a folder that cannot be written, a full disk
        raise gr.Error(
            f"The model cannot be kept on this machine ({error.strerror}): set GPUNIT_CHECKPOINTS to a copy "
            "of checkpoints/ that has room and can be written.",
            print_exception=False,
        ) from None
    finally:
        _cancelled.pop(key, None)


def require_downloads() -> None:
    """Refuse where the host forbids downloads.

    Raises:
        gr.Error: in that case.
    """
    if not downloads_allowed():
        raise gr.Error(
            "Downloads are switched off on this host; run the app yourself to use the published models.",
            print_exception=False,
        )


def cancel(name: str) -> None:
    """End the visitor's own download of that name, if there is one; what came is kept for the next try."""
    if event := _cancelled.get((_session(), name)):
        event.set()


def _session() -> str:
    request = LocalContext.request.get(None)
    return str(getattr(request, "session_hash", "") or "")
