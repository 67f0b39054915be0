"""Clips: files become frames and frames become files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from gpunit.images import ClipError, ClipWriter, open_clip
from gpunit.images import clips as module


def clip(path: Path, frames: int = 5, rate: float = 10, size: tuple[int, int] = (64, 48)) -> Path:
    """A clip of frames of one colour each, from dark to light."""
    with ClipWriter(path, rate) as writer:
        for number in range(frames):
            writer.add(Image.new("RGB", size, (40 + 40 * (number % 5),) * 3))
    return path


def webm(path: Path) -> Path:
    writer = imageio_ffmpeg.write_frames(str(path), (64, 48), fps=10, codec="libvpx", macro_block_size=2)
    writer.send(None)
    for number in range(5):
        writer.send(np.full((48, 64, 3), 40 + 40 * number, np.uint8))
    writer.close()
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {"clip.mp4": clip, "clip.gif": clip, "clip.webm": webm}


@pytest.mark.parametrize("name", MAKERS)
def test_frames_come_in_their_order_and_size(tmp_path: Path, name: str) -> None:
    found = open_clip(MAKERS[name](tmp_path / name))
    assert (found.width, found.height, found.rate, found.count) == (64, 48, 10, 5)
    greys = [np.asarray(frame).mean() for frame in found.frames()]
    np.testing.assert_allclose(greys, [40, 80, 120, 160, 200], atol=4)


def test_more_frames_a_second_than_are_read_are_left_out(tmp_path: Path) -> None:
    found = open_clip(clip(tmp_path / "fast.mp4", frames=60, rate=60))
    assert found.rate == module.MOST_RATE
    assert len(list(found.frames())) == 15


def test_a_last_frame_that_stays_is_read_as_long_as_it_stays(tmp_path: Path) -> None:
    """Where frames are alike, a GIF holds one of them, for longer."""
    path = tmp_path / "a.gif"
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "red", "green", "blue", "blue", "blue")]
    with ClipWriter(path, 10) as writer:
        for frame in frames:
            writer.add(frame)
    found = open_clip(path)
    assert found.seconds == pytest.approx(0.6)
    read = list(found.frames())
    assert len(read) == found.count
    assert (np.asarray(read[-1]).argmax(-1) == 2).all()


def test_a_written_gif_holds_the_colours_and_an_animation_without_frames_no_file(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.gif", frames=3)
    with Image.open(path) as read:
        assert (getattr(read, "n_frames", 1), read.info["loop"], read.info["duration"]) == (3, 0, 100)
    with ClipWriter(tmp_path / "none.gif", 10), ClipWriter(tmp_path / "none.mp4", 10):
        pass
    assert not list(tmp_path.glob("none*"))
    with pytest.raises(ValueError, match="an animation is"):
        ClipWriter(tmp_path / "a.avi", 10)


def test_a_file_is_read_by_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    gif = clip(tmp_path / "a.gif")
    gif.rename(tmp_path / "a.mp4")
    assert len(list(open_clip(tmp_path / "a.mp4").frames())) == 5


PLAYLIST = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a clip"),
        (b"hello", "not a clip"),
        (PLAYLIST, "not a clip"),
        (b"\0\0\0\x18ftypisom" + PLAYLIST, "damaged"),
        (b"\x1aE\xdf\xa3" + bytes(100), "damaged"),
        (b"GIF89a", "damaged"),
    ],
)
def test_what_is_no_clip_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(ClipError, match=words) as refused:
        open_clip(path, "clip.mp4")
    assert str(refused.value).startswith("clip.mp4: ")
    assert "\n" not in str(refused.value)


def test_a_clip_that_is_too_long_too_large_or_missing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ClipError, match="no such file"):
        open_clip(tmp_path / "nowhere.mp4")
    long = clip(tmp_path / "long.mp4", frames=22, rate=2)
    with pytest.raises(ClipError, match=r"longer than 10 seconds; cut it"):
        open_clip(long)
    path = clip(tmp_path / "a.mp4")
    monkeypatch.setattr(module, "MOST_FRAME_PIXELS", 64 * 47)
    with pytest.raises(ClipError, match="64x48 pixels are too large"):
        open_clip(path)
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(ClipError, match="larger than"):
        open_clip(path)


def test_a_clip_that_does_not_say_how_long_it_is_is_read_to_its_limit(tmp_path: Path) -> None:
    silent = replace(open_clip(clip(tmp_path / "a.mp4", frames=9, rate=1)), seconds=0.0)
    assert silent.count == module.MOST_SECONDS
    assert len(list(silent.frames())) == 9
    long = replace(silent, path=clip(tmp_path / "long.mp4", frames=30, rate=1))
    with pytest.raises(ClipError, match="longer than 10 seconds"):
        list(long.frames())


def test_a_clip_that_is_cut_off_is_refused_or_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = webm(tmp_path / "a.webm")
    path.write_bytes(path.read_bytes()[:-60])
    assert 0 < len(list(open_clip(path).frames())) <= 5


def test_reading_can_be_left_off(tmp_path: Path) -> None:
    found = open_clip(clip(tmp_path / "a.mp4", frames=40))
    frames = found.frames()
    assert next(frames).size == (64, 48)
    frames.close()
    assert len(list(found.frames())) == 40
