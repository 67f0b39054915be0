"""`models` and `download`."""

from __future__ import annotations

from tests.commands.test_translation import gpunit


def test_models_lists_bundled_and_published_ones_with_their_licence() -> None:
    answer = gpunit("models")
    assert answer.returncode == 0
    assert "to-cat" in answer.stdout
    assert "non-commercial" in answer.stdout
    assert answer.stdout.count("S-Lab") == 17


def test_nothing_is_downloaded_before_the_licence_is_agreed_to() -> None:
    answer = gpunit("download", "dog2cat")  # nobody is there to answer the question
    assert answer.returncode == 2
    assert "S-Lab" in answer.stderr
    assert "--accept-licence" in answer.stderr
