"""Files that visitors are sent: written once, whole at every moment, swept away when no one asks for them."""

from __future__ import annotations

import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpunit.ui.server import scratch
from tests.conftest import blobs

LONG_AGO = time.time() - 10 * scratch.KEPT_SECONDS


def folder() -> Path:
    return Path(get_upload_folder())


def aged(path: Path) -> Path:
    """A file that nobody has asked for in a long while."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    scratch._last_used[path] = LONG_AGO
    return path


def test_one_picture_has_one_file_that_is_written_once() -> None:
    first = scratch.kept_picture(blobs(1))
    before = (first.stat().st_ino, first.stat().st_mtime_ns, first.read_bytes())
    assert scratch.kept_picture(blobs(1)) == first
    assert (first.stat().st_ino, first.stat().st_mtime_ns, first.read_bytes()) == before
    assert scratch.kept_picture(blobs(2)) != first
    np.testing.assert_array_equal(Image.open(first), blobs(1))
    assert first.is_relative_to(folder().resolve())


def test_whoever_reads_meets_a_whole_file() -> None:
    """Many threads keep the same pictures while others read them."""
    wanted = [blobs(number, 200, 200) for number in range(3)]
    sizes: dict[Path, set[int]] = {}
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for path in folder().rglob("*.png"):
                if not path.name.startswith("."):
                    sizes.setdefault(path, set()).add(len(path.read_bytes()))

    with ThreadPoolExecutor(12) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            paths = list(pool.map(lambda number: scratch.kept_picture(wanted[number % 3]), range(60)))
        finally:
            stop.set()
        for reader in readers:
            reader.result()
    assert len(set(paths)) == 3
    assert all(len(seen) == 1 for seen in sizes.values()), sizes
    assert not list(folder().rglob(".*"))


def test_what_a_file_said_besides_its_pixels_is_not_handed_on() -> None:
    buffer, said = io.BytesIO(), PngInfo()
    said.add_text("Comment", "where I live")
    blobs(1).save(buffer, format="PNG", pnginfo=said)
    read = Image.open(buffer)
    read.load()
    assert b"where I live" not in scratch.kept_picture(read).read_bytes()


def test_new_files_of_one_name_are_apart() -> None:
    one, other = scratch.new_file("masks.npz"), scratch.new_file("masks.npz")
    assert one != other
    assert one.name == other.name == "masks.npz"
    assert len(one.parent.name) == 64


def test_what_no_one_asks_for_goes_and_what_is_asked_for_stays() -> None:
    old, handed_out, sent_back, new = (scratch.kept_picture(blobs(number)) for number in range(4))
    spared = scratch.new_file("example.jpg")
    spared.write_bytes(b"x")
    for path in (old, handed_out, sent_back, spared):
        aged(path)
    scratch.kept_picture(blobs(1))  # another visitor's answer is the same picture
    assert scratch.keep(sent_back)
    scratch.sweep(folder(), {spared})
    assert [path.is_file() for path in (old, handed_out, sent_back, new, spared)] == [False, True, True, True, True]
    assert not scratch.keep(old)
    np.testing.assert_array_equal(Image.open(scratch.kept_picture(blobs(0))), blobs(0))


def test_asking_does_not_change_when_a_file_was_written() -> None:
    """What is kept of an upload is found by that time (`uploads.FileKey`)."""
    path = scratch.kept_picture(blobs(1))
    before = path.stat().st_mtime_ns
    scratch.keep(path)
    assert path.stat().st_mtime_ns == before


def test_empty_folders_go_too() -> None:
    path = aged(scratch.kept_picture(blobs(1)))
    scratch.sweep(folder())
    os.utime(path.parent, (LONG_AGO, LONG_AGO))
    scratch.sweep(folder())
    assert not path.parent.exists()


def test_a_folder_that_is_not_there_is_swept() -> None:
    scratch.sweep(folder() / "nowhere")


@pytest.mark.parametrize("round_", range(3))
def test_a_picture_that_is_handed_out_is_there_whatever_is_swept(round_: int) -> None:
    """The sweep does not delete between "it is here" and "this is its path"."""
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            scratch.sweep(folder())

    with ThreadPoolExecutor(1) as pool:
        sweeping = pool.submit(sweep)
        try:
            for number in range(40):
                path = scratch.kept_picture(blobs(round_, 16, 16))
                assert path.is_file()
                if number % 2:
                    aged(path)
        finally:
            stop.set()
        sweeping.result()


def test_files_that_take_too_much_go_in_the_order_in_which_they_were_asked_for() -> None:
    files = [scratch.kept_bytes(bytes([number]) * 1000, "a.bin") for number in range(6)]
    for number, path in enumerate(files[:5]):  # the last one is on its way to somebody
        asked = time.time() - 600 + number
        os.utime(path, (asked, asked))
        scratch._last_used[path] = asked
    scratch.keep(files[0])
    scratch.sweep(folder(), most_bytes=3500)
    assert [path.is_file() for path in files] == [True, False, False, False, True, True]
    scratch.sweep(folder(), most_bytes=1)
    assert [path.is_file() for path in files] == [True, False, False, False, False, True]
