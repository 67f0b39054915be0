"""The jobs with what must hold after every kill; the tests kill a few times, `python -m tests.crash` often."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.crash import jobs
from tests.crash.jobs import Killed, kill_at_random


def moments(kills: int, longest: float, seed: int) -> Iterator[float]:
    """Seconds from a job's start to its end, drawn anew for each kill."""
    rng = random.Random(seed)
    return (rng.uniform(0.02, longest) for _ in range(kills))


def training(folder: Path, kills: int, longest: float, seed: int = 0, stage: str = "train") -> Killed:
    """At most the last save interval is lost, and the end is the one of a run that was never killed."""
    jobs.prepare_training(folder)
    reached = 0

    def check() -> None:
        nonlocal reached
        saved, logged = jobs.saved_step(folder), jobs.logged_step(folder)
        assert saved >= reached, "a checkpoint went back"
        assert logged - saved <= jobs.SAVE_EVERY, "more than one interval was lost"
        reached = saved

    told = kill_at_random(jobs.run_training, (folder, stage), moments(kills, longest, seed), check)
    assert reached == jobs.STEPS
    assert jobs.same_as_unbroken(folder, stage)
    return told


def distillation(folder: Path, kills: int, longest: float, seed: int = 0) -> Killed:
    """The same of stage I."""
    return training(folder, kills, longest, seed, "distill")


def prior(folder: Path, kills: int, longest: float, seed: int = 0) -> Killed:
    """The same of a prior."""
    return training(folder, kills, longest, seed, "train-prior")


def fit(folder: Path, kills: int, longest: float, seed: int = 0) -> Killed:
    """A finished translator is there as a whole or not at all, and is the one of a fit that was never killed."""
    jobs.prepare_fit(folder)

    def check() -> None:
        assert jobs.fitted_is_whole(folder)

    told = kill_at_random(jobs.run_fit, (folder,), moments(kills, longest, seed), check)
    assert jobs.same_as_unbroken_fit(folder)
    return told


def conversion(folder: Path, kills: int, longest: float, seed: int = 0) -> Killed:
    """A converted file is there as a whole or not at all, and so is what is noted of it."""
    jobs.prepare_conversion(folder)

    def check() -> None:
        assert jobs.converted_is_whole(folder)

    def begun_anew() -> None:
        """Every other time from nothing: what is converted already is not converted again."""
        check()
        (folder / "content_encoder.safetensors").unlink(missing_ok=True)
        (folder / "downloads.json").unlink(missing_ok=True)

    told = Killed()
    for moment in moments(kills, longest, seed):
        once = kill_at_random(jobs.run_conversion, (folder,), iter([moment]), check)
        told.kills, told.finished = told.kills + once.kills, told.finished + once.finished
        assert (folder / "content_encoder.safetensors").is_file()
        begun_anew()
    return told


def download(folder: Path, kills: int, longest: float, seed: int = 0) -> Killed:
    """What came is kept: every next try goes on from there, and the end is the file."""
    folder.mkdir(parents=True)

    came = 0

    def check() -> None:
        nonlocal came
        assert jobs.downloaded_is_whole(folder)
        if (folder / "weights.bin").exists():
            return  # it came before its kill; a further fetch is another one
        size = sum(path.stat().st_size for path in folder.iterdir())
        assert size >= came, "what had come was thrown away"
        came = size

    with jobs.slow_server() as (address, begins):
        told = kill_at_random(jobs.run_download, (folder, address), moments(kills, longest, seed), check)
    assert (folder / "weights.bin").read_bytes() == jobs.CONTENT
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]
    assert not came or max(begins) > 0, "nothing was resumed"
    return told
