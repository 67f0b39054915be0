"""What a killed page leaves is deleted by the next one; what belongs to others stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gpunit.ui.server.own_folder import delete_left, use_own_folder

HOLDER = """
import os, sys
from gpunit.ui.server.own_folder import use_own_folder
use_own_folder()
print(os.environ["GRADIO_TEMP_DIR"], flush=True)
sys.stdin.read()
"""


def start(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process with a folder of its own, and that folder, with a file in it."""
    environment = os.environ | {"GRADIO_TEMP_DIR": str(parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    (folder / "upload.png").write_bytes(b"x")
    return process, folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that kills")
def test_folders_of_killed_processes_go_and_all_others_stay(tmp_path: Path) -> None:
    running, mine = start(tmp_path)
    killed, left = start(tmp_path)
    killed.kill()
    killed.wait(20)
    another = tmp_path / "gpunit-page-of-an-earlier-version"
    another.mkdir()
    assert left.is_dir()
    delete_left(tmp_path)
    assert not left.exists()
    assert (mine / "upload.png").is_file()
    assert another.is_dir()
    running.communicate("")
    assert running.returncode == 0
    assert list(tmp_path.iterdir()) == [another]  # one that ends deletes its own


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "a.png").write_bytes(b"x")
    parent = tmp_path / "tmp"
    parent.mkdir()
    (parent / "gpunit-page-x").symlink_to(kept)
    (parent / ".gpunit-page-x.lock").touch()
    delete_left(parent)
    assert (kept / "a.png").is_file()


def test_without_a_place_to_write_one_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(OSError, match=r"^uploads and results have no place; set TMPDIR"):
        use_own_folder()
