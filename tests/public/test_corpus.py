"""Whatever file comes: it is translated, or refused in one sentence that says what to do."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gpunit import images, zoo
from gpunit.__main__ import main
from gpunit.engine.translator import Translator
from gpunit.images import PictureError
from tests.public.corpus import Case, corpus

WAY_OUT = re.compile(
    r"try again|make it smaller|save it|check |give |choose |send |use |upload |download |export |see |wait |set ", re.I
)


def is_sentence(text: str) -> bool:
    """One line that ends with a full stop, shows no internals and names a way out."""
    return bool(
        text.endswith(".")
        and "\n" not in text
        and "Traceback" not in text
        and "<class" not in text
        and WAY_OUT.search(text)
    )


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, Path]]:
    """The corpus as files."""
    made = []
    for number, case in enumerate(corpus()):
        path = tmp_path_factory.getbasetemp() / "corpus" / str(number) / case.name
        path.parent.mkdir(parents=True)
        path.write_bytes(case.content)
        made.append((case, path))
    return made


def judge(case: Case, refusal: str | None) -> None:
    if refusal is not None:
        assert is_sentence(refusal), f"{case.name!r}: {refusal!r}"
    if case.accepted is not None:
        assert (refusal is None) == case.accepted, f"{case.name!r}: {refusal or 'accepted'}"


def test_the_corpus_is_large_and_has_both_kinds() -> None:
    expected = Counter(case.accepted for case in corpus())
    assert expected.total() >= 200
    assert min(expected[True], expected[False], expected[None]) >= 40
    assert len({case.name for case in corpus()}) >= 200


def test_every_file_is_read_or_refused_in_a_sentence(cases: list[tuple[Case, Path]]) -> None:
    read = 0
    for case, path in cases:
        try:
            picture = images.open_picture(path)
        except PictureError as error:
            judge(case, str(error))
            continue
        assert picture.mode == "RGB"
        assert images.cut(picture, 32).size == (32, 32)
        judge(case, None)
        read += 1
    assert read >= 100


def test_the_command_line_translates_or_refuses(
    cases: list[tuple[Case, Path]],
    tiny: Translator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(zoo, "load", lambda *_: tiny)

    def translate(output: Path, *paths: Path) -> str | None:
        """None, or the refusal."""
        options = ("--model", "to-cat", "--count", "1", "--output", output, "--", *paths)
        monkeypatch.setattr(sys, "argv", ["gpunit", "translate", *map(str, options)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().err
        assert "Traceback" not in said
        if not ended.value.code:
            assert len(list(output.glob("*-01.png"))) == len(paths)
            return None
        assert ended.value.code == 2
        assert not output.exists()
        return said.strip().splitlines()[-1].removeprefix("Error: ")

    # What must be taken is taken together, which is faster; everything else comes alone.
    good = [path for case, path in cases if case.accepted]
    assert translate(tmp_path / "good", *good) is None
    for number, (case, path) in enumerate(cases):
        if not case.accepted:
            judge(case, translate(tmp_path / str(number), path))


@pytest.mark.parametrize(
    "arguments",
    [
        ("translate", "{picture}", "--model", "to-cat", "--output", "{new}", "--temperature", "nan"),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{new}", "--temperature", "inf"),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{new}", "--seed", "9" * 30),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{new}", "--seed", "-1"),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{new}", "--count", "1000000"),
        ("translate", "{picture}", "--model", "../../etc/passwd", "--output", "{new}"),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{picture}"),
        ("translate", "{picture}", "--model", "to-cat", "--output", "{picture}/below"),
        ("translate", "x" * 5000, "--model", "to-cat", "--output", "{new}"),
        ("translate", "{folder}/missing.png", "--model", "to-cat", "--output", "{new}"),
        ("translate", "nul\0l.png", "--model", "to-cat", "--output", "{new}"),
        ("translate", "/dev/zero", "--model", "to-cat", "--output", "{new}"),
        ("translate", "half\udc80.png", "--model", "to-cat", "--output", "{new}"),
        ("prior", "--output", "{new}/a.png", "--truncation", "nan"),
        ("prior", "--output", "{new}/a.png", "--seed", "1" * 40),
        ("prior", "--output", "{new}/a.png", "--prior", "/etc"),
        ("synthesize", "--output", "{new}", "--minimum-score", "nan"),
        ("synthesize", "--output", "{new}", "--truncations", "nan"),
        ("export", "../secrets", "--output", "{new}"),
        ("download", "../../evil", "--accept-licence"),
    ],
    ids=lambda arguments: " ".join(arguments)[:60].encode("ascii", "replace").decode(),
)
def test_bad_arguments_end_with_a_sentence(
    arguments: tuple[str, ...],
    cases: list[tuple[Case, Path]],
    tiny: Translator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names: dict[str, Callable[[], object]] = {
        "{picture}": lambda: cases[0][1],
        "{new}": lambda: tmp_path / "new",
        "{folder}": lambda: tmp_path,
    }
    filled = list(arguments)
    for name, value in names.items():
        filled = [argument.replace(name, str(value())) for argument in filled]
    monkeypatch.setattr(sys, "argv", ["gpunit", *filled])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert "Traceback" not in said
    assert not (tmp_path / "new").exists()
    if said.startswith("Error: "):
        assert is_sentence(said.removeprefix("Error: ").strip()), said
    else:
        assert "Invalid value" in said  # the option's own words, in a frame
