from __future__ import annotations

import pytest

from gpunit.ui import launch


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--device", "gpu"], "choose one of auto"), (["--precision", "fp64"], "choose one of auto")],
)
def test_what_cannot_work_ends_with_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        launch.main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: ")
    assert sentence in said
    assert said.count("\n") == 1


def test_flags_are_read_from_what_is_given() -> None:
    flags = launch.parse_arguments(["--port", "8000", "--host", "0.0.0.0", "--model-memory", "500"])
    assert (flags.port, flags.host, flags.model_memory, flags.open) == (8000, "0.0.0.0", 500, False)
    assert (flags.device, flags.precision) == ("auto", "auto")


def test_help_names_the_command_and_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        launch.parse_arguments(["--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: gpunit app")
    assert "GPUNIT_CHECKPOINTS" in said
