"""Which files of a folder are a user's pictures, what their results are called, and their squares as batches."""

from __future__ import annotations

import functools
import hashlib
import itertools
import logging
import os
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from gpunit.images.pixels import from_uint8, to_square
from gpunit.images.reading import HEIC_SUFFIXES, PictureError, open_picture, picture_suffixes, printable

# What systems and cameras' programs leave among a user's files, besides all whose names begin with a dot.
_OF_THE_SYSTEM = frozenset(
    {"__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information", "lost+found"}
    | {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
)
_NAMED = 5  # of what is passed over, in messages
_LONGEST_STEM = 255 - len("-00.png")  # file systems allow 255 bytes
_DIGEST_LENGTH = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Survey:
    """What a folder and its subfolders hold.

    Attributes:
        root: the folder.
        pictures: the user's pictures, sorted by path; links that lead nowhere are among them if named like pictures.
        hidden: files and folders that are hidden or a system's; what lies in them is not looked at.
        others: files of no format that is read, and what is neither file nor folder (pipes, devices).
        closed: subfolders that cannot be opened.
        folders: every folder that was looked into, links followed.
    """

    root: Path
    pictures: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    folders: set[Path] = field(default_factory=set)

    def covers(self, path: Path) -> bool:
        """Whether a path lies in one of the folders, links followed: what is written there would be found in them."""
        real = path.resolve()
        return any(folder == real or folder in real.parents for folder in self.folders)

    def left_out(self) -> str:
        """What was passed over, counted and named in one sentence; empty if nothing was."""
        parts = []
        if self.others:
            parts.append(f"{_counted(self.others, 'file that is no picture')} ({self._listed(self.others)})")
        if self.hidden:
            parts.append(_counted(self.hidden, "hidden or system file"))
        if self.closed:
            parts.append(f"{_counted(self.closed, 'folder that cannot be opened')} ({self._listed(self.closed)})")
        if not parts:
            return ""
        has_heic = any(path.suffix.lower() in HEIC_SUFFIXES for path in self.others)
        advice = "; HEIC is read once pillow-heif is installed (pip install pillow-heif)" if has_heic else ""
        return f"{printable(str(self.root))}: passed over {' and '.join(parts)}{advice}."

    def _listed(self, paths: Sequence[Path]) -> str:
        names = [printable(path.relative_to(self.root).as_posix()) for path in paths[:_NAMED]]
        return ", ".join([*names, "…"] if len(paths) > _NAMED else names)


def survey_folder(folder: str | os.PathLike[str]) -> Survey:
    """Look through a folder and its subfolders for the user's pictures: the one rule of what is a picture.

    A picture is a file whose suffix is one of `picture_suffixes`.  Hidden files and folders, and those that systems
    make (`__MACOSX`, `@eaDir`, `Thumbs.db`), are passed over.  Linked subfolders are followed, but no folder is
    looked into twice, and none that the folder itself lies in.

    Raises:
        PictureError: if the folder is missing or cannot be opened.
    """
    root = Path(folder)
    if not root.is_dir():
        raise PictureError(f"{printable(str(root))}: there is no such folder.")
    found = Survey(root)
    suffixes = picture_suffixes()
    seen = set(root.resolve().parents)
    ahead, links = deque([root]), deque[Path]()
    while ahead or links:
        # Links come last, so that a folder is met at its own place first.
        here = ahead.popleft() if ahead else links.popleft()
        real = here.resolve()
        if real in seen:
            continue
        seen.add(real)
        found.folders.add(real)
        for entry in _entries(here, found):
            path = here / entry.name
            if entry.name.startswith(".") or entry.name.casefold() in _OF_THE_SYSTEM:
                found.hidden.append(path)
            elif _is(entry.is_dir):
                (links if entry.is_symlink() else ahead).append(path)
            elif path.suffix.lower() in suffixes and (_is(entry.is_file) or not _is(path.exists)):
                found.pictures.append(path)
            else:
                found.others.append(path)
    for paths in (found.pictures, found.others, found.hidden, found.closed):
        paths.sort()
    return found


def _entries(folder: Path, found: Survey) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; nothing, and a note, if it cannot be opened."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if folder == found.root:
            name = printable(str(folder))
            raise PictureError(
                f"{name}: the folder cannot be opened ({error.strerror}); check its permissions."
            ) from None
        found.closed.append(folder)
        return []


def _counted(paths: Sequence[Path], what: str) -> str:
    """How many there are, such as "1 file that is no picture" or "2 files that are no pictures"."""
    noun, that, rest = what.partition(" that ")
    if len(paths) == 1:
        return f"1 {what}"
    return f"{len(paths)} {noun}s{that}{rest.replace('is no picture', 'are no pictures')}"


def _is(question: Callable[[], bool]) -> bool:
    """The answer about a file; no where it cannot be asked (permissions, a link to itself)."""
    try:
        return question()
    except OSError:
        return False


def list_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """The picture files of a folder and its subfolders, sorted by path; see `survey_folder`.

    What is passed over is said once, as a warning of this module's log: on stderr, unless a program sets that up.

    Raises:
        PictureError: if the folder is missing or holds no picture.
    """
    survey = survey_folder(folder)
    if not survey.pictures:
        wanted = ", ".join(picture_suffixes())
        raise PictureError(f"{folder}: the folder holds no pictures ({wanted}). {survey.left_out()}".strip())
    if said := survey.left_out():
        _warn(said)
    return survey.pictures


@functools.cache  # commands list a folder several times
def _warn(sentence: str) -> None:
    _log.warning("%s", sentence)


def result_stems(
    sources: Sequence[str], kept: Mapping[str, str] | None = None, reserved: Collection[str] = ()
) -> list[str]:
    """Paths of pictures' results, without the number and suffix that follow; no two are one file on any file system.

    A picture's result has its name without suffix; with it, where two pictures would share one; then a number.  Large
    and small letters, and composed and decomposed accents, are the same: some file systems do not tell them apart.
    Names too long for a result are cut off and get a digest.

    Args:
        sources: paths of the pictures in their folder, with slashes.
        kept: stems that pictures already have, which stay.
        reserved: names of files beside the results.

    Examples:
        >>> result_stems(["a.jpg", "dog.jpg", "dog.png"])
        ['a', 'dog.jpg', 'dog.png']
    """
    kept = kept or {}
    full = [_beside(source, reserved) for source in sources]
    stems = [str(PurePosixPath(source).with_suffix("")) for source in full]
    of_full, of_stems = Counter(map(_key, full)), Counter(map(_key, stems))
    taken = {*map(_key, kept.values()), *_stems_of_folders(full)}
    names = []
    for given, source, stem in zip(sources, full, stems, strict=True):
        if given in kept:
            names.append(kept[given])
            continue
        single = [name for name, among in ((stem, of_stems), (source, of_full)) if among[_key(name)] == 1]
        numbered = (f"{stem}-{number}" for number in itertools.count(2))
        candidates = map(_shortened, itertools.chain(single or [stem], numbered))
        name = next(name for name in candidates if _key(name) not in taken)
        taken.add(_key(name))
        names.append(name)
    return names


def result_paths(
    folder: str | os.PathLike[str], pictures: Sequence[Path], results: str | os.PathLike[str]
) -> list[Path]:
    """Where a command that makes one PNG of every picture puts it: under the names of `result_stems`.

    Args:
        folder: that the pictures lie in.
        pictures: all of its pictures, whose names decide on each other's.
        results: folder of the results.
    """
    stems = result_stems([path.relative_to(folder).as_posix() for path in pictures])
    return [Path(results) / f"{stem}.png" for stem in stems]


def _key(name: str) -> str:
    """A name as the least exact file system sees it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _beside(source: str, reserved: Collection[str]) -> str:
    """A picture's path with another folder at its start where that has the name of a file beside the results."""
    first, slash, rest = source.partition("/")
    return f"{first}_/{rest}" if slash and _key(first) in map(_key, reserved) else source


def _stems_of_folders(sources: Sequence[str]) -> set[str]:
    """Stems whose results would have the name of a folder of other results."""
    folders = {_key(str(folder)) for source in sources for folder in PurePosixPath(source).parents}
    ended = {folder.removesuffix(".png") for folder in folders if folder.endswith(".png")}
    return ended | {stem[:-3] for stem in ended if re.search(r"-\d\d$", stem)}


def _shortened(name: str) -> str:
    """A stem whose last part is short enough for a result's name."""
    folder, slash, last = name.rpartition("/")
    raw = os.fsencode(last)
    if len(raw) <= _LONGEST_STEM:
        return name
    digest = hashlib.sha256(raw).hexdigest()[:_DIGEST_LENGTH]
    start = raw[: _LONGEST_STEM - _DIGEST_LENGTH - 1].decode(errors="ignore")
    return f"{folder}{slash}{start}-{digest}"


def load_square(path: Path, size: int) -> Tensor:
    """The centre square of a picture file as a tensor (3, size, size) uint8.

    Raises:
        PictureError: if the file cannot be used; see `open_picture`.
    """
    return to_square(open_picture(path), size)


def read_batches(
    folder: str | os.PathLike[str], size: int, limit: int | None = None, batch: int = 32
) -> Iterator[Tensor]:
    """The centre squares of a folder's pictures in the order of their paths, as batches, one in memory at a time.

    Args:
        folder: with its subfolders.
        size: side of the squares in pixels.
        limit: read only this many pictures, spread evenly over the folder, because its first ones may all be of one
            kind.
        batch: B, pictures at a time; the last batch may be smaller.

    Yields:
        (B, 3, size, size) float32 in [-1, 1].

    Raises:
        PictureError: if the folder holds no picture, or one that cannot be used.
    """
    yield from read_squares(spread_pictures(folder, limit), size, batch)


def spread_pictures(folder: str | os.PathLike[str], limit: int | None = None) -> list[Path]:
    """The paths of a folder's pictures, at most `limit` of them, spread evenly over the folder; see `read_batches`."""
    paths = list_pictures(folder)
    count = len(paths) if limit is None else min(limit, len(paths))
    return [paths[place * len(paths) // count] for place in range(count)]


def read_squares(paths: Sequence[Path], size: int, batch: int = 32) -> Iterator[Tensor]:
    """The centre squares of pictures, as batches (B, 3, size, size) in [-1, 1], one in memory at a time."""
    for start in range(0, len(paths), batch):
        yield from_uint8(torch.stack([load_square(path, size) for path in paths[start : start + batch]]))
