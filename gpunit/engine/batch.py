"""Translating a folder, by any number of processes at once, on any number of machines that share the output folder.

Every process takes its own pictures, by number, and waits for no other.  Finished pictures are noted in the output
folder, so that a run that was stopped goes on, with any number of processes:

    settings.json    what makes the results: model, styles, precision; the first process writes it
    manifest.jsonl   a line per picture, in the order of their paths; until all are done, see `engine.parts`
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from gpunit import files, images
from gpunit.engine.parts import PartedTable
from gpunit.engine.provenance import text_of
from gpunit.engine.translator import Translator

SETTINGS, MANIFEST = "settings.json", "manifest.jsonl"
# Set by torchrun and `accelerate launch`, or by MPI; the first that is there counts.
_INDEX = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
_COUNT = ("WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
_ON_MACHINE = ("LOCAL_RANK", "MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_RANK")

Sign = Callable[[Sequence[Image.Image], Image.Image], None]


class FolderError(ValueError):
    """A folder that cannot be translated into; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Share:
    """Which of the processes of a run this one is.

    Attributes:
        index, count: number of this process, from 0, and of all processes.
        on_machine: number of this process on its machine, from 0, which picks its GPU.
    """

    index: int = 0
    count: int = 1
    on_machine: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Share:
        """The share that a launcher's environment variables give; all of the work without a launcher.

        Raises:
            FolderError: if the numbers make no sense.
        """

        def read(names: Sequence[str], default: int) -> int:
            return next((int(environment[name]) for name in names if name in environment), default)

        try:
            share = cls(read(_INDEX, 0), read(_COUNT, 1), read(_ON_MACHINE, 0))
        except ValueError:
            share = cls(count=0)
        if not 0 <= share.index < share.count:
            raise FolderError("RANK and WORLD_SIZE in the environment make no sense; unset them or use a launcher.")
        return share


# Of one process that has no others.
ALL = Share()


@dataclass(frozen=True)
class Record:
    """A line of the manifest.

    Attributes:
        source: path of the picture inside the input folder.
        sha256: of its file.
        results: paths inside the output folder.
        error: why there are no results, in one sentence.
    """

    source: str
    sha256: str
    results: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Summary:
    """How many pictures of a share were translated, were there already, or cannot be read."""

    translated: int
    there: int
    failed: list[Record]


def refuse_inside(source: Path, output: Path) -> None:
    """Stop before results are written among the pictures.

    Raises:
        FolderError: if the output folder is the input folder, or lies inside it or a folder that it links to.
    """
    if images.survey_folder(source).covers(output):
        raise FolderError(f"{output} lies inside {source}; choose an --output outside it.")


def refuse_taken(source: Path, output: Path, count: int) -> None:
    """Stop before a run that begins here would overwrite files that are not its own.

    Args:
        source, output: the folders.
        count: results a picture.

    Raises:
        FolderError: if a result's name is taken, and not by an earlier part of the run.
    """
    if read_settings(output) or not output.is_dir():
        return
    names = [path.relative_to(source).as_posix() for path in images.list_pictures(source)]
    stems = images.result_stems(names, reserved=(SETTINGS, MANIFEST))
    taken = next((path for stem in stems for path in _results(output, stem, count) if path.exists()), None)
    if taken and not read_settings(output):  # another process of this run may have begun meanwhile
        raise FolderError(f"{taken} exists already; choose another --output.")


def _results(output: Path, stem: str, count: int) -> list[Path]:
    return [output / f"{stem}-{index + 1:02d}.png" for index in range(count)]


