"""A run's folder: one process at a time, one task."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.training import folder
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.training.folder import check_task, fingerprint, held, keep_task, read_task
from gpunit.training.prior.trainer import train_prior
from gpunit.training.run import RunSettings
from gpunit.training.stage1.trainer import DistillationData, distill
from gpunit.training.stage2 import paper, small
from gpunit.training.trainer import Trainer
from tests.conftest import TINY, TINY_DISTILLATION, TINY_PAPER, TINY_PRIOR, TINY_SMALL

HOLDS = """
import sys, time
from pathlib import Path
from gpunit.training.folder import held
from gpunit.training.trainer import Trainer
with held(Path(sys.argv[1]), Trainer()):
    print("held", flush=True)
    time.sleep(600)
"""


def encoder(seed: int = 1) -> ContentEncoder:
    torch.manual_seed(seed)
    return ContentEncoder(TINY.content_encoder)


def test_a_folder_is_for_one_process_until_that_is_killed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    other = subprocess.Popen([sys.executable, "-c", HOLDS, str(run)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TrainingError, match="another process is training in"), held(run, Trainer()):
            pass
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    for _ in range(2):
        with held(run, Trainer()):
            pass


def test_two_runs_of_one_process_do_not_share_a_folder_either(tmp_path: Path) -> None:
    with held(tmp_path, Trainer()):
        with pytest.raises(TrainingError, match="another process"), held(tmp_path, Trainer()):
            pass
        with held(tmp_path / "other", Trainer()):
            pass


def test_a_folder_is_held_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    with held(tmp_path, Trainer()), pytest.raises(TrainingError, match="another process"), held(tmp_path, Trainer()):
        pass


def test_of_several_processes_the_main_one_holds_the_folder_and_all_hear_of_it(tmp_path: Path) -> None:
    class Second(Trainer):
        is_main = False
        main_failed = False

        def anywhere(self, flag: bool) -> bool:
            assert not flag
            return self.main_failed

    second = Second()
    with held(tmp_path, Trainer()), held(tmp_path, second):
        second.main_failed = True
        with pytest.raises(TrainingError, match="another process"), held(tmp_path, second):
            pass


def test_a_task_is_kept_and_what_contradicts_it_is_named(tmp_path: Path) -> None:
    task = {"stage": "II", "targets": ["cat"], "skips": True}
    keep_task(tmp_path, task)
    check_task(tmp_path, {**task, "targets": ["dog"]})  # nothing would be lost
    (tmp_path / "checkpoint.pt").touch()
    check_task(tmp_path, task)
    check_task(tmp_path, {**task, "of a later version": 1})
    for name, value, words in (
        ("targets", ["dog", "car"], "targets cat, not dog, car;"),
        ("skips", False, "skips yes, not no;"),
        ("stage", "I", "stage II, not I;"),
    ):
        with pytest.raises(TrainingError, match=words):
            check_task(tmp_path, {**task, name: value})
    assert read_task(tmp_path) == task
    (tmp_path / folder.TASK_NAME).write_text("{")
    with pytest.raises(TrainingError, match="is damaged; delete it"):
        check_task(tmp_path, task)


def test_weights_are_known_by_their_fingerprint() -> None:
    assert fingerprint(encoder()) == fingerprint(encoder())
    assert fingerprint(encoder()) != fingerprint(encoder(2))


def test_every_stage_refuses_the_folder_of_another_task(
    pairs: tuple[Path, Path], folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    data, maps = pairs
    cat, dog = data / "cat", data / "dog"
    (bird,) = folders("bird")

    def on(name: str, seed: int = 0) -> RunSettings:
        return RunSettings(tmp_path / name, 1, seed)

    def distilled(*classes: str, name: str = "I") -> Path:
        return distill(DistillationData(data, maps, data, maps, classes), TINY_DISTILLATION, settings(name))

    def settings(name: str) -> RunSettings:
        return RunSettings(tmp_path / name, 2)

    train_prior([cat, dog], TINY_PRIOR, on("prior"))
    distilled("cat", "dog")
    small.train([dog], [cat], encoder(), TINY_SMALL, on("small"))
    paper.train([dog], [cat], encoder(), TINY_PAPER, on("paper"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("checkpoint.pt")}
    assert len(before) == 4
    refused: list[tuple[str, Callable[[], object]]] = [
        ("classes cat, dog, not dog, cat;", lambda: train_prior([dog, cat], TINY_PRIOR, on("prior"))),
        ("classes cat, dog, not dog, cat;", lambda: distilled("dog", "cat")),
        ("stage I, not prior;", lambda: train_prior([cat, dog], TINY_PRIOR, on("I"))),
        ("targets cat, not bird;", lambda: small.train([dog], [bird], encoder(), TINY_SMALL, on("small"))),
        ("sources dog, not bird;", lambda: small.train([bird], [cat], encoder(), TINY_SMALL, on("small"))),
        ("content encoder", lambda: small.train([dog], [cat], encoder(2), TINY_SMALL, on("small"))),
        ("seed 0, not 3;", lambda: small.train([dog], [cat], encoder(), TINY_SMALL, on("small", 3))),
        ("targets cat, not dog;", lambda: paper.train([cat], [dog], encoder(), TINY_PAPER, on("paper"))),
    ]
    for words, run in refused:
        with pytest.raises(TrainingError, match=f"was begun with {words}"):
            run()
    assert {path: path.read_bytes() for path in tmp_path.rglob("checkpoint.pt")} == before


def test_a_run_of_an_earlier_version_goes_on_and_keeps_to_its_task_from_then_on(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    cat, dog = folders("cat", "dog")
    small.train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path / "run", 1))
    note = tmp_path / "run" / folder.TASK_NAME
    told = json.loads(note.read_text())
    note.unlink()
    path = small.train([dog], [cat], encoder(), TINY_SMALL, RunSettings(tmp_path / "run", 2))
    assert load_checkpoint(path)["step"] == 2
    assert json.loads(note.read_text()) == told
