"""What is a picture of the user's, and what its results are called."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunit import images
from gpunit.images import FORMATS, PictureError, list_pictures, picture_suffixes, result_stems, survey_folder
from tests.conftest import blobs

SYSTEM_JUNK = (
    ".DS_Store",
    "._a.jpg",
    "Thumbs.db",
    "desktop.ini",
    "__MACOSX/._a.jpg",
    "__MACOSX/b.jpg",
    "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
    ".thumbnails/a.jpg",
    "deep/.hidden.png",
)


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in list_pictures(root)]


def test_what_systems_leave_is_passed_over_and_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "deep/b.PNG", *SYSTEM_JUNK)
    assert found(tmp_path) == ["a.jpg", "deep/b.PNG"]
    survey = survey_folder(tmp_path)
    # A hidden folder counts once.
    assert len(survey.hidden) == 8
    assert "passed over 8 hidden or system files" in survey.left_out()


def test_a_hidden_folder_that_is_named_itself_is_looked_into(tmp_path: Path) -> None:
    put(tmp_path / ".cache" / "@eaDir", "a.jpg")
    assert found(tmp_path / ".cache" / "@eaDir") == ["a.jpg"]


@pytest.mark.parametrize("suffix", [suffix for suffixes in FORMATS.values() for suffix in suffixes])
def test_every_format_that_is_read_is_found_in_folders(tmp_path: Path, suffix: str) -> None:
    kind = next(kind for kind, suffixes in FORMATS.items() if suffix in suffixes)
    try:
        blobs(1, 24, 16).save(tmp_path / f"a{suffix}", "PNG" if suffix == ".pfm" else kind)
    except (KeyError, OSError):
        pytest.skip(f"Pillow has no writer of {kind} here")
    assert found(tmp_path) == [f"a{suffix}"]
    assert images.open_picture(list_pictures(tmp_path)[0]).size == (24, 16)


def test_what_is_no_picture_is_counted_and_named(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "notes.txt", "deep/clip.mp4")
    said = survey_folder(tmp_path).left_out()
    assert "2 files that are no pictures (deep/clip.mp4, notes.txt)" in said
    put(tmp_path, *(f"{number}.txt" for number in range(1000)))
    said = survey_folder(tmp_path).left_out()
    assert "1002 files that" in said
    assert len(said) < 400


def test_listing_a_folder_says_once_what_was_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, "a.jpg", "notes.txt")
    for _ in range(3):
        list_pictures(tmp_path)
    assert [record.getMessage() for record in caplog.records] == [survey_folder(tmp_path).left_out()]


def test_where_nothing_is_passed_over_nothing_is_said(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "deep/b.png")
    assert survey_folder(tmp_path).left_out() == ""


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt", "._a.jpg")
    with pytest.raises(PictureError, match=r"holds no pictures \(\.png, .*notes\.txt.*1 hidden"):
        list_pictures(tmp_path)


def test_linked_subfolders_are_followed_and_none_is_met_twice(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    put(root, "a.png", "deep/b.png")
    put(elsewhere, "c.png", "d.txt")
    for name, target in {
        "linked": elsewhere,
        "again": root / "deep",
        "itself": root,
        "deep/up": root,
        "above": tmp_path,
        "away": tmp_path / "nowhere",
    }.items():
        (root / name).symlink_to(target, target_is_directory=True)
    (elsewhere / "back").symlink_to(root)
    (root / "loop").symlink_to(root / "loop")
    assert found(root) == ["a.png", "deep/b.png", "linked/c.png"]
    assert survey_folder(root).covers(elsewhere / "new" / "results")
    assert survey_folder(root).covers(root)
    assert not survey_folder(root).covers(tmp_path / "out")


def test_a_link_that_leads_nowhere_is_a_picture_if_named_like_one(tmp_path: Path) -> None:
    """So that it is reported like a picture that cannot be read."""
    put(tmp_path, "a.jpg")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert found(tmp_path) == ["a.jpg", "gone.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_passed_over_and_named(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "z.jpg")
    assert found(tmp_path) == ["a.jpg"]
    assert "(z.jpg)" in survey_folder(tmp_path).left_out()
    with pytest.raises(PictureError, match="no ordinary file"):
        images.open_picture(tmp_path / "z.jpg")


def test_a_subfolder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.jpg", "closed/b.jpg")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path) == ["a.jpg"]
    assert "1 folder that cannot be opened (closed)" in survey_folder(tmp_path).left_out()
    with pytest.raises(PictureError, match=r"cannot be opened.*check its permissions"):
        list_pictures(tmp_path / "closed")


def test_heic_is_found_where_its_reader_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.jpg", "IMG_1.HEIC")
    monkeypatch.setattr("gpunit.images.reading._formats", lambda: FORMATS)
    assert found(tmp_path) == ["a.jpg"]
    assert "pip install pillow-heif" in survey_folder(tmp_path).left_out()
    monkeypatch.setattr("gpunit.images.reading._formats", lambda: {**FORMATS, "HEIF": (".heic",)})
    assert found(tmp_path) == ["IMG_1.HEIC", "a.jpg"]


@pytest.mark.parametrize(
    ("sources", "stems"),
    [
        (["a.jpg", "deep/a.jpg"], ["a", "deep/a"]),
        (["b.jpg", "b.png", "c.png"], ["b.jpg", "b.png", "c"]),
        (["dog.jpg", "dog.jpg.png", "dog.png"], ["dog.jpg", "dog.jpg.png", "dog.png"]),
        (["Dog.jpg", "dog.png"], ["Dog.jpg", "dog.png"]),
        (["Dog.jpg", "dog.jpg"], ["Dog", "dog-2"]),
        (["dog.jpg", "dog.jpg", "dog-2.jpg"], ["dog", "dog-2", "dog-2.jpg"]),
        (["a.jpg", "a-01.png/b.jpg"], ["a.jpg", "a-01.png/b"]),
        (["a.jpg", "a.png/b.jpg"], ["a.jpg", "a.png/b"]),
        (["settings.json/a.jpg", "settings.json.jpg"], ["settings.json_/a", "settings.json"]),
    ],
)
def test_names_of_results(sources: list[str], stems: list[str]) -> None:
    assert result_stems(sources, reserved=("settings.json",)) == stems


def test_accents_composed_and_not_get_two_results() -> None:
    composed = unicodedata.normalize("NFC", "é.jpg")
    decomposed = unicodedata.normalize("NFD", "é.jpg")
    first, second = result_stems([composed, decomposed])
    assert unicodedata.normalize("NFC", first) != unicodedata.normalize("NFC", second)


# Few letters, so that names clash; long ones, and such as a result would have.
NAMES = st.builds(
    str.__add__,
    st.one_of(
        st.sampled_from(["a", "A", "a-01", "a.jpg", "é", "e\u0301", "猫" * 82, "猫" * 81 + "a"]),
        st.text("ab", min_size=1),
    ),
    st.sampled_from([".jpg", ".png", ".JPG", ".jpg.png", "-01.png"]),
)
FOLDERS = st.sampled_from(["", "a.png/", "a-01.png/", "A/", "a/", "settings.json/"])
SOURCES = st.lists(st.builds(str.__add__, FOLDERS, NAMES), min_size=1, max_size=12, unique=True)


def files_of(stems: list[str], *endings: str) -> list[str]:
    """The results' files as the least exact file system sees them."""
    files = [f"{stem}{ending}" for stem in stems for ending in endings]
    return [unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()) for name in files]


