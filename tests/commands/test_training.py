"""The README's training commands, one after the other, at the smallest numbers they take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from gpunit import zoo
from gpunit.prior.loading import load_prior
from tests.commands.conftest import gpunit


def run(*arguments: str | Path) -> str:
    answer = gpunit(*arguments)
    assert answer.code == 0, answer.err
    return answer.out


def test_from_pictures_to_a_content_encoder(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", "dog", "bird", "car", count=2)[0].parent
    prior, pairs, content = tmp_path / "prior", tmp_path / "pairs", tmp_path / "content.safetensors"
    options: tuple[str | Path, ...] = ("--run", tmp_path / "prior-run", "--steps", "1", "--statistics-codes", "4")
    run("train-prior", data, *options, "--output", prior)
    assert load_prior(prior).class_names == ("cat", "dog", "bird", "car")

    run("synthesize", "--prior", prior, "--codes", "2", "--output", pairs)
    assert len(list(pairs.rglob("*.png"))) == 8
    for folder in (pairs, data):
        run("segment", folder, "--method", "class-activation", "--output", tmp_path / f"{folder.name}-maps")
    assert len(list((tmp_path / "pairs-maps").rglob("*.png"))) == 8

    places = ("--pairs", pairs, "--pair-maps", tmp_path / "pairs-maps", "--real", data)
    options = ("--real-maps", tmp_path / "data-maps", "--run", tmp_path / "run", "--steps", "1", "--warm-up", "0")
    run("distill", *places, *options, "--output", content)
    picture = torch.rand(1, 3, 128, 128)
    assert zoo.shape_classes(content) == ("bird", "car", "cat", "dog")  # the subfolders, by name
    with torch.inference_mode():
        code = zoo.load_content_encoder(content, "small")(picture).content
        shape = zoo.load_shape_head(content, "small")(code, torch.tensor([3]))
    assert code.shape == (1, 1, 8, 8)
    assert shape.shape == (1, 3, 16, 16)

    run("prior", "--prior", prior, "--classes", "cat,car", "--rows", "2", "--output", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").is_file()


def test_what_cannot_be_done_is_explained(folders: Callable[..., list[Path]], tmp_path: Path) -> None:
    data = folders("cat", count=1)[0].parent
    nowhere = tmp_path / "nowhere"
    inputs = ("--pairs", data, "--pair-maps", data, "--real", data, "--real-maps", data)
    for arguments, words in (
        (("segment", data, "--method", "htc", "--output", nowhere), "HTC needs its weights"),
        (("segment", data, "--method", "magic", "--output", nowhere), "no method"),
        (("synthesize", "--prior", "prior-small", "--classes", "cat,cow", "--output", nowhere), "no class 'cow'"),
        (("synthesize", "--truncations", "half", "--output", nowhere), "numbers separated by commas"),
        (("prior", "--prior", "biggan-deep-512", "--output", nowhere / "a.png"), "no class 'cat'"),
        (("prior", "--prior", "biggan-deep-512", "--classes", "1", "--output", nowhere / "a.png"), "download it first"),
        (("distill", *inputs, "--classes", "cat,dog", "--run", nowhere, "--output", nowhere), "in two of cat, dog"),
        (("distill", *inputs, "--weight", "hint=nan", "--run", nowhere, "--output", nowhere), "a name and a number"),
        (("evaluate-prior", "--test", data, "--train", data, "--samples", "5"), "at least 8"),
        (("distill", *inputs, "--weight", "glide=1", "--run", nowhere, "--output", nowhere), "no weight 'glide'"),
    ):
        answer = gpunit(*arguments)
        assert answer.code == 2, arguments
        assert words in answer.err, answer.err
        assert "Traceback" not in answer.err
    assert not nowhere.exists()
