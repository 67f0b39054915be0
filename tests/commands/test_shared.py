from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.progress import Progress

from gpunit.commands.shared import UsageError, explain, finite, read_folder, reporter


def test_an_error_of_the_system_becomes_a_sentence_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "nowhere" / "a.json").write_text("")
    assert explain(caught.value) == (
        f"{tmp_path}/nowhere/a.json: No such file or directory; "
        "check the path, its permissions and the room on the disk, and try again."
    )
    assert explain(UsageError("give a folder.")) == "give a folder."


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_pass(value: float) -> None:
    assert finite(0.5) == 0.5
    with pytest.raises(typer.BadParameter, match="finite"):
        finite(value)


def test_a_task_of_unknown_length_becomes_one_of_known_length() -> None:
    progress = Progress(disable=True)
    show = reporter(progress, "Downloading")
    (task,) = progress.tasks
    show(3, 0)
    assert (task.completed, task.total) == (3, None)
    show(4, 9)
    assert (task.completed, task.total) == (4, 9)


def test_a_folder_is_read_up_to_a_number_of_pictures(folders: Callable[..., list[Path]]) -> None:
    (cats,) = folders("cat", count=3)
    assert read_folder(cats, 32).shape == (3, 3, 32, 32)
    assert read_folder(cats, 32, 2).shape == (2, 3, 32, 32)
    with pytest.raises(UsageError, match="holds one picture"):
        read_folder(cats, 32, 1)