@pytest.mark.parametrize("endings", [("-01.png", "-02.png"), (".png",)], ids=["translations", "maps"])
@given(SOURCES)
def test_no_two_results_are_one_file(endings: tuple[str, ...], sources: list[str]) -> None:
    stems = result_stems(sources, reserved=("settings.json",))
    names = files_of(stems, *endings)
    assert len(set(names)) == len(names)
    above = {"/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1)}
    assert not above & {*names, "settings.json"}
    assert all(len(os.fsencode(part)) <= 255 for stem in stems for part in f"{stem}-99.png".split("/"))
    for source, stem in zip(sources, stems, strict=True):
        assert stem.split("/")[0].removesuffix("_") == source.split("/")[0] or "/" not in source


@given(SOURCES, st.data())
def test_processes_that_start_at_different_times_agree(sources: list[str], data: st.DataObject) -> None:
    """What some have finished keeps its name, and all others get the names that they would have had."""
    stems = result_stems(sources)
    names = dict(zip(sources, stems, strict=True))
    done = data.draw(st.sets(st.sampled_from(sources)))
    assert result_stems(sources, {name: names[name] for name in done}) == stems


@given(SOURCES, SOURCES)
def test_what_is_added_later_takes_no_name_that_is_in_use(first: list[str], later: list[str]) -> None:
    kept = dict(zip(first, result_stems(first), strict=True))
    everything = sorted({*first, *later})
    stems = result_stems(everything, kept)
    assert all(stem == kept[name] for name, stem in zip(everything, stems, strict=True) if name in kept)
    results = files_of(stems, "-01.png", "-02.png")
    assert len(set(results)) == len(results)


TREE = st.lists(
    st.builds(
        "/".join,
        st.lists(
            st.sampled_from(["a.jpg", "b", ".b", "__MACOSX", "._a.jpg", "猫", "c.txt", "@eaDir"]),
            min_size=1,
            max_size=3,
        ),
    ),
    max_size=12,
    unique=True,
)


@given(TREE)
def test_every_file_of_a_tree_is_a_picture_or_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, tree: list[str]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    put(root, "always.png")
    for name in tree:
        path = root / name
        if not path.exists() and all(parent.is_dir() or not parent.exists() for parent in path.parents):
            put(root, name)
    survey = survey_folder(root)
    accounted = {*survey.pictures, *survey.others, *survey.hidden}
    for path in (path for path in root.rglob("*") if path.is_file()):
        assert len(accounted & {path, *path.parents}) == 1
    assert all(not part.startswith(".") for path in survey.pictures for part in path.relative_to(root).parts)
    assert all(path.suffix in picture_suffixes() for path in survey.pictures)
    assert bool(survey.left_out()) == bool(survey.others or survey.hidden)
