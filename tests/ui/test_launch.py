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


@pytest.mark.parametrize(
    ("arguments", "variable", "is_on"),
    [([], "", False), ([], "0", False), ([], "1", True), (["--mcp"], "", True), (["--mcp"], "0", True)],
)
def test_agents_are_answered_where_that_is_asked_for(
    arguments: list[str], variable: str, is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPUNIT_MCP", variable)
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    assert launch.parse_arguments(arguments).mcp is is_on


@pytest.mark.parametrize(
    ("host", "environment", "is_allowed"),
    [
        ("127.0.0.1", {}, True),
        ("localhost", {}, True),
        ("::1", {}, True),
        ("0.0.0.0", {}, False),
        ("192.0.2.7", {}, False),
        ("127.0.0.1", {"GRADIO_ROOT_PATH": "/gpunit"}, False),
        ("127.0.0.1", {"SPACE_ID": "someone/space"}, False),
        ("127.0.0.1", {"GPUNIT_NO_DOWNLOADS": "1"}, False),
        ("127.0.0.1", {"GPUNIT_LIVE": "0"}, False),
        ("0.0.0.0", {"GPUNIT_LIVE": "1"}, True),
    ],
)
def test_streams_are_off_where_others_reach_the_page(
    host: str, environment: dict[str, str], is_allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GPUNIT_LIVE", "GPUNIT_NO_DOWNLOADS", "GRADIO_ROOT_PATH", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert launch.allows_live(host) is is_allowed


def test_help_names_the_command_and_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        launch.parse_arguments(["--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: gpunit app")
    assert "GPUNIT_CHECKPOINTS" in said
