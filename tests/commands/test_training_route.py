"""The paper's route, by the very commands of docs/training.md, at the smallest numbers they take."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gpunit import zoo
from gpunit.imagenet import CLASS_NAMES
from tests.commands.conftest import gpunit
from tests.conftest import TINY_PRIOR, blobs
from tests.segmentation.graphs import write_mean_graph
from tests.test_docs import commands_in_section

CLASSES = ("151_dog", "281_animal", "436_vehicle")
# The recipes as published, with networks and batches that take no time.
DISTILLATION = """
recipe = "paper"
pairs = 2
real = 3

[content_encoder]
resolution = 64
widths = [4, 8, 8, 8]

[distiller]
resolution = 64
label_dim = 8
shape_width = 8
appearance_widths = [8, 8]
decoder_widths = [8]
"""
TRANSLATION = """
recipe = "generic"
batch = 2
perceptual_net = "efficientnet-lite0"

[weights]
style = 10.0

[translator.generator]
widths = [8, 8, 8, 4]
style_dim = 8

[translator.style_encoder]
widths = [4, 8, 8]
bottleneck = 8
style_dim = 8

[translator.style_sampler]
latent_dim = 8
hidden_dim = 8
style_dim = 8

[discriminator]
widths = [4, 8, 8, 8, 8]
"""


@pytest.fixture
def biggan(tmp_path: Path) -> Path:
    """The folder of a tiny BigGAN with ImageNet's classes and random weights."""
    from gpunit.prior.loading import save_biggan
    from gpunit.training.prior.base import make_biggan
    from gpunit.training.prior.statistics import batch_statistics, measure_standing_statistics

    torch.manual_seed(0)
    model = make_biggan(replace(TINY_PRIOR, classes=len(CLASS_NAMES))).train()
    with torch.no_grad(), batch_statistics(model):
        for _ in range(5):  # spectral norm's estimates need a few passes
            model(torch.randn(4, TINY_PRIOR.latent_dim), torch.eye(len(CLASS_NAMES))[:4], 1.0)
    measure_standing_statistics(model, codes=4, seed=0)
    save_biggan(model.eval(), CLASS_NAMES, tmp_path / "biggan")
    return tmp_path / "biggan"


def make_pictures(folder: Path, count: int, seed: int) -> None:
    folder.mkdir(parents=True)
    for index in range(count):
        blobs(seed + index).save(folder / f"{index}.png")


@pytest.fixture
def words_of_docs(biggan: Path, tmp_path: Path) -> dict[str, str]:
    """What takes the place of the words in docs/training.md: tiny files and small numbers."""
    for number, name in enumerate((*CLASSES, "face")):
        make_pictures(tmp_path / "imagenet" / name, 4, 10 * number)
    for number, name in enumerate(("horse", "zebra")):
        make_pictures(tmp_path / "data" / name, 4, 100 + 10 * number)
    (tmp_path / "tiny-paper.toml").write_text(DISTILLATION)
    (tmp_path / "my.toml").write_text(TRANSLATION)
    write_mean_graph(tmp_path / "tiny.onnx")
    return {
        "biggan-deep-256": str(biggan),
        "--classes paper": f"--classes {','.join(name[:3] for name in CLASSES)}",
        "--codes 600": "--codes 3",
        "--method mask-rcnn --download": f"--method salient --weights {tmp_path / 'tiny.onnx'}",
        "--scale 400": "",
        "--download": "",
        "--net vgg19 --minimum-side 100": "--minimum-side 4",
        "--keep 600": "--keep 2",
        "--recipe paper": f"--recipe {tmp_path / 'tiny-paper.toml'} --steps 2",
        "--recipe my.toml": f"--recipe {tmp_path / 'my.toml'} --resolution 64 --steps 2",
        "evaluate": "evaluate --styles 2 --pairs 2 --output figures.json",
        "fit-sampler": "fit-sampler --codes-seen 8",
        "IMAGENET": str(tmp_path / "imagenet"),
        "DATA": str(tmp_path / "data"),
        "TEST": str(tmp_path / "data"),
    }


def test_the_papers_route_ends_in_figures_of_an_own_translator(
    words_of_docs: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", "runs")
    called = []
    for line in commands_in_section("docs/training.md", "The paper's route"):
        for words, mine in words_of_docs.items():
            line = line.replace(words, mine)
        answer = gpunit(*line.split())
        assert answer.code == 0, f"{line}\n{answer.err}"
        called.append(line.split()[0])
    assert called == ["synthesize", "segment", "segment", "choose", "distill", "train", "fit-sampler", "evaluate"]

    pairs = sorted(path.relative_to("runs/pairs").as_posix() for path in Path("runs/pairs").rglob("*.png"))
    assert pairs == [f"{name}/{code:06d}.png" for name in CLASSES for code in range(3)]
    chosen = {path.name: len(list(path.iterdir())) for path in Path("runs/chosen/pictures").iterdir()}
    assert chosen == dict.fromkeys((*CLASSES, "face"), 2)
    assert zoo.shape_classes(Path("runs/content.safetensors")) == (*CLASSES, "face")
    line = json.loads(Path("runs/to-horse/stats.jsonl").read_text().splitlines()[-1])
    assert line["step"] == 2
    assert {"open_16", "zeros", "gate_swap", "content"} <= line.keys()
    assert "style = 10.0" in Path("runs/to-horse/recipe.toml").read_text()
    assert "follows_flip" in Path("figures.json").read_text()
    assert not os.path.lexists("checkpoints")
