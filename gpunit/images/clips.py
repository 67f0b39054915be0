"""Short clips: files become frames, one in memory at a time, and frames become files.

Uploads are read by ffmpeg, which knows hundreds of formats, and among them playlists that make it open other files and
addresses.  So a file's first bytes say which of three readers it gets, and no other is tried.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from gpunit.images.reading import MAX_BYTES, PictureError, printable

CLIP_SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".gif")
MOST_SECONDS = 10.0
MOST_RATE = 15.0
MOST_FRAME_PIXELS = 4096 * 2304
# What a clip may be longer than it says; containers round.
_SLACK_SECONDS = 0.5
_ADVICE = "save it as MP4, WebM or GIF and try again"


class ClipError(PictureError):
    """A clip that cannot be used; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Clip:
    """A clip that can be read.

    Attributes:
        path: of the file.
        name: what messages call it.
        width, height: of its frames, upright.
        rate: frames a second that are read; the file may hold more.
        seconds: how long it is; 0 where the file does not say.
    """

    path: Path
    name: str
    width: int
    height: int
    rate: float
    seconds: float

    @property
    def count(self) -> int:
        """About how many frames there are; the most that are read where the file does not say."""
        return max(1, round((self.seconds or MOST_SECONDS) * self.rate))

    def frames(self) -> Generator[Image.Image, None, None]:
        """The frames, upright 8-bit RGB.

        Raises:
            ClipError: if the file is damaged, or longer than it says and than `MOST_SECONDS`.
        """
        most = int((MOST_SECONDS + _SLACK_SECONDS) * self.rate)
        timed = f"fps={self.rate:g}"
        reading = _read(self.path, self.seconds, f"{timed},tpad=stop=-1:stop_mode=clone" if self.seconds else timed)
        size = (self.width, self.height)
        number = 0
        try:
            next(reading)  # what is known of it
            for number, frame in enumerate(reading, start=1):
                if number > most:
                    raise _too_long(self.name)
                yield Image.frombytes("RGB", size, frame)
        except ClipError:
            raise
        except (OSError, RuntimeError, ValueError, StopIteration):
            raise ClipError(f"{self.name}: damaged clip; {_ADVICE}.") from None
        finally:
            reading.close()
        if number == 0:
            raise ClipError(f"{self.name}: the clip holds no frame; {_ADVICE}.")


def open_clip(path: str | os.PathLike[str], name: str | None = None) -> Clip:
    """Look at a clip without decoding it.

    Args:
        path: an MP4, WebM or GIF file, of at most `MOST_SECONDS`.
        name: what messages call it; the path itself by default.

    Raises:
        ClipError: if it is missing, no clip, damaged, too long or too large.
    """
    path, name = Path(path), printable(name or str(path))
    if not path.is_file():
        raise ClipError(f"{name}: there is no such file; check the path.")
    if path.stat().st_size > MAX_BYTES:
        raise ClipError(f"{name}: larger than {MAX_BYTES >> 20} MB; make it smaller and try again.")
    if _kind(path) is None:
        raise ClipError(f"{name}: not a clip that can be read; {_ADVICE}.")
    reading = _read(path)
    try:
        known = next(reading)
    except (OSError, RuntimeError, ValueError, StopIteration):
        raise ClipError(f"{name}: damaged clip, or one without pictures; {_ADVICE}.") from None
    finally:
        reading.close()
    width, height = known["size"]
    if width * height > MOST_FRAME_PIXELS:
        raise ClipError(f"{name}: frames of {width}x{height} pixels are too large; make it smaller and try again.")
    seconds, rate = float(known["duration"]), float(known["fps"])
    if seconds > MOST_SECONDS + _SLACK_SECONDS:
        raise _too_long(name)
    return Clip(path, name, width, height, min(rate, MOST_RATE) if rate > 0 else MOST_RATE, seconds)


class ClipWriter:
    """Writes frames of one size as an endless GIF or an MP4 (H.264); a context manager.

    An MP4 is written as the frames come; a GIF, whose colours depend on all of them, at the end.

    Args:
        path: of the file; what is there is replaced.
        rate: frames a second.
        suffix: ".gif" or ".mp4"; by default the path's.

    Raises:
        ValueError: for another suffix.
    """

    def __init__(self, path: str | os.PathLike[str], rate: float, suffix: str | None = None) -> None:
        self.path, self.rate = Path(path), rate
        self._suffix = self.path.suffix if suffix is None else suffix
        if self._suffix not in (".gif", ".mp4"):
            raise ValueError(f"an animation is a .gif or an .mp4, not a {self._suffix or 'file without suffix'}")
        self._sink: Generator[None, Any, None] | None = None
        self._frames: list[np.ndarray] = []

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is not None:
            self._sink.close()
        elif self._frames and error is None:
            import imageio.v3 as imageio  # only who makes a GIF needs it

            frames = np.stack(self._frames)
            with self.path.open("wb") as file:
                imageio.imwrite(file, frames, plugin="pillow", extension=".gif", duration=1000 / self.rate, loop=0)

    def add(self, picture: Image.Image) -> None:
        """Write one more frame."""
        frame = np.asarray(picture)
        if self._suffix == ".gif":
            self._frames.append(frame)
            return
        if self._sink is None:
            import imageio_ffmpeg  # only who makes an MP4 needs it

            self._sink = imageio_ffmpeg.write_frames(
                str(self.path),
                picture.size,
                fps=self.rate,
                codec="libx264",
                macro_block_size=2,
                output_params=["-f", "mp4"],
                ffmpeg_log_level="error",
            )
            self._sink.send(None)
        self._sink.send(np.ascontiguousarray(frame))


def _kind(path: Path) -> str | None:
    """ffmpeg's name of the reader for a file, as its first bytes tell."""
    with path.open("rb") as file:
        start = file.read(12)
    if start[4:8] == b"ftyp":
        return "mov"
    if start[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    return "gif" if start[:4] == b"GIF8" else None


def _read(path: Path, seconds: float = 0.0, filters: str = "null") -> Generator[Any, None, None]:
    """What ffmpeg knows of a file, and then its frames, as raw RGB.

    Args:
        path: of the file.
        seconds: how many are read; a little more than may be by default.
        filters: ffmpeg's video filters.
    """
    import imageio_ffmpeg  # only who reads a clip needs it

    most = seconds or MOST_SECONDS + 2 * _SLACK_SECONDS
    reader: Generator[Any, None, None] = imageio_ffmpeg.read_frames(
        str(path.resolve()),
        input_params=["-f", str(_kind(path)), "-protocol_whitelist", "file", "-threads", "2"],
        output_params=["-t", f"{most:g}", "-vf", filters],
    )
    return reader


def _too_long(name: str) -> ClipError:
    return ClipError(f"{name}: longer than {MOST_SECONDS:g} seconds; cut it and try again.")