def agree_on(output: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an output folder: these, unless another process or run was first.

    Raises:
        FolderError: if the folder's settings differ in more than the precision, or are damaged.
    """
    files.write_json_once(output / SETTINGS, dict(settings))
    agreed = read_settings(output)
    if "input" in settings:  # which earlier versions did not note
        agreed.setdefault("input", settings["input"])
    different = [name for name, value in settings.items() if name != "precision" and agreed.get(name) != value]
    if different:
        raise FolderError(
            f"{output} holds results of another {different[0].replace('_', ' ')}; choose another --output."
        )
    return agreed


def read_settings(output: Path) -> dict[str, Any]:
    """The settings of an output folder; empty if it has none.

    Raises:
        FolderError: if the file is damaged.
    """
    path = output / SETTINGS
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return dict(json.loads(text)) if text else {}  # empty while another process is making it
    except (ValueError, TypeError):
        raise FolderError(f"{path} is damaged; choose another --output, or delete it to begin anew.") from None


def read_manifest(output: Path) -> dict[str, Record]:
    """The records of all pictures so far, by path in the input folder; a line that was cut off is passed over."""
    return _records(_table(output))


def _table(output: Path, index: int | None = None) -> PartedTable:
    return PartedTable(output / MANIFEST, "source", index)


def _records(table: PartedTable) -> dict[str, Record]:
    records = {}
    for source, line in table.read().items():
        with contextlib.suppress(TypeError):  # a line of something else
            records[source] = Record(**line)
    return records


def translate_folder(
    translator: Translator,
    styles: Tensor,
    source: Path,
    output: Path,
    share: Share,
    report: Callable[[int, int], None] = lambda done, total: None,
    sign: Sign = lambda results, picture: None,
) -> Summary:
    """Translate this process's share of a folder's pictures, skipping what is finished.

    A picture that cannot be read is noted, and tried again next time.

    Args:
        translator: the model.
        styles: (B, D): as many results a picture.
        source: folder of pictures, subfolders included, whose structure the results keep.
        output: folder of the results, after `agree_on`.
        share: which pictures are this process's.
        report: called with (pictures done, pictures in the share).
        sign: called with (the results, the picture), to let them say how they were made.

    Raises:
        PictureError: if the input folder is missing or holds no picture.
        FolderError: if the output folder lies inside the input folder, whose pictures its results would be.
    """
    refuse_inside(source, output)
    paths = images.list_pictures(source)
    names = [path.relative_to(source).as_posix() for path in paths]
    table = _table(output, share.index)
    known = _records(table)
    stems = images.result_stems(names, _stems_of(known), reserved=(SETTINGS, MANIFEST))
    work = list(zip(paths, names, stems, strict=True))[share.index :: share.count]
    translated, there, failed = 0, 0, []
    with table.writing() as note:
        for done, (path, name, stem) in enumerate(work):
            report(done, len(work))
            try:
                sha256 = files.digest(path)
            except OSError:  # `_translate` says why
                sha256 = ""
            if _is_finished(known.get(name), sha256, output):
                there += 1
                continue
            record = _translate(translator, styles, path, Record(name, sha256), stem, output, sign)
            if record.error:
                failed.append(record)
            else:
                translated += 1
            note(asdict(record))
        report(len(work), len(work))
    table.finish(names)
    return Summary(translated, there, failed)


def _stems_of(records: Mapping[str, Record]) -> dict[str, str]:
    """The stems that pictures with results have: they stay, whatever pictures are added later."""
    return {name: record.results[0].removesuffix("-01.png") for name, record in records.items() if record.results}


def _is_finished(record: Record | None, sha256: str, output: Path) -> bool:
    if record is None or record.error or record.sha256 != sha256:
        return False
    return all((output / result).is_file() for result in record.results)


def _translate(
    translator: Translator, styles: Tensor, path: Path, record: Record, stem: str, output: Path, sign: Sign
) -> Record:
    try:
        picture = images.open_picture(path, name=record.source)
    except images.PictureError as error:
        return Record(record.source, record.sha256, error=str(error))
    results = _results(output, stem, len(styles))
    pictures = translator.render(translator.plan(picture), styles)
    sign(pictures, picture)
    for result, rendered in zip(results, pictures, strict=True):
        files.save_png(rendered, result, pnginfo=text_of(rendered))
    return Record(record.source, record.sha256, [result.relative_to(output).as_posix() for result in results])
