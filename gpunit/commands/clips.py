"""translate, where it is given clips: every clip becomes one in each style."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import typer

from gpunit import files, images
from gpunit.commands.request import Request
from gpunit.commands.shared import OTHER_OUTPUT, counting, reporter
from gpunit.engine.clips import translate_frames

# A GIF is a picture, its first frame, to all commands.
CLIPS = tuple(suffix for suffix in images.CLIP_SUFFIXES if suffix != ".gif")


def translate_clips(paths: list[Path], output: Path, request: Request, device: str, precision: str) -> None:
    """All clips in all styles, as MP4.

    Raises:
        ClipError: if one of them cannot be read; nothing is written then.
        FileExistsError: if a result would take the place of a file.
    """
    stems = images.result_stems([path.name for path in paths])
    planned = [[output / f"{stem}-{i + 1:02d}.mp4" for i in range(len(request.headings))] for stem in stems]
    files.refuse_existing(*(path for row in planned for path in row), advice=OTHER_OUTPUT)
    clips = [images.open_clip(path) for path in paths]
    translator, signature = request.load(device, precision)
    styles = request.styles_of(translator, signature)
    start, count = time.perf_counter(), 0
    with counting() as progress:
        for clip, targets in zip(clips, planned, strict=True):
            for code, target in zip(styles.codes[styles.chosen].split(1), targets, strict=True):
                report, frames = reporter(progress, target.name), clip.frames()
                with (
                    closing(frames),
                    files.written_beside(target, replaces=False) as partial,
                    images.ClipWriter(partial, clip.rate, ".mp4") as writer,
                ):
                    results = translate_frames(translator, frames, code, request.crop)
                    for number, picture in enumerate(results, start=1):
                        writer.add(picture)
                        report(number, max(number, clip.count))
                count += 1
    typer.echo(f"{count} clips in {output} ({time.perf_counter() - start:.1f} s)")
