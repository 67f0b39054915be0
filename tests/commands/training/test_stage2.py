"""`train` and `fit-sampler` in this process: what the options do, and what is said when they cannot be met."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from gpunit import zoo
from gpunit.__main__ import app
from gpunit.commands.shared import UsageError
from gpunit.training.checkpoints import TrainingError, load_checkpoint
from gpunit.zoo import weights
from tests.conftest import blobs


def run(*arguments: str | Path) -> str:
    answer = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if answer.exception and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_an_ablation_from_the_command_line_to_a_translator_without_skips(
    folders: Callable[..., list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dog, cat = folders("dog", "cat", count=4)
    options = ["--content-encoder", "random", "--no-skips", "--weight", "content=0", "--limit", "cat=3", "--batch", "4"]
    options += ["--warm-up", "0", "--coarse", "0"]
    begin = ("train", dog.parent, "--target", "cat", "--sources", "dog", "--run", tmp_path / "run", "--steps", "1")
    run(*begin, *options)
    assert "adversarial" in json.loads((tmp_path / "run" / "stats.jsonl").read_text())
    encoder = tmp_path / "run" / "random-content.safetensors"
    ended = ("--content-encoder", encoder, "--output", tmp_path / "run" / "bare.safetensors", "--codes-seen", "8")
    run("fit-sampler", tmp_path / "run", "--target", cat, *ended)
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path / "run"))
    translator = zoo.load("bare", "cpu")
    plan = translator.plan(blobs(1))
    assert all((gate.mask == 0).all() for gate in plan.gates.values())
    with_skips, without = (translator.render_tensor(plan, translator.sample(1), use_skips=use) for use in (True, False))
    assert torch.equal(with_skips, without)


def test_what_was_learned_elsewhere_is_neither_warmed_up_nor_drawn_small_unless_asked(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    dog, _ = folders("dog", "cat", count=4)
    common = ("train", dog.parent, "--target", "cat", "--sources", "dog", "--batch", "4", "--steps", "1")
    run(*common, "--run", tmp_path / "first", "--content-encoder", "random", "--coarse", "0", "--warm-up", "0")
    encoder = tmp_path / "first" / "random-content.safetensors"
    for name, options in {"large": (), "small": ("--coarse", "1")}.items():
        again = ("--run", tmp_path / name, "--content-encoder", encoder, "--start-from", tmp_path / "first")
        run(*common, *again, *options)
        parts = json.loads((tmp_path / name / "stats.jsonl").read_text())
        checkpoint = load_checkpoint(tmp_path / name / "checkpoint.pt")
        assert "adversarial" in parts
        assert (checkpoint["warm_up"], checkpoint["coarse"]) == (0, 1 if options else 0)


def test_a_run_is_finished_at_the_rate_that_is_asked_for_and_goes_on_when_interrupted(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    dog, _ = folders("dog", "cat", count=4)
    common = ("train", dog.parent, "--target", "cat", "--sources", "dog", "--batch", "4")
    first = ("--run", tmp_path / "first", "--content-encoder", "random", "--coarse", "0", "--warm-up", "0")
    run(*common, *first, "--steps", "1")
    encoder, last = tmp_path / "first" / "random-content.safetensors", tmp_path / "last"
    finish = (*common, "--recipe", "small-finish", "--run", last, "--content-encoder", encoder)
    run(*finish, "--start-from", tmp_path / "first", "--learning-rate", "1e-5", "--steps", "1")
    state = load_checkpoint(last / "checkpoint.pt")
    rates = [state[f"optimizer_{of}"]["param_groups"][0]["lr"] for of in "gd"]
    assert rates == pytest.approx([1e-5, 3e-5])
    run(*finish, "--steps", "2")
    assert load_checkpoint(last / "checkpoint.pt")["step"] == 2


def test_the_best_snapshot_of_a_run_becomes_a_translator(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, cat, held_out = folders("dog", "cat", "held-out", count=4)
    there = tmp_path / "run"
    options = ("--content-encoder", "random", "--batch", "4", "--warm-up", "0", "--coarse", "0", "--steps", "3")
    measured = ("--validate", held_out, "--validate-every", "2", "--snapshot-every", "1", "--keep", "3")
    run("train", dog.parent, "--target", "cat", "--sources", "dog", "--run", there, *options, *measured)
    ended = ("--target", cat, "--content-encoder", there / "random-content.safetensors", "--codes-seen", "8")
    best = json.loads((there / "snapshots.json").read_text())["best"]
    for name, step in (("1", 1), ("best", int(best[-9:-3]))):
        path = tmp_path / f"{name}.safetensors"
        run("fit-sampler", there, *ended, "--output", path, "--snapshot", name)
        assert weights.read_header(path)["steps"] == str(step)
    with pytest.raises(TrainingError, match="no snapshot '7'; it has"):
        run("fit-sampler", there, *ended, "--output", tmp_path / "a.safetensors", "--snapshot", "7")


def test_a_run_keeps_its_recipe_and_another_takes_it(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    dog, _ = folders("dog", "cat", count=4)
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'recipe = "small"\nbatch = 4\nreconstructed = 2\nturned_copies = 1\nwarm_up = 0\ncoarse = 0\n'
        "[weights]\nmask = 0.25\n[translator.style_encoder]\nbottleneck = 16\n"
    )
    common = ("train", dog.parent, "--target", "cat", "--sources", "dog", "--content-encoder", "random", "--steps", "1")
    run(*common, "--run", tmp_path / "first", "--recipe", mine)
    kept = tmp_path / "first" / "recipe.toml"
    assert "mask = 0.25" in kept.read_text()
    run(*common, "--run", tmp_path / "second", "--recipe", kept)
    assert (tmp_path / "second" / "recipe.toml").read_text() == kept.read_text()
    states = [load_checkpoint(tmp_path / name / "checkpoint.pt")["model"] for name in ("first", "second")]
    assert all(torch.equal(states[0][name], tensor) for name, tensor in states[1].items())
    run(*common, "--run", tmp_path / "first", "--recipe", kept, "--steps", "2")
    mine.write_text('recipe = "small"\nbacth = 4\n')
    with pytest.raises(TrainingError, match="did you mean 'batch'"):
        run(*common, "--run", tmp_path / "third", "--recipe", mine)
    assert not (tmp_path / "third").exists()


def test_own_domains_at_64_pixels_from_a_recipe_file_to_a_translator(
    folders: Callable[..., list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dog, cat = folders("dog", "cat", count=4)
    there, encoder = tmp_path / "run", zoo.stored("content-small.safetensors")
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'recipe = "generic"\nbatch = 2\nperceptual_net = "efficientnet-lite0"\naugmentation = 0.1\nema = 0.9\n'
        "[translator.generator]\nwidths = [8, 8, 8, 4]\n[discriminator]\nwidths = [4, 8, 8, 8, 8]\n"
    )
    options = ("--content-encoder", encoder, "--recipe", mine, "--resolution", "64", "--steps", "1")
    run("train", dog.parent, "--target", "cat", "--sources", "dog", "--run", there, *options)
    ended = ("--content-encoder", encoder, "--output", there / "own.safetensors", "--codes-seen", "128")
    run("fit-sampler", there, "--target", cat, *ended)
    shutil.copy(encoder, there)
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(there))
    assert zoo.find("own").resolution == 64
    translator = zoo.load("own", "cpu")
    assert translator.render_tensor(translator.plan(blobs(1)), translator.sample(2)).shape == (2, 3, 64, 64)
    with pytest.raises(UsageError, match="is for 128 px: --resolution is for generic"):
        run("train", dog.parent, "--run", tmp_path / "no", "--content-encoder", encoder, "--resolution", "64")
    with pytest.raises(ValueError, match="choose from 64, 128, 256, 512"):
        run("train", dog.parent, "--run", tmp_path / "no", *options[:3], "generic", "--resolution", "96")
    with pytest.raises(UsageError, match="--target and --sources"):
        run("train", dog.parent, "--run", tmp_path / "no", *options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--recipe", "cat2cow"), "no recipe 'cat2cow'"),
        ((), "--target and --sources"),
        (("--target", "cat", "--sources", "dog", "--weight", "beauty=1"), "no weight 'beauty'"),
        (("--target", "cat", "--sources", "dog", "--weight", "content=much"), "a name and a number"),
        (("--target", "cat", "--sources", "dog", "--limit", "cat=few"), "--limit takes a number"),
        (("--target", "cat", "--sources", "dog", "--limit", "0"), "--limit takes a number"),
        (("--target", "cat", "--sources", "dog", "--batch", "3"), "--batch must be at least 4"),
        (("--target", "cat", "--sources", "dog", "--precision", "bf16"), "for tasks of the paper"),
        (("--target", "cat", "--sources", "dog", "--coarse", "5"), "at least the 1200 steps"),
        (("--target", "cat", "--sources", "dog", "--device", "abacus"), "'abacus' is not available here"),
        (("--target", "cat", "--sources", "dog", "--recipe", "small-finish"), "name its folder with --start-from"),
        (("--target", "cat", "--sources", "dog,dog"), "--sources names a subfolder twice"),
        (("--recipe", "cat2dog", "--device", "cpu"), "for the small recipe"),
        (("--recipe", "cat2dog", "--coarse", "5"), "for the small recipe"),
        (("--recipe", "cat2dog", "--domains", "cat,dog"), "for the small recipe"),
        (("--recipe", "cat2dog", "--no-pixels"), "for the small recipe"),
        (("--recipe", "cat2dog", "--learning-rate", "1e-4"), "for the small recipe"),
        (("--recipe", "cat2dog", "--identity-net", "face.pth"), "has no identity loss"),
        (("--recipe", "cat2dog", "--precision", "fp8"), "no precision 'fp8'"),
    ],
)
def test_what_cannot_be_trained_is_explained(
    options: tuple[str, ...], words: str, folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    data = folders("cat", "dog", count=1)[0].parent
    with pytest.raises(ValueError, match=words):
        run("train", data, "--run", tmp_path / "run", "--content-encoder", "random", *options)
    assert not (tmp_path / "run").exists()


def test_a_run_of_another_shape_is_neither_resumed_nor_bundled(
    folders: Callable[..., list[Path]], tmp_path: Path
) -> None:
    dog, cat = folders("dog", "cat", count=4)
    common = ("--target", "cat", "--sources", "dog", "--run", tmp_path / "run", "--batch", "4", "--warm-up", "0")
    begin = ("train", dog.parent, *common, "--content-encoder", "random", "--coarse", "0")
    run(*begin, "--steps", "1")
    for options, words in (
        (("--domains", "cat,dog"), "domains cat, dog, bird, car, not cat, dog;"),
        (("--no-skips",), "skips yes, not no;"),
        (("--recipe", "small-finish"), "recipe small, not small-finish;"),
    ):
        with pytest.raises(TrainingError, match=words):
            run(*begin, "--steps", "2", *options)
    with pytest.raises(TrainingError, match="of another kind of run"):
        run(*begin, "--steps", "2", "--no-pixels")
    encoder = tmp_path / "run" / "random-content.safetensors"
    ended = ("--content-encoder", encoder, "--output", tmp_path / "a.safetensors", "--recipe", "cat2dog")
    with pytest.raises(UsageError, match="recipe small, not cat2dog;"):
        run("fit-sampler", tmp_path / "run", "--target", cat, *ended)
    with pytest.raises(UsageError, match="was trained to cat, not to dog;"):
        run("fit-sampler", tmp_path / "run", "--target", dog, *ended[:-2])
    assert not (tmp_path / "a.safetensors").exists()
