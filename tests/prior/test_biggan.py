from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN
from torch import Tensor

from gpunit.networks.code_encoder import CodeEncoder
from gpunit.prior.biggan import _LIMITS, LatentCodes, Prior, batch_of, walk
from gpunit.prior.classes import PriorError
from gpunit.prior.loading import load_biggan, load_prior, save_biggan
from gpunit.prior.table import config_of, layers_of
from tests.conftest import TINY_PRIOR
from tests.prior.memory import LiveBytes


@pytest.fixture(scope="module")
def folder(tiny_biggan: BigGAN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prior")
    save_biggan(tiny_biggan, ["cat", "dog"], path, CodeEncoder(TINY_PRIOR.encoder))
    return path


@pytest.mark.parametrize("step", [1, 15, 25, 50])
def test_renders_what_the_library_renders(folder: Path, step: int) -> None:
    truncation = step / 50
    assert math.modf(truncation * 50)[0] == 0, "the library would interpolate here"
    prior = load_prior(folder, "cpu")
    codes = prior.latents(3, seed=1, truncation=truncation)
    library = BigGAN.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        expected = library(codes.codes, torch.eye(2)[torch.tensor([0, 1, 1])], truncation)
    drawn = prior.render(codes, [0, 1, 1])
    assert expected.std() > 0.05
    assert (drawn - expected).abs().max() < 1e-4


def test_rows_share_a_code_and_columns_a_class(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    codes = prior.latents(3, seed=0)
    grid = prior.grid(codes, [1, 0])
    assert grid.shape == (3, 2, 3, 64, 64)
    for column, label in enumerate((1, 0)):
        assert torch.allclose(grid[:, column], prior.render(codes, [label] * 3), atol=1e-4)
    assert not torch.allclose(grid[:, 0], grid[:, 1], atol=1e-3)


def test_batches_do_not_change_pictures(folder: Path) -> None:
    model, names, _ = load_biggan(folder)
    one, all_at_once = (Prior(model, names, device="cpu", batch=batch) for batch in (1, 8))
    codes = one.latents(5, seed=0)
    assert torch.allclose(one.render(codes, [0] * 5), all_at_once.render(codes, [0] * 5), atol=1e-4)


def test_more_rows_leave_the_earlier_ones(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    few, many = prior.latents(2, seed=5).codes, prior.latents(6, seed=5).codes
    assert torch.equal(few, many[:2])
    assert torch.equal(prior.latents(2, seed=5, first=4).codes, many[4:])
    assert not torch.equal(few, prior.latents(2, seed=6).codes)
    assert many.abs().max() <= 2
    assert torch.allclose(prior.latents(6, seed=5, truncation=0.5).codes, many / 2)


def test_codes_can_be_named_one_by_one(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    five, nine = prior.latents(6, seed=5, truncation=0.4), prior.latents(6, seed=9, truncation=0.4)
    named = prior.named_latents([(9, 3), (5, 0), (9, 1)], 0.4)
    assert named.truncation == 0.4
    assert torch.equal(named.codes, torch.stack([nine.codes[3], five.codes[0], nine.codes[1]]))


def test_features_are_those_on_the_way_to_the_picture(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    library = BigGAN.from_pretrained(str(folder)).eval()
    seen: dict[int, torch.Tensor] = {}
    for layer in library.generator.layers:
        layer.register_forward_hook(lambda _module, _inputs, output: seen.update({output.shape[-1]: output}))
    codes = prior.latents(2, seed=3, truncation=0.5)
    with torch.no_grad():
        library(codes.codes, torch.eye(2), 0.5)
    for size in (4, 8, 16):
        feature = prior.features(codes, [0, 1], size)
        assert (feature - seen[size]).abs().max() < 1e-3 * seen[size].abs().max()
    with pytest.raises(PriorError, match="no feature of size 12"):
        prior.features(codes, [0, 1], 12)


def test_inversion_has_the_shape_of_a_code(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    codes = prior.invert(torch.rand(2, 3, 100, 100) * 2 - 1)
    assert prior.render(codes, [0, 1]).shape == (2, 3, 64, 64)


def test_a_walk_keeps_to_the_circle() -> None:
    torch.manual_seed(0)
    a, b = torch.nn.functional.normalize(torch.randn(2, 16), dim=1) * 4
    path = walk(a, b, 7)
    assert torch.allclose(path[0], a)
    assert torch.allclose(path[-1], b, atol=1e-4)
    assert torch.allclose(path.norm(dim=1), torch.full((7,), 4.0), atol=1e-4)
    steps = path.diff(dim=0).norm(dim=1)
    assert torch.allclose(steps, steps[:1].expand(6), atol=1e-4)
    assert torch.equal(walk(a, a, 3), a.expand(3, -1))


def test_bad_requests_are_refused(folder: Path) -> None:
    prior = load_prior(folder, "cpu")
    with pytest.raises(PriorError, match="no class 'cow'"):
        prior.labels(["cat", "cow"])
    assert prior.labels(["dog", "0"]) == [1, 0]
    codes = prior.latents(2, 0)
    with pytest.raises(PriorError, match="as many classes"):
        prior.render(codes, [0])
    for truncation in (0.0, 1.5, float("nan")):
        with pytest.raises(PriorError, match="truncation"):
            prior.render(LatentCodes(codes.codes, truncation), [0, 1])


@pytest.mark.parametrize(
    ("name", "cpu", "other"), [("biggan-deep-128", 4, 16), ("biggan-deep-256", 1, 4), ("biggan-deep-512", 1, 1)]
)
def test_batches_are_smaller_where_maps_are_larger(name: str, cpu: int, other: int) -> None:
    layers = layers_of({"channel_width": 128, **config_of(name)})
    assert (batch_of(layers, *_LIMITS["cpu"]), batch_of(layers, *_LIMITS["other"])) == (cpu, other)


def test_no_map_is_larger_than_the_limit_and_memory_grows_by_the_pictures_alone(
    tiny_biggan: BigGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = max(4 * layer.channels * layer.size**2 for layer in layers_of(tiny_biggan.config.to_dict()))
    monkeypatch.setitem(_LIMITS, "cpu", (16, 3 * one))
    prior = Prior(tiny_biggan, ["cat", "dog"], device="cpu")
    sizes: list[int] = []

    def noted(number: int, x: Tensor) -> Tensor:
        sizes.append(4 * x.numel())
        return x

    peaks = []
    for count in (6, 24):
        with LiveBytes() as live:
            rendered = prior.render(prior.latents(count, 1), [0] * count, noted)
        peaks.append(live.peak - 2 * 4 * rendered.numel())  # the pictures, and their parts before they are joined
    assert max(sizes) == 3 * one
    assert peaks[1] <= 1.2 * peaks[0]
