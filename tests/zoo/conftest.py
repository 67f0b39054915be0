"""Published files, made of random weights in the published layout, and a checkpoints folder for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from gpunit.engine.translator import Translator
from gpunit.zoo import published
from tests.test_parity import FOLDER, PICTURES, load_recipe

State = dict[str, torch.Tensor]


class Trap:
    """Code that a weights file brings along: unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="session")
def states() -> dict[str, State]:
    recipe = load_recipe()
    layout = recipe.read_layout(FOLDER / "layout.txt")
    return {
        name: published.as_tensors(recipe.make_state(layout[name]))
        for name in ("content_encoder", "generator", "sampler")
    }


@pytest.fixture(scope="session")
def published_files(states: dict[str, State], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """content_encoder.pt and dog2cat.pt as they are published."""
    folder = tmp_path_factory.mktemp("published")
    torch.save(states["content_encoder"], folder / "content_encoder.pt")
    torch.save({"g_ema": states["generator"], "sampler": states["sampler"]}, folder / "dog2cat.pt")
    return folder


@pytest.fixture
def empty_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoints folder without any files."""
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.delenv("GPUNIT_MIRROR", raising=False)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.fixture
def renders_the_recorded_pictures() -> Callable[[Translator], None]:
    """Asserts that a translator renders the pictures recorded for the random weights."""
    recipe = load_recipe()

    def check(translator: Translator) -> None:
        with np.load(FOLDER / "golden.npz") as golden, torch.inference_mode():
            networks = translator.networks
            content = networks.content_encoder(torch.from_numpy(recipe.make_image("content", 256, 2))[:1])
            gates = networks.generator.plan_skips(content)
            style = networks.style_encoder(torch.from_numpy(recipe.make_image("style", 256, 2)))[:1]
            sampled = networks.style_sampler(torch.from_numpy(recipe.make_latent(3)))[:1]
            for name, code in (("exemplar", style), ("latent", sampled)):
                picture = networks.generator.render(content.content, gates, code)
                assert np.abs(picture.numpy() - golden[name].astype(np.float32)).max() < PICTURES, name

    return check
