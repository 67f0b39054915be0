from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.progress import Progress

from gpunit.__main__ import app
from gpunit.commands.shared import UsageError, explain, finite, listed, read_folder, reporter


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


def test_spaces_around_the_names_of_a_list_do_not_count() -> None:
    assert listed("cat, dog ,bird") == "cat,dog,bird"
    assert listed("tabby cat") == "tabby cat"
    assert listed(None) is None
    for wrong in ("cat,,dog", "", "cat,", " , "):
        with pytest.raises(typer.BadParameter, match="separated by single commas"):
            listed(wrong)


LISTS = {
    "prior": ["classes"],
    "synthesize": ["classes"],
    "train-prior": ["classes"],
    "distill": ["classes"],
    "train": ["target", "sources", "domains"],
    "evaluate-prior": ["classes"],
}


@pytest.mark.parametrize(("command", "names"), LISTS.items())
def test_every_option_that_takes_a_list_of_names_takes_spaces(command: str, names: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    options = {option.name: option for option in group.commands[command].params}
    with group.commands[command].make_context(command, [], resilient_parsing=True) as context:
        for name in names:
            assert options[name].process_value(context, "dog, bird") == "dog,bird"


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
